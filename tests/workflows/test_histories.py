"""What the history of a run tells of it, in whatever way the run ended."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.contract.assignments import Discarded, ProcessingInput, Published
from activities.contract.progress import ParkingMemory, Progress
from activities.failures import failure_of
from domain.errors import Conflict, PlatformRefusal, PlatformUnavailable
from domain.states import AssignmentState
from runtime.histories import Known, read_history
from tests.support.directed import Case, DirectedSteps, directed
from tests.support.stack import eventually
from workflows.assignment import AssignmentWorkflow

AWAY = failure_of(PlatformUnavailable("platform_down", "It is away."))
FRESH = ParkingMemory(None, datetime.now(UTC), times=0, interruptions=0)
MUCH_LATER = datetime(2100, 1, 1, tzinfo=UTC)
URL = "https://youtu.be/made"


async def known(env: WorkflowEnvironment, case: Case) -> Known:
    found = await read_history(env.client, case.workflow.id)
    assert found is not None
    return found


async def end_of(env: WorkflowEnvironment, trouble: ApplicationError) -> Known:
    """What is known of a run whose transfer fails so."""
    async with directed(env, DirectedSteps(trouble)) as case:
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
        return await known(env, case)


async def test_a_run_that_continues_another_one_knows_what_that_knew(
    env: WorkflowEnvironment,
) -> None:
    live = Progress(FRESH, has_begun=True, platform_id="made", platform_url=URL)
    async with directed(env, DirectedSteps(AWAY), progress=live) as case:
        await case.workflow.terminate()
        seen = await known(env, case)
    assert (seen.has_begun, seen.platform_id, seen.platform_url) == (True, "made", URL)


async def test_a_transfer_that_was_asked_for_has_begun(env: WorkflowEnvironment) -> None:
    async with directed(env, DirectedSteps(AWAY), scheduled_at=MUCH_LATER) as case:
        await case.is_parked(1)
        assert await known(env, case) == Known(1, "A clip")
    with env.with_time_skipping_disabled():
        async with directed(env, DirectedSteps(AWAY)) as case:
            await eventually(case.looks)
            await case.workflow.terminate()
            assert await known(env, case) == Known(1, "A clip", has_begun=True)


async def test_a_published_run_tells_its_video(env: WorkflowEnvironment) -> None:
    async with directed(env, DirectedSteps(AWAY, is_clear=True)) as case:
        await case.workflow.result()
        seen = await known(env, case)
    assert (seen.end, seen.platform_id, seen.platform_url) == (
        AssignmentState.PUBLISHED,
        "made",
        URL,
    )


@dataclass
class CompleteAfterAll(DirectedSteps):
    """The video is whole, also where it was to be given up, and nothing more is heard of it."""

    asked: int = 0

    @activity.defn
    def discard_session(self, assignment_id: str) -> Discarded:
        return Discarded("made")

    @activity.defn
    def await_processing(self, processing: ProcessingInput) -> Published:
        self.asked += 1
        raise AWAY

    async def was_asked(self) -> int:
        return self.asked


@pytest.mark.parametrize("gives_up", [True, False], ids=["given up", "sent"])
async def test_a_video_of_which_nothing_more_was_heard_is_known(
    env: WorkflowEnvironment, *, gives_up: bool
) -> None:
    steps = CompleteAfterAll(AWAY, is_clear=True)
    before = Progress(FRESH, has_begun=True, gives_up=gives_up)
    with env.with_time_skipping_disabled():
        async with directed(env, steps, progress=before) as case:
            await eventually(steps.was_asked)
            await case.workflow.terminate()
            seen = await known(env, case)
    assert (seen.platform_id, seen.end) == ("made", None)


async def test_a_refusal_is_an_end_with_its_sentence(env: WorkflowEnvironment) -> None:
    seen = await end_of(env, failure_of(PlatformRefusal("too_long", "It is too long.")))
    assert (seen.end, seen.code, seen.sentence) == (
        AssignmentState.FAILED,
        "too_long",
        "It is too long.",
    )


async def test_a_run_that_the_row_refused_has_not_ended_its_assignment(
    env: WorkflowEnvironment,
) -> None:
    seen = await end_of(env, failure_of(Conflict("superseded", "A later one runs.")))
    assert (seen.end, seen.has_begun) == (None, True)


@pytest.mark.parametrize("way", ["by our API", "in the Web UI"])
async def test_a_cancel_is_an_end(env: WorkflowEnvironment, way: str) -> None:
    steps = DirectedSteps(AWAY, is_clear=True)
    async with directed(env, steps, scheduled_at=MUCH_LATER) as case:
        await case.is_parked(1)
        if way == "by our API":
            assert await case.workflow.execute_update(AssignmentWorkflow.cancel)
        else:
            await case.workflow.cancel()
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
        assert (await known(env, case)).end is AssignmentState.CANCELLED
