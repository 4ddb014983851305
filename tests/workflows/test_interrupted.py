"""Workers that end: an accident, until one after the other does."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.failures import interrupted
from domain.errors import Remedy
from domain.states import AssignmentState, WaitReason
from tests.support.directed import DirectedSteps, directed
from workflows.options import TRANSFER
from workflows.trouble import WORKER_SHUTDOWN

TRIES = TRANSFER["retry_policy"].maximum_attempts


def test_however_many_have_ended_another_one_is_soon_at_it() -> None:
    assert TRANSFER["retry_policy"].maximum_interval <= timedelta(seconds=10)


@pytest.mark.parametrize("end", [interrupted(), ApplicationError("", type=WORKER_SHUTDOWN)])
async def test_a_day_of_deployments_parks_nothing(
    env: WorkflowEnvironment, end: ApplicationError
) -> None:
    async with directed(env, DirectedSteps(end, times=2 * TRIES)) as case:
        outcome = await case.workflow.result()
    assert (outcome.state, outcome.platform_id) == (AssignmentState.PUBLISHED, "made")
    assert case.steps.records == []


async def test_work_that_ends_every_worker_is_parked_for_who_runs_them(
    env: WorkflowEnvironment,
) -> None:
    async with directed(env, DirectedSteps(interrupted())) as case:
        await case.is_parked(1)
        case.steps.is_clear = True
    (parked, *_) = case.steps.records
    assert (parked.state, parked.wait_reason) == (AssignmentState.WAITING, WaitReason.PLATFORM)
    assert parked.trouble is not None
    assert (parked.trouble.code, parked.trouble.remedy) == ("workers_end", Remedy.OPERATOR)
    assert case.steps.looks == 4 * TRIES
