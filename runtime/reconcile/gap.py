"""What a restored database lacks and the runs of before the restore still know.

A run of before the restore is ended, read and written to its row; then the row decides again. It
is ended first, because the history of a closed run does not change any more.
"""

import asyncio
import logging

from domain.states import AssignmentState
from runtime.histories import Known
from runtime.lifecycles import Lifecycles
from runtime.runs import Run
from store.engine import Store
from store.queries import installation
from store.queries.publishing import assignments
from store.queries.publishing.take_over import take_over
from store.tables import Assignment

_RESTORED = (
    "The database was restored from a backup of after {gap_from}; another run continues from it."
)

_log = logging.getLogger("castline.restore")


class Gap:
    def __init__(self, store: Store, lifecycles: Lifecycles) -> None:
        self._store = store
        self._lifecycles = lifecycles

    async def notice(self, row: Assignment, run: Run | None) -> Assignment:
        """Begin a restore where this run proves that the database is older than it.

        Returns the row as it is then.
        """
        if run is None or row.read_back_from is not None or not _is_ahead(run, row):
            return row
        return await asyncio.to_thread(self._begin_restore, row, run)

    async def is_unread(self, row: Assignment, run: Run) -> bool:
        """True where the run may know of a video that the row does not."""
        if row.read_back_from is None or AssignmentState(row.state).is_settled:
            return False
        if not run.is_running:
            return True
        if row.platform_id is not None:
            return False
        restored = await asyncio.to_thread(self._find_restored)
        return restored is not None and _is_of_before(run, restored)

    async def read(self, row: Assignment, run: Run) -> Run | None:
        """Take over what a run knows, ended first where it still runs. Returns it as it is then.

        Idempotent. Raises `Unavailable`.
        """
        if run.is_running:
            since = row.read_back_from.isoformat() if row.read_back_from else "an earlier time"
            await self._lifecycles.terminate_assignment(
                row.id, run, _RESTORED.format(gap_from=since)
            )
        known = await self._lifecycles.read_assignment(row.id)
        if known is not None:
            await asyncio.to_thread(self._take_over, row.id, known)
        attempt = row.attempt if run.attempt is None else run.attempt
        return await self._lifecycles.find_assignment_run(row.id, closes=attempt)

    def _take_over(self, assignment_id: str, known: Known) -> None:
        with self._store.write() as session:
            take_over(
                session,
                assignment_id,
                attempt=known.attempt,
                has_begun=known.has_begun,
                platform_id=known.platform_id,
                platform_url=known.platform_url,
                warnings=known.warnings,
                end=known.end,
                code=known.code,
                sentence=known.sentence,
            )

    def _begin_restore(self, seen: Assignment, run: Run) -> Assignment:
        with self._store.write() as session:
            # Read again, and held: the row may have come this far since it was seen.
            row = assignments.lock_assignment(session, seen.id)
            is_open = not AssignmentState(row.state).is_settled
            if not is_open or row.read_back_from is not None or not _is_ahead(run, row):
                return row
            gap_from = installation.find_gap_start(session, not_after=row.updated_at)
            count = installation.begin_restore(session, gap_from)
            session.refresh(row)
        _log.warning(
            "Temporal has ended what the database holds open (%s): the database was restored from "
            "a backup. %d open assignments are read back on their platforms since %s before "
            "anything is sent.",
            row.id,
            count,
            gap_from.isoformat(),
        )
        return row

    def _find_restored(self) -> installation.Restore | None:
        with self._store.read() as session:
            return installation.find_restored(session)


def _is_ahead(run: Run, row: Assignment) -> bool:
    """True where the row must have ended, or begun a later attempt, before the run could be so."""
    if run.attempt is None:
        return False
    return run.attempt > row.attempt or (run.attempt == row.attempt and run.has_completed)


def _is_of_before(run: Run, restored: installation.Restore) -> bool:
    if restored.histories_read_at is not None:
        return False
    return run.continues or run.started_at is None or run.started_at < restored.restored_at
