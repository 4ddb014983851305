"""An unclear outcome: how often it is read, and what cuts the reading short."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.failures import failure_of
from activities.publishing.reconciling import SETTLING
from domain.errors import QuotaExhausted, Unconfirmed
from domain.states import AssignmentState
from tests.support.directed import Case, DirectedSteps, directed
from workflows.assignment import AssignmentWorkflow
from workflows.options import PATIENCE
from workflows.parking import pause_after


@asynccontextmanager
async def unconfirmed(env: WorkflowEnvironment) -> AsyncIterator[Case]:
    """A run whose first look decided nothing."""
    trouble = failure_of(Unconfirmed("outcome_unconfirmed", "It is read again."))
    async with directed(env, DirectedSteps(trouble)) as case:
        await case.is_parked(1)
        yield case


def looks_within(time: timedelta) -> int:
    """How many looks at an unclear outcome there are, the first included."""
    passed, looks = timedelta(0), 1
    while (passed := passed + pause_after(looks, is_unclear=True)) <= time:
        looks += 1
    return looks


def test_looks_become_ever_more_seldom() -> None:
    minutes = [pause_after(n, is_unclear=True) // timedelta(minutes=1) for n in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert looks_within(SETTLING) == 16
    assert looks_within(PATIENCE) == 36
    outage = [pause_after(n, is_unclear=False) // timedelta(minutes=1) for n in (1, 4, 5, 1000)]
    assert outage == [1, 8, 15, 15]


async def test_an_order_ends_the_pause_at_once_and_begins_another_story(
    env: WorkflowEnvironment,
) -> None:
    async with unconfirmed(env) as case:
        await case.workflow.signal(AssignmentWorkflow.retry_forced)
        await case.is_parked(2)
        first, second = (record.wait_until for record in case.steps.records)
        assert first is not None
        assert second is not None
        assert second - first < timedelta(seconds=30), "the second pause is not the longer one"
        case.steps.is_clear = True
        await case.workflow.signal(AssignmentWorkflow.retry_forced)
        outcome = await case.workflow.result()
        assert (outcome.state, outcome.platform_id) == (AssignmentState.PUBLISHED, "made")


async def test_an_order_cuts_nothing_short_but_the_reading(env: WorkflowEnvironment) -> None:
    spent = QuotaExhausted("quota", "It is spent.", until=datetime.now(UTC) + timedelta(hours=6))
    async with directed(env, DirectedSteps(failure_of(spent))) as case:
        await case.is_parked(1)
        await case.workflow.signal(AssignmentWorkflow.retry_forced)
        assert await case.after(timedelta(hours=5)) == 1


async def test_a_cancel_in_doubt_is_answered_and_ends_as_the_reading_says(
    env: WorkflowEnvironment,
) -> None:
    async with unconfirmed(env) as case:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await case.workflow.execute_update(AssignmentWorkflow.cancel)
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "unconfirmed"
        case.steps.is_clear = True
        await case.after(timedelta(minutes=3))
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
        assert case.steps.records[-1].state is AssignmentState.CANCELLED
