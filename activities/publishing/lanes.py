"""The lane of a transfer: its place, the pace of its source, and the move to the slow lane."""

from sqlmodel import Session

from activities.contract.assignments import TransferInput
from activities.publishing.jobs import Job
from domain.errors import SourceSlow
from domain.shares import TransferLimits
from media.pace import PacedSource
from media.source import Source
from store.engine import Store
from store.queries.publishing import progress as noted
from store.tables import Assignment


class Lanes:
    def __init__(self, store: Store, limits: TransferLimits) -> None:
        self._store = store
        self._limits = limits

    def begin(self, session: Session, row: Assignment) -> bool:
        """Let a held row upload; False: its workspace's share is taken, and the row is queued."""
        places = self._limits.places(is_slow=row.is_slow)
        return noted.begin_uploading(session, row, places=places)

    def paced(self, job: Job, source: Source) -> Source:
        """The source as the job's lane reads it: in the slow one no floor applies."""
        if job.assignment.is_slow:
            return source
        return PacedSource(
            source, floor=self._limits.slow_bytes_per_second, window=self._limits.slow_window
        )

    def move_to_slow(self, job: Job) -> None:
        """Give the job's place back; its session is kept. Raises `Conflict` if it has ended."""
        with self._store.write() as session:
            row = noted.require_current(session, job.id, attempt=job.assignment.attempt)
            noted.move_to_slow_lane(session, row)


def require_lane(row: Assignment, transfer: TransferInput) -> None:
    """Raise `SourceSlow` for a run in the fast lane of a row that has left it.

    The worker that moved it ended before its workflow learned of that.
    """
    if row.is_slow and not transfer.is_slow:
        raise SourceSlow("source_slow", "The source is slow. The upload is in the slow lane.")
