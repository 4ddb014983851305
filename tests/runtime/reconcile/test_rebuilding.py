"""The row decides whether another run is started, and what is written of the one before."""

from datetime import UTC, datetime

import pytest

from domain.evidence import EvidenceKind, Loss
from domain.states import AssignmentState
from runtime.answers import Closed
from runtime.histories import Known
from runtime.reconcile.rebuilding import Rebuilder
from runtime.runs import Run
from store.queries.installation import begin_restore
from store.queries.publishing import assignments
from store.tables import Assignment
from tests.activities.conftest import Installation
from tests.support.evidence import evidence_of
from tests.support.lifecycles import DirectedLifecycles

CLOSED_AT = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)


class Temporal(DirectedLifecycles):
    """Knows one run, which a test sets, until another is started."""

    run: Run | None = None
    forced: tuple[str, ...] = ()

    async def find_assignment_run(self, assignment_id: str, *, closes: int) -> Run | None:
        return await super().find_assignment_run(assignment_id, closes=closes) or self.run

    async def tell_forced(self, assignment_id: str) -> None:
        self.forced += (assignment_id,)


@pytest.fixture
def temporal() -> Temporal:
    return Temporal()


@pytest.fixture
def rebuilder(installation: Installation, temporal: Temporal) -> Rebuilder:
    return Rebuilder(installation.store, installation.registry, temporal)


def ended(loss: Loss, *, attempt: int = 1) -> Run:
    return Run("run", False, attempt, loss, CLOSED_AT)


def running(*, attempt: int = 1) -> Run:
    return Run("run", True, attempt, Loss.COMPLETED, None)


def started(here: Installation) -> Assignment:
    row = here.assignment()
    with here.store.write() as session:
        assignments.mark_started(session, row.id, attempt=1)
    return read(here, row.id)


def read(here: Installation, assignment_id: str) -> Assignment:
    with here.store.read() as session:
        return assignments.get_assignment_by_id(session, assignment_id)


@pytest.mark.parametrize(
    "loss", [Loss.TERMINATED, Loss.TIMED_OUT, Loss.FAILED, Loss.CANCELLED, Loss.COMPLETED]
)
async def test_what_became_of_the_run_before_is_written(
    installation: Installation, temporal: Temporal, rebuilder: Rebuilder, loss: Loss
) -> None:
    row = started(installation)
    temporal.run = ended(loss)
    assert await rebuilder.ensure_running(row.id)
    [seen] = evidence_of(installation.store, row.id, EvidenceKind.WORKFLOW_LOST)
    assert seen.data == {"how": loss, "since": "2026-11-30T04:00:00Z"}
    assert not await rebuilder.ensure_running(row.id)
    # One that completed may have published what the row does not hold.
    is_read_back = read(installation, row.id).read_back_from is not None
    assert is_read_back == (loss is Loss.COMPLETED)


async def test_of_one_that_temporal_does_not_know_the_last_sign_is_written(
    installation: Installation, rebuilder: Rebuilder
) -> None:
    row = started(installation)
    assert await rebuilder.ensure_running(row.id)
    [seen] = evidence_of(installation.store, row.id, EvidenceKind.WORKFLOW_LOST)
    since = datetime.fromisoformat(seen.data["since"])
    assert (seen.data["how"], since) == (Loss.MISSING, row.updated_at.replace(microsecond=0))


async def test_a_loss_that_is_met_twice_is_counted(
    installation: Installation, temporal: Temporal, rebuilder: Rebuilder
) -> None:
    row = started(installation)
    temporal.run = ended(Loss.TERMINATED)
    assert await rebuilder.ensure_running(row.id)
    temporal.assignments.clear()  # two processes met it at once
    assert await rebuilder.ensure_running(row.id)
    [seen] = evidence_of(installation.store, row.id, EvidenceKind.WORKFLOW_LOST)
    assert seen.times == 2


async def test_what_never_ran_has_lost_nothing(
    installation: Installation, rebuilder: Rebuilder
) -> None:
    row = installation.assignment()
    assert await rebuilder.ensure_running(row.id)
    assert evidence_of(installation.store, row.id) == []
    assert read(installation, row.id).is_started


async def test_the_end_of_an_earlier_attempt_is_no_loss(
    installation: Installation, temporal: Temporal, rebuilder: Rebuilder
) -> None:
    row = installation.assignment()
    with installation.store.write() as session:
        assignments.lock_assignment(session, row.id).attempt = 2
    temporal.run = ended(Loss.FAILED, attempt=1)
    assert await rebuilder.ensure_running(row.id)
    assert [one.attempt for one in temporal.assignments] == [2]
    assert evidence_of(installation.store, row.id) == []


async def test_a_run_of_another_attempt_is_terminated_first(
    installation: Installation, temporal: Temporal, rebuilder: Rebuilder
) -> None:
    row = started(installation)
    with installation.store.write() as session:
        assignments.lock_assignment(session, row.id).attempt = 2
    temporal.run = running(attempt=1)
    assert await rebuilder.ensure_running(row.id)
    [reason] = temporal.terminated
    assert "attempt 1" in reason
    assert "attempt 2" in reason


async def test_what_a_run_of_before_a_restore_knew_is_in_the_next_ones_input(
    installation: Installation,
) -> None:
    row = started(installation)
    with installation.store.write() as session:
        begin_restore(session, CLOSED_AT)

    class Knowing(Temporal):
        async def terminate_assignment(self, assignment_id: str, run: Run, reason: str) -> None:
            self.run = ended(Loss.TERMINATED)

        async def read_assignment(self, assignment_id: str) -> Known | None:
            assert self.run == ended(Loss.TERMINATED), "only a closed history changes no more"
            return Known(1, "A clip", has_begun=True, platform_id="dQw")

    knowing = Knowing()
    knowing.run = running()
    rebuilder = Rebuilder(installation.store, installation.registry, knowing)
    assert await rebuilder.ensure_running(row.id)
    [wanted] = knowing.assignments
    assert wanted.progress is not None
    assert wanted.progress.platform_id == "dQw"


@pytest.mark.parametrize("is_retried", [False, True], ids=["ended", "retried since"])
async def test_what_has_ended_meanwhile_is_not_started(
    installation: Installation, *, is_retried: bool
) -> None:
    row = started(installation)

    class Late(Temporal):
        async def find_assignment_run(self, assignment_id: str, *, closes: int) -> Run | None:
            # It ends between the first look at its row and the look at Temporal.
            with installation.store.write() as session:
                held = assignments.lock_assignment(session, assignment_id)
                if is_retried:
                    held.attempt = 2
                else:
                    held.state = AssignmentState.PUBLISHED
            return ended(Loss.FAILED)

    late = Late()
    assert not await Rebuilder(installation.store, installation.registry, late).ensure_running(
        row.id
    )
    assert late.assignments == []
    assert evidence_of(installation.store, row.id) == []


async def test_a_run_that_has_not_heard_of_an_order_is_told(
    installation: Installation, temporal: Temporal, rebuilder: Rebuilder
) -> None:
    row = installation.assignment()
    temporal.run = running()
    assert not await rebuilder.ensure_running(row.id)
    assert temporal.forced == ()
    assert read(installation, row.id).is_started


async def test_a_question_to_what_has_ended_stays_closed(
    installation: Installation, rebuilder: Rebuilder, temporal: Temporal
) -> None:
    row = started(installation)
    with installation.store.write() as session:
        assignments.lock_assignment(session, row.id).state = AssignmentState.FAILED

    async def question() -> None:
        raise Closed

    with pytest.raises(Closed):
        await rebuilder.ask(row.id, question)
    assert temporal.assignments == []
