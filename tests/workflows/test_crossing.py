"""Messages that arrive while a step is under way: the step's end knows of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import uuid4

from temporalio import activity
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.contract.assignments import (
    AssignmentEdit,
    AssignmentInput,
    TransferInput,
    Uploaded,
)
from activities.contract.deliveries import DeliveryInput, DeliverySteps, Line
from activities.failures import failure_of, over_share
from domain.errors import ReauthorizationNeeded
from domain.queues import DELIVERY_QUEUE
from domain.states import AssignmentState, WaitReason
from tests.support.directed import Case, DirectedSteps, directed, working
from tests.support.stack import eventually
from workflows.assignment import AssignmentWorkflow
from workflows.delivery import DeliveryWorkflow

LONG = 30.0
DEAD = failure_of(ReauthorizationNeeded("grant_dead", "It was revoked."))


@dataclass
class HeldSteps(DirectedSteps):
    """A transfer ends when a test lets it, or asks it to."""

    begun: Event = field(default_factory=Event)
    may_end: Event = field(default_factory=Event)

    @activity.defn(no_thread_cancel_exception=True)
    def transfer(self, transfer: TransferInput) -> Uploaded:
        self.begun.set()
        while not (self.may_end.wait(0.1) or activity.is_cancelled()):
            activity.heartbeat()
        return super().transfer(transfer)


@asynccontextmanager
async def transferring(env: WorkflowEnvironment, steps: HeldSteps) -> AsyncIterator[Case]:
    """A run whose first transfer is under way. It ends with the block at the latest."""
    async with directed(env, steps) as case:
        try:
            assert await asyncio.to_thread(steps.begun.wait, LONG)
            async with asyncio.timeout(LONG):
                yield case
        finally:
            steps.may_end.set()


async def test_a_place_that_becomes_free_while_none_is_found_is_taken(
    env: WorkflowEnvironment,
) -> None:
    steps = HeldSteps(over_share("transfers"), times=1)
    async with transferring(env, steps) as case:
        await case.workflow.signal(AssignmentWorkflow.transfer_place_free)
        steps.may_end.set()
        await case.workflow.result()
    assert steps.looks == 2


async def test_a_cancel_is_not_queued_behind_a_share_that_is_taken(
    env: WorkflowEnvironment,
) -> None:
    steps = HeldSteps(over_share("transfers"), times=1)
    async with transferring(env, steps) as case:
        assert await case.workflow.execute_update(AssignmentWorkflow.cancel)
    assert [record.state for record in steps.records] == [AssignmentState.CANCELLED]


async def test_a_reconnection_while_the_old_token_is_refused_is_not_waited_for(
    env: WorkflowEnvironment,
) -> None:
    steps = HeldSteps(DEAD, times=1)
    async with transferring(env, steps) as case:
        await case.workflow.signal(AssignmentWorkflow.connection_recovered)
        steps.may_end.set()
        await case.workflow.result()
    assert steps.looks == 2


async def test_a_disconnection_before_a_wait_does_not_end_it(env: WorkflowEnvironment) -> None:
    steps = HeldSteps(DEAD, times=1)
    async with transferring(env, steps) as case:
        await case.workflow.signal(AssignmentWorkflow.connection_gone)
        steps.may_end.set()
        await case.is_parked(1)
        await case.workflow.signal(AssignmentWorkflow.connection_recovered)
        outcome = await case.workflow.result()
    assert (outcome.state, steps.looks) == (AssignmentState.PUBLISHED, 2)
    (parked, *_) = steps.records
    assert (parked.state, parked.wait_reason) == (AssignmentState.WAITING, WaitReason.CONNECTION)


async def test_an_edit_that_comes_with_the_start_is_waited_for(env: WorkflowEnvironment) -> None:
    steps, queue = DirectedSteps(DEAD, is_clear=True), uuid4().hex
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    beginning = WithStartWorkflowOperation(
        AssignmentWorkflow.run,
        AssignmentInput("asg_1", "wsp_1", "con_1", "youtube", "A clip"),
        id=f"assignment/{queue}",
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
    )
    async with working(env.client, steps, queue):
        await env.client.execute_update_with_start_workflow(
            AssignmentWorkflow.edit,
            AssignmentEdit("asg_1", 1, scheduled_at=tomorrow),
            start_workflow_operation=beginning,
        )

        async def states() -> list[AssignmentState]:
            return [record.state for record in steps.records]

        assert await eventually(states) == [AssignmentState.WAITING]
        assert steps.records[0].wait_until == tomorrow
        assert steps.looks == 0
        await (await beginning.workflow_handle()).terminate()


async def test_an_edit_of_the_files_ends_the_warning_that_one_was_missing(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(DEAD, is_clear=True)
    given = {"thumbnail_missing": "404.", "upright_as_video": "It is upright."}
    later = datetime.now(UTC) + timedelta(hours=1)
    async with directed(env, steps, scheduled_at=later) as case:
        await case.workflow.signal(AssignmentWorkflow.source_replaced, given)
        edit = AssignmentEdit("asg_1", 1, clears_schedule=True, extra_steps=[])
        await case.workflow.execute_update(AssignmentWorkflow.edit, edit)
        outcome = await case.workflow.result()
    assert outcome.warnings == {"upright_as_video": "It is upright."}


@dataclass
class HeldDelivery(DeliverySteps):
    """A look at the line ends when a test lets it, and finds nothing more."""

    looks: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn
    async def deliver(self, line: DeliveryInput) -> Line:
        self.looks += 1
        self.begun.set()
        await self.may_end.wait()
        return Line()


async def test_what_comes_behind_the_last_look_of_a_delivery_is_looked_for(
    env: WorkflowEnvironment,
) -> None:
    steps, queue = HeldDelivery(), uuid4().hex
    async with (
        Worker(env.client, task_queue=queue, workflows=[DeliveryWorkflow]),
        Worker(env.client, task_queue=DELIVERY_QUEUE, activities=[steps.deliver]),
        asyncio.timeout(LONG),
    ):
        workflow = await env.client.start_workflow(
            DeliveryWorkflow.run, DeliveryInput("end_1", "asg_1"), id=queue, task_queue=queue
        )
        await steps.begun.wait()
        await workflow.signal(DeliveryWorkflow.more)
        steps.may_end.set()
        await workflow.result()
    assert steps.looks == 2
