"""What was to be told after a commit and may have been lost, for what the rows say it was for."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.wakes import ConnectionSettled, PersonNeeded, Wake
from runtime.reconcile.assignments import GRACE
from runtime.reconcile.pace import Repairs
from store.engine import Store
from store.queries.access import asking
from store.queries.publishing import lanes, parked
from store.queries.telling import deliveries
from store.tables import now

BATCH = 200

DELIVERY_GRACE = timedelta(minutes=1)
"""How much longer a line of deliveries may be late: a slow endpoint holds its own up."""


class WakeSweep:
    def __init__(self, store: Store, wake: Callable[[Wake], Awaitable[None]]) -> None:
        self._store = store
        self._wake = wake

    async def run(self, repairs: Repairs) -> int:
        """Wake for everything that waits for it since before the grace; return how many."""
        return await repairs.each(await asyncio.to_thread(self._lost), self._wake)

    def _lost(self) -> list[Wake]:
        before = now() - GRACE
        with self._store.read() as session:
            unasked = asking.list_unasked(session, broken_before=before, limit=BATCH)
            unsettled = parked.list_unsettled_connections(
                session, settled_before=before, limit=BATCH
            )
            needless = asking.list_waited_in_vain(session, settled_before=before, limit=BATCH)
            # A line whose workflow was terminated is overdue like one that was never begun.
            overdue = deliveries.list_overdue(
                session, due_before=before - DELIVERY_GRACE, limit=BATCH
            )
            queues = lanes.list_queues(session, queued_before=before)
        settled = dict.fromkeys([*unsettled, *needless])
        return [
            *map(PersonNeeded, unasked),
            *map(ConnectionSettled, settled),
            *overdue,
            *queues,
        ]
