"""What a transfer under way tells: that it lives, how far it is, that its finish leaves now.

It beats for Temporal about every second and stops where Temporal wants it to, between two
pieces. The row hears of progress every two seconds, for a bar on a screen, and of a finish
before it leaves, because from there on a video may exist.
"""

import time

from temporalio import activity
from temporalio.exceptions import CancelledError

from activities.failures import interrupted
from activities.publishing.jobs import Job
from store.engine import Store
from store.queries.publishing import progress as noted
from store.queries.publishing import transfers

PROGRESS_SECONDS = 2.0
"""How often the row is told of progress: for a progress bar, not for resuming."""


class Finish:
    """Says, before each request that may complete the upload, that it is about to leave.

    Of two workers at one upload, and of a worker and a cancellation, one gets through: whoever
    was cut off from Temporal is not cut off from the platform.
    """

    def __init__(self, store: Store, job: Job) -> None:
        self._store = store
        self._job = job
        self._known = job.finish_sent_at

    def mark(self) -> None:
        """Write it down. Raises `Conflict` and `Unconfirmed`, and then nothing may leave."""
        job = self._job
        with self._store.write() as session:
            noted.require_current(session, job.id, attempt=job.assignment.attempt)
            self._known = transfers.mark_finish_sent(
                session,
                job.id,
                opened_at=job.transfer.opened_at if job.transfer else None,
                known=self._known,
            )


class Progress:
    """Says how far it is, and stops where Temporal wants it to."""

    def __init__(self, store: Store, assignment_id: str) -> None:
        self._store = store
        self._assignment_id = assignment_id
        self._told_at = time.monotonic()

    def report(self, sent: int) -> None:
        """Beat, and tell the row now and then. Raises what stops the transfer."""
        activity.heartbeat(sent)
        _stop_if_asked()
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            with self._store.write() as session:
                noted.note_sent(session, self._assignment_id, sent)

    def pause(self, seconds: float) -> None:
        """Wait, beating. Raises what stops the transfer, within a second."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            activity.heartbeat()
            activity.wait_for_cancelled_sync(min(left, 1.0))
            _stop_if_asked()


def beat(_: int) -> None:
    """Beat, and stop for nothing: what is asked is soon answered."""
    activity.heartbeat()


def _stop_if_asked() -> None:
    if activity.is_worker_shutdown():
        raise interrupted()
    if activity.is_cancelled():
        raise CancelledError("The transfer was cancelled.")
