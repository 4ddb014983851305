"""A run that continues another one goes on where that was."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.contract.assignments import AssignmentEdit
from activities.contract.progress import ParkingMemory, Progress, Stand
from activities.contract.trouble import Trouble
from activities.failures import failure_of
from domain.errors import PlatformUnavailable, Remedy
from domain.states import AssignmentState, StepName, WaitReason
from tests.support.directed import DirectedSteps, directed
from workflows.assignment import AssignmentWorkflow
from workflows.options import PATIENCE

OUTAGE = failure_of(PlatformUnavailable("platform_down", "It is away."))
FRESH = ParkingMemory(None, datetime.now(UTC), times=0, interruptions=0)


def stand(state: AssignmentState, hours: int) -> Stand:
    until = datetime.now(UTC) + timedelta(hours=hours)
    trouble = Trouble("platform_down", "It is away.", Remedy.WAIT)
    return Stand(state, WaitReason.PLATFORM, until, trouble)


async def test_a_wait_is_waited_to_its_end_before_anything_is_tried(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(OUTAGE, is_clear=True)
    waiting = Progress(FRESH, stand=stand(AssignmentState.WAITING, 6), has_begun=True)
    async with directed(env, steps, progress=waiting) as case:
        await case.is_parked(1)
        assert await case.after(timedelta(hours=5)) == 0
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await case.workflow.execute_update(
                AssignmentWorkflow.edit, AssignmentEdit("asg_1", 1, clears_schedule=True)
            )
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "too_late"
        await case.after(timedelta(hours=2))
        assert (await case.workflow.result()).platform_id == "made"


async def test_a_week_of_the_same_trouble_is_counted_across_runs(env: WorkflowEnvironment) -> None:
    since = datetime.now(UTC) - PATIENCE - timedelta(hours=1)
    memory = ParkingMemory(WaitReason.PLATFORM, since, times=600, interruptions=0)
    steps = DirectedSteps(OUTAGE)
    async with directed(env, steps, progress=Progress(memory, has_begun=True)) as case:
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
        assert steps.records[-1].state is AssignmentState.FAILED


async def test_what_was_cancelled_before_is_given_up_and_never_sent(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(OUTAGE, is_clear=True)
    doubt = Progress(
        FRESH, stand=stand(AssignmentState.UNCONFIRMED, 6), has_begun=True, gives_up=True
    )
    async with directed(env, steps, progress=doubt) as case:
        await case.is_parked(1)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await case.workflow.execute_update(AssignmentWorkflow.cancel)
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "unconfirmed"
        await case.workflow.signal(AssignmentWorkflow.retry_forced)
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
        assert steps.records[-1].state is AssignmentState.CANCELLED


async def test_only_the_steps_that_are_left_are_run(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(OUTAGE)
    live = Progress(FRESH, has_begun=True, platform_id="made", platform_url="https://youtu.be/made")
    async with directed(env, steps, progress=live, extra_steps=[StepName.PLAYLIST]) as case:
        outcome = await case.workflow.result()
        assert (outcome.platform_id, outcome.platform_url) == ("made", "https://youtu.be/made")
        assert (steps.looks, steps.extra_steps) == (0, [StepName.PLAYLIST])
        assert steps.records[-1].state is AssignmentState.PUBLISHED


async def test_a_video_of_which_nothing_is_left_to_do_is_recorded_as_published(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(OUTAGE)
    live = Progress(FRESH, has_begun=True, platform_id="made", platform_url="https://youtu.be/made")
    async with directed(env, steps, progress=live) as case:
        await case.workflow.result()
        assert steps.looks == 0
        assert [record.state for record in steps.records] == [AssignmentState.PUBLISHED]


async def test_an_order_that_comes_with_the_start_ends_the_wait(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(OUTAGE, is_clear=True)
    doubt = Progress(FRESH, stand=stand(AssignmentState.UNCONFIRMED, 6), has_begun=True)
    async with (
        directed(env, steps, progress=doubt, start_signal="retry_forced") as case,
        asyncio.timeout(60),
    ):
        with env.with_time_skipping_disabled():
            assert (await case.workflow.result()).platform_id == "made"
