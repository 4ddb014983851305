"""What a transfer does whose place is taken, whose source is slow, or whose source is away."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.contract.trouble import Kind, Trouble
from activities.failures import failure_of, over_share
from domain.errors import Remedy, SourceSlow, SourceUnreachable
from domain.states import AssignmentState, WaitReason
from tests.support.directed import DirectedSteps, directed
from tests.support.stack import eventually
from workflows.assignment import AssignmentWorkflow
from workflows.lanes import FIRST_PAUSE, LONGEST_PAUSE


async def test_a_free_place_ends_the_wait_for_one(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(over_share("transfers"))
    async with directed(env, steps) as case:
        await eventually(case.looks, (1).__eq__)
        steps.is_clear = True
        await case.workflow.signal(AssignmentWorkflow.transfer_place_free)
        outcome = await case.workflow.result()
        history = await case.workflow.fetch_history()
    assert outcome.state is AssignmentState.PUBLISHED
    assert steps.looks == 2
    assert steps.records == [], "the row was queued by the transfer itself"
    assert len(history.events) < 40


async def test_a_signal_that_was_lost_is_not_waited_for_without_end(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(over_share("transfers"))
    async with directed(env, steps) as case:
        await eventually(case.looks, (1).__eq__)
        assert await case.after(2 * FIRST_PAUSE) >= 2
        day = await case.after(timedelta(days=1))
        # A day in the queue is some dozen looks, not some hundred.
        assert day < 25
        assert await case.after(2 * LONGEST_PAUSE) > day
        steps.is_clear = True
        await case.after(2 * LONGEST_PAUSE)
        await case.workflow.result()


async def test_what_is_queued_can_be_cancelled(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(over_share("transfers"), times=1)
    async with directed(env, steps) as case:
        await eventually(case.looks, (1).__eq__)
        assert await case.workflow.execute_update(AssignmentWorkflow.cancel)
    assert [record.state for record in steps.records] == [AssignmentState.CANCELLED]


async def test_a_slow_source_continues_in_the_slow_lane_at_once(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(failure_of(SourceSlow("source_slow", "Slow.")), times=1)
    async with directed(env, steps) as case:
        outcome = await case.workflow.result()
    assert outcome.state is AssignmentState.PUBLISHED
    assert steps.slow == [False, True]
    assert steps.records == []


async def test_a_source_that_is_away_is_waited_for_by_that_name(env: WorkflowEnvironment) -> None:
    # Temporal tries such a transfer six times; here the last of them has failed.
    steps = DirectedSteps(
        ApplicationError(
            "Away.",
            Trouble("source_unreachable", "It does not answer now.", Remedy.WAIT),
            type=Kind.NEEDS_SOURCE,
            non_retryable=True,
        )
    )
    async with directed(env, steps) as case:
        await case.is_parked(1)
        (parked, *_) = steps.records
        steps.is_clear = True
        await case.after(timedelta(minutes=2))
        outcome = await case.workflow.result()
    assert (parked.state, parked.wait_reason) == (AssignmentState.WAITING, WaitReason.SOURCE)
    assert parked.trouble is not None
    assert parked.trouble.code == "source_unreachable"
    assert outcome.state is AssignmentState.PUBLISHED


def test_a_source_that_is_away_for_a_moment_is_tried_again_first() -> None:
    failure = failure_of(SourceUnreachable("source_unreachable", "It does not answer now."))
    assert (failure.type, failure.non_retryable) == (Kind.NEEDS_SOURCE, False)
