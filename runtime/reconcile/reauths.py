"""Connections that wait for a person, and whose re-authorization no workflow runs any more.

One that ended by itself has reached its limit and is left alone: nobody is asked any more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import timedelta
from functools import partial

from temporalio.client import Client

from domain.ids import reauth_workflow_id
from domain.wakes import PersonNeeded, Wake
from runtime.reconcile.pace import Repairs
from runtime.reconcile.pages import each_row
from runtime.runs import find_run
from store.engine import Store
from store.queries.access.asking import list_asked
from store.tables import now


class ReauthSweep:
    """`limit` is after how long nobody is asked any more."""

    def __init__(
        self,
        store: Store,
        client: Client,
        wake: Callable[[Wake], Awaitable[None]],
        *,
        limit: timedelta,
    ) -> None:
        self._store = store
        self._client = client
        self._wake = wake
        self._limit = limit

    async def run(self, running: Collection[str], repairs: Repairs) -> int:
        """Give each a run that has none among `running`; return how many."""
        lost = await asyncio.to_thread(lambda: list(self._find_lost(running)))
        return await repairs.paced(lost, self._ask_again, most=len(lost))

    async def _ask_again(self, connection_id: str) -> bool:
        run = await find_run(self._client, reauth_workflow_id(connection_id))
        if run is not None and not run.is_lost:
            return False
        await self._wake(PersonNeeded(connection_id))
        return True

    def _find_lost(self, running: Collection[str]) -> Iterator[str]:
        listing = partial(list_asked, broken_after=now() - self._limit)
        for id in each_row(self._store, listing, lambda id: id):
            if reauth_workflow_id(id) not in running:
                yield id
