"""Which assignments have no workflow, and another run for each: oldest due first.

The unsettled rows are read in pages of ids and held against the ids of the running workflows. What
is kept is one id for each open assignment: some 15 MB for a hundred thousand. Each that runs
nothing is described before anything is started, so the lag of the visibility store costs a call
and never a second run.
"""

import asyncio
from collections.abc import Collection, Iterator
from datetime import timedelta

from domain.ids import assignment_workflow_id
from runtime.reconcile.pace import Repairs
from runtime.reconcile.pages import each_row
from runtime.reconcile.rebuilding import Rebuilder
from store.engine import Store
from store.queries.publishing.evidence import count_losses
from store.queries.publishing.unsettled import Unsettled, list_unsettled
from store.tables import now

GRACE = timedelta(seconds=10)
"""How long a row may stand alone before its workflow counts as lost: the API starts its own, and
gives up after five seconds."""

MOST = 1000
"""Runs that one sweep starts: after a loss of everything the rest of the sweep follows within a
minute, and the next sweep continues."""

AT_ONCE_AGAIN = 5
"""Losses of one assignment in `WINDOW` that are put right at once. A run that is lost again and
again would otherwise start, fail and leave its evidence with every sweep, for ever."""

WINDOW = timedelta(hours=6)

LONGEST_PAUSE = timedelta(minutes=30)


class AssignmentSweep:
    def __init__(self, store: Store, rebuilder: Rebuilder) -> None:
        self._store = store
        self._rebuilder = rebuilder

    async def run(self, running: Collection[str], repairs: Repairs) -> int:
        """Give each unsettled assignment a run that has none among `running`; return how many."""
        lost = await asyncio.to_thread(lambda: sorted(self._find_lost(running)))
        ids = [id for _, id in lost]
        return await repairs.paced(ids, self._rebuild, most=MOST)

    async def _rebuild(self, assignment_id: str) -> bool:
        if not await asyncio.to_thread(self._is_due, assignment_id):
            return False
        return await self._rebuilder.ensure_running(assignment_id)

    def _is_due(self, assignment_id: str) -> bool:
        """False while one whose run was lost again and again has to wait."""
        with self._store.read() as session:
            count, latest = count_losses(session, assignment_id, now() - WINDOW)
        return latest is None or now() >= latest + pause_after(count)

    def _find_lost(self, running: Collection[str]) -> Iterator[tuple[object, str]]:
        before = now() - GRACE
        for row in each_unsettled(self._store):
            is_known = row.is_started and assignment_workflow_id(row.id) in running
            if not is_known and row.moved_at < before:
                yield row.due_at, row.id


def each_unsettled(store: Store) -> Iterator[Unsettled]:
    """Every assignment that has not ended, read page by page."""
    return each_row(store, list_unsettled, lambda row: row.id)


def pause_after(losses: int) -> timedelta:
    """How long a sweep leaves an assignment alone whose run was lost this often: a minute, then
    twice as long each time. What a person asks of it does not wait."""
    if losses < AT_ONCE_AGAIN:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(losses - AT_ONCE_AGAIN, 10)), LONGEST_PAUSE)
