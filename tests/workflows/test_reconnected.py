"""What people do to a connection that is waited for, at moments that lie close together."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.contract.progress import ParkingMemory, Progress, Stand
from activities.contract.trouble import Trouble
from activities.failures import failure_of
from domain.errors import ReauthorizationNeeded, Remedy
from domain.states import AssignmentState, WaitReason
from tests.support.directed import DirectedSteps, directed, start, working
from workflows.assignment import AssignmentWorkflow

QUEUE = "continued"
DEAD = failure_of(ReauthorizationNeeded("grant_dead", "It was revoked."))


async def reconnect_after_disconnecting(
    workflow: WorkflowHandle[AssignmentWorkflow, object],
) -> None:
    await workflow.signal(AssignmentWorkflow.connection_gone)
    await workflow.signal(AssignmentWorkflow.connection_recovered)


async def test_a_reconnection_that_one_task_brings_with_the_disconnection_is_what_counts(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(DEAD, times=1)
    async with directed(env, steps) as case:
        await case.is_parked(1)
    # Nobody works: both signals wait for the next workflow task.
    await reconnect_after_disconnecting(case.workflow)
    async with working(env.client, steps, case.queue), asyncio.timeout(30):
        outcome = await case.workflow.result()
    assert (outcome.state, steps.looks) == (AssignmentState.PUBLISHED, 2)


async def test_a_reconnection_that_comes_before_the_first_task_of_another_run_ends_its_wait(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(DEAD, is_clear=True)
    trouble = Trouble("grant_dead", "It was revoked.", Remedy.RECONNECT)
    now = datetime.now(UTC)
    memory = ParkingMemory(WaitReason.CONNECTION, now, times=1, interruptions=0)
    stand = Stand(AssignmentState.WAITING, WaitReason.CONNECTION, now + timedelta(days=7), trouble)
    progress = Progress(memory, stand=stand, has_begun=True)
    workflow = await start(env, QUEUE, progress=progress)
    await reconnect_after_disconnecting(workflow)
    async with working(env.client, steps, QUEUE), asyncio.timeout(30):
        outcome = await workflow.result()
    assert (outcome.state, steps.looks) == (AssignmentState.PUBLISHED, 1)
