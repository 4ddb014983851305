"""After a restore, once: what Temporal still knows of the gap is taken into the database.

What was accepted in the gap has no row any more, so it is recorded for a person. Every open
assignment gets a run that knows of the restore.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime

from runtime.reconcile.orphans import OrphanSweep
from runtime.reconcile.pace import Repairs
from runtime.reconcile.pages import each_row
from runtime.reconcile.rebuilding import Rebuilder
from store.engine import Store
from store.queries.installation import find_restored, mark_histories_read
from store.queries.publishing.read_backs import list_unread


class RestoredSweep:
    def __init__(self, store: Store, rebuilder: Rebuilder, orphans: OrphanSweep) -> None:
        self._store = store
        self._rebuilder = rebuilder
        self._orphans = orphans

    async def run(self, repairs: Repairs) -> int:
        """Have each run of before the restore read and replaced; return how many rows got one.

        What fails is left to the next sweep, and until all are read that sweep comes back here.
        """
        gap_from = await asyncio.to_thread(self._find_due)
        if gap_from is None:
            return 0
        failures = len(repairs.failures)
        await self._orphans.record_accepted(gap_from, repairs)
        # The oldest due first.
        ids = [id for _, id in await asyncio.to_thread(lambda: sorted(self._list()))]
        count = await repairs.paced(ids, self._rebuilder.ensure_running, most=len(ids))
        if len(repairs.failures) == failures:
            await asyncio.to_thread(self._conclude)
        return count

    def _find_due(self) -> datetime | None:
        """Since when the histories have to be read. None: they were, or there was no restore."""
        with self._store.read() as session:
            restored = find_restored(session)
        if restored is None or restored.histories_read_at is not None:
            return None
        return restored.gap_from

    def _list(self) -> Iterator[tuple[datetime, str]]:
        return each_row(self._store, list_unread, lambda found: found[1])

    def _conclude(self) -> None:
        with self._store.write() as session:
            mark_histories_read(session)
