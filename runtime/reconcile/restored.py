"""After a restore, once: every open assignment gets a run that knows of the restore."""

import asyncio
from collections.abc import Iterator

from runtime.reconcile.pace import Repairs
from runtime.reconcile.rebuilding import Rebuilder
from store.engine import Store
from store.queries.installation import find_restored, mark_histories_read
from store.queries.publishing.read_backs import list_unread

PAGE = 1000


class RestoredSweep:
    def __init__(self, store: Store, rebuilder: Rebuilder) -> None:
        self._store = store
        self._rebuilder = rebuilder

    async def run(self, repairs: Repairs) -> int:
        """Have each run of before the restore read and replaced; return how many rows got one.

        What fails is left to the next sweep, and until all are read that sweep comes back here.
        """
        if not await asyncio.to_thread(self._is_due):
            return 0
        ids = await asyncio.to_thread(lambda: list(self._list()))
        failures = len(repairs.failures)
        count = await repairs.paced(ids, self._rebuilder.ensure_running, most=len(ids))
        if len(repairs.failures) == failures:
            await asyncio.to_thread(self._conclude)
        return count

    def _is_due(self) -> bool:
        with self._store.read() as session:
            restored = find_restored(session)
            return restored is not None and restored.histories_read_at is None

    def _list(self) -> Iterator[str]:
        after = ""
        while True:
            with self._store.read() as session:
                page = list_unread(session, after=after, limit=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]

    def _conclude(self) -> None:
        with self._store.write() as session:
            mark_histories_read(session)
