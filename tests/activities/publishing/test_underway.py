"""What has to be written before something leaves, and what the next worker goes on from."""

import time
from dataclasses import replace
from threading import Event

import pytest
from sqlalchemy import text
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import ActivityEnvironment

from activities.contract.trouble import Kind
from activities.publishing.jobs import Job, load_job
from activities.publishing.sums import SourceSums
from activities.publishing.underway import Finish, Progress, beating, pause, witnessed
from domain.errors import Conflict, PlatformUnavailable, Unconfirmed
from domain.evidence import EvidenceKind, Sent, Told
from domain.secrets import Secret
from platforms.transfer.exchange import Exchange
from store.queries.publishing import transfers
from store.queries.publishing.assignments import get_assignment_by_id
from store.queries.publishing.evidence import Observation, add_evidence
from testkit.clips import CLIP
from tests.activities.conftest import Installation
from tests.support.evidence import evidence_of


@pytest.fixture
def job(installation: Installation) -> Job:
    """With a session that was opened just now."""
    row = installation.assignment()
    with installation.store.write() as session:
        transfers.open_transfer(session, installation.vault, row.id, Secret("session"), known=0)
        add_evidence(session, row, [Observation(EvidenceKind.SESSION_OPENED)])
    with installation.store.read() as session:
        return load_job(session, installation.registry, row.id)


@pytest.fixture
def progress(installation: Installation, job: Job) -> Progress:
    sums = SourceSums(installation.store, job, is_fresh=True)
    return Progress(installation.store, job, sums)


def seen(installation: Installation, job: Job) -> list[str]:
    return [entry.kind for entry in evidence_of(installation.store, job.id)]


def test_a_finish_is_evidence_before_it_leaves(installation: Installation, job: Job) -> None:
    Finish(installation.store, job).mark()
    assert seen(installation, job) == ["session_opened", "finish_sent"]


def test_a_finish_that_may_not_leave_is_no_evidence(installation: Installation, job: Job) -> None:
    late = replace(job, assignment=job.assignment.model_copy(update={"attempt": 2}))
    with pytest.raises(Conflict):
        Finish(installation.store, late).mark()
    assert seen(installation, job) == ["session_opened"]


def test_what_was_confirmed_is_evidence_while_the_bytes_still_move(
    installation: Installation, job: Job, progress: Progress
) -> None:
    job.witness.observe(Exchange(Sent.BYTES, Told.HELD, 1000))

    def move() -> None:
        until = time.monotonic() + 10
        while "confirmed" not in seen(installation, job) and time.monotonic() < until:
            progress.report(1000)
            pause(0.1)

    ActivityEnvironment().run(move)
    assert seen(installation, job) == ["session_opened", "confirmed"]


def test_a_run_that_was_taken_for_dead_writes_nothing_of_its_progress(
    installation: Installation, job: Job
) -> None:
    sums = SourceSums(installation.store, job, is_fresh=True)
    progress = Progress(installation.store, job, sums)
    sums.digest.feed(memoryview(CLIP.read_bytes()))
    with installation.store.write() as session:
        transfers.clear_session(session, job.id)  # the source was replaced meanwhile
    job.witness.observe(Exchange(Sent.BYTES, Told.HELD, 3))

    def move() -> None:
        until = time.monotonic() + 60
        while "confirmed" not in seen(installation, job) and time.monotonic() < until:
            progress.report(3)
            pause(0.1)

    ActivityEnvironment().run(move)
    assert "confirmed" in seen(installation, job)
    with pytest.raises(PlatformUnavailable), sums.kept():
        raise PlatformUnavailable("platform_unavailable", "The platform is away.")
    with installation.store.read() as session:
        row = get_assignment_by_id(session, job.id)
    assert (row.bytes_sent, row.bytes_summed) == (0, 0)


def test_a_run_that_ends_badly_says_why(installation: Installation, job: Job) -> None:
    job.witness.note(EvidenceKind.SESSION_LOST, mayExist=False)
    with pytest.raises(PlatformUnavailable), witnessed(installation.store, job):
        raise PlatformUnavailable("platform_unavailable", "The platform is away.")
    assert seen(installation, job) == ["session_opened", "session_lost", "stopped"]


def test_a_failure_is_itself_also_where_it_cannot_be_written_down(
    installation: Installation, job: Job
) -> None:
    with installation.store.write() as session:
        session.connection().execute(text("ALTER TABLE evidence RENAME TO evidence_away"))
    with pytest.raises(PlatformUnavailable), witnessed(installation.store, job):
        raise PlatformUnavailable("platform_unavailable", "The platform is away.")


def test_a_finish_may_leave_again_by_the_run_that_sent_it(
    installation: Installation, job: Job
) -> None:
    finish = Finish(installation.store, job)
    finish.mark()
    finish.mark()
    with installation.store.write() as session:
        transfers.clear_session(session, job.id)
    with pytest.raises(Unconfirmed):
        finish.mark()


def test_progress_is_a_heartbeat_and_stops_with_its_worker(progress: Progress) -> None:
    heartbeats: list[tuple[object, ...]] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: heartbeats.append(details)
    environment.worker_shutdown()
    with pytest.raises(ApplicationError) as stopped:
        environment.run(progress.report, 7)
    assert (stopped.value.type, heartbeats) == (Kind.INTERRUPTED, [(7,)])


@pytest.mark.parametrize(
    ("details", "code"),
    [
        (ActivityCancellationDetails(cancel_requested=True), "cancelled"),
        (ActivityCancellationDetails(not_found=True), "run_ended"),
    ],
)
def test_a_stop_is_called_a_cancellation_only_where_somebody_cancelled(
    installation: Installation,
    job: Job,
    progress: Progress,
    details: ActivityCancellationDetails,
    code: str,
) -> None:
    environment = ActivityEnvironment()
    environment.cancel(details)

    def move() -> None:
        with witnessed(installation.store, job):
            progress.report(7)

    with pytest.raises(CancelledError):
        environment.run(move)
    [stopped] = evidence_of(installation.store, job.id, EvidenceKind.STOPPED)
    assert stopped.data["code"] == code


def test_heartbeats_go_on_during_a_pause() -> None:
    heartbeats = 0
    environment = ActivityEnvironment()

    def count(*_: object) -> None:
        nonlocal heartbeats
        heartbeats += 1
        if heartbeats == 3:
            environment.worker_shutdown()

    environment.on_heartbeat = count
    with pytest.raises(ApplicationError) as stopped:
        environment.run(pause, 15)
    assert (stopped.value.type, heartbeats) == (Kind.INTERRUPTED, 3)


def test_who_waits_for_a_slow_call_beats() -> None:
    has_beaten = Event()
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: has_beaten.set()

    def wait() -> bool:
        with beating(every=0.01):
            return has_beaten.wait(10)

    assert environment.run(wait)
