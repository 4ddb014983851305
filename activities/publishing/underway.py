"""What a transfer under way tells: that it lives, how far it is, that its finish leaves now,
and what it has seen where it ends badly.

It beats for Temporal about every second and stops where Temporal wants it to, between two
pieces. The row hears of progress every two seconds, for a bar on a screen, and of a finish
before it leaves, because from there on a video may exist. Both take the evidence along.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Thread

from temporalio import activity
from temporalio.exceptions import CancelledError

from activities.failures import interrupted
from activities.publishing.jobs import Job
from activities.publishing.sums import SourceSums
from activities.publishing.witness import RUN_ENDED
from domain.evidence import During, EvidenceKind
from store.engine import Store
from store.queries.publishing import progress as noted
from store.queries.publishing import transfers

BEAT_SECONDS = 5.0
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

    def mark(self) -> None:
        """Write it down. Raises `Conflict` and `Unconfirmed`, and then nothing may leave."""
        job = self._job
        job.witness.turn_to(During.FINISH)
        with self._store.write() as session:
            noted.require_current(session, job.id, attempt=job.assignment.attempt)
            transfer = transfers.mark_finish_sent(session, job.id, known=job.fence.known)
            job.fence.known = transfer.version
            job.witness.note(EvidenceKind.FINISH_SENT)
            job.witness.testify(session, job.assignment)


class Progress:
    """Says how far it is, and stops where Temporal wants it to."""

    def __init__(self, store: Store, job: Job, sums: SourceSums) -> None:
        self._store = store
        self._job = job
        self._sums = sums
        self._told_at = time.monotonic()

    def report(self, sent: int) -> None:
        """Beat, and tell the row now and then. Raises what stops the transfer."""
        activity.heartbeat(sent)
        _stop_if_asked()
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            with self._store.write() as session:
                noted.note_sent(
                    session,
                    self._job.id,
                    sent,
                    bytes_summed=self._sums.digest.summed,
                    known=self._job.fence.known,
                )
                self._sums.keep(session)
                if self._job.witness.is_due:
                    self._job.witness.testify(session, self._job.assignment)


def pause(seconds: float) -> None:
    """Wait, with heartbeats. Raises what stops the transfer, within a second."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        # A pause may outlast the heartbeat timeout, and then another worker sends as well.
        activity.heartbeat()
        activity.wait_for_cancelled_sync(min(left, 1.0))
        _stop_if_asked()


@contextmanager
def witnessed(store: Store, job: Job) -> Iterator[None]:
    """Write down what a run has seen that ends in an error, and the error.

    It is that error that is raised, be it written down or not.
    """
    try:
        yield
    except Exception as error:
        job.witness.stop(error)
        leave_evidence(store, job)
        raise


def leave_evidence(store: Store, job: Job) -> None:
    """Write down what was seen before an error is raised. Never fails."""
    try:
        with store.write() as session:
            job.witness.testify(session, job.assignment)
    except Exception as unwritten:  # a database that is away says nothing of the upload
        name = type(unwritten).__name__
        activity.logger.warning("evidence of %s was not written: %s", job.id, name)


@contextmanager
def beating(every: float = BEAT_SECONDS) -> Iterator[None]:
    """Beat, every so many seconds, while calls are under way that have a time limit and cannot.

    Never around the bytes: these beat as long as they move, and a beat beside them would hide
    that they do not.
    """
    ended = Event()

    def go_on() -> None:
        while not ended.wait(every):
            activity.heartbeat()

    beats = Thread(target=copy_context().run, args=(go_on,), daemon=True)
    beats.start()
    try:
        yield
    finally:
        ended.set()
        beats.join()


def beat(_: int) -> None:
    """Beat, and stop for nothing: what is asked is soon answered."""
    activity.heartbeat()


def _stop_if_asked() -> None:
    if activity.is_worker_shutdown():
        raise interrupted()
    if activity.is_cancelled():
        details = activity.cancellation_details()
        if details is None or details.cancel_requested:
            raise CancelledError("The transfer was cancelled.")
        # Its workflow was terminated, for one: the assignment itself is as wanted as before.
        raise CancelledError("Temporal does not hold this run any more.", RUN_ENDED)
