"""An unclear outcome: how often it is read, and what cuts the reading short."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import (
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.contract.assignments import (
    AssignmentEdit,
    AssignmentInput,
    AssignmentOutcome,
    AssignmentRecord,
    Discarded,
    ProcessingInput,
    Published,
    PublishingSteps,
    RecordingSteps,
    StepInput,
    TransferInput,
    TransferSteps,
    Uploaded,
)
from activities.failures import failure_of
from activities.publishing.reconciling import SETTLING
from domain.errors import Unconfirmed
from domain.queues import TRANSFER_QUEUE
from domain.states import AssignmentState
from tests.support.stack import eventually
from workflows.assignment import AssignmentWorkflow
from workflows.options import PATIENCE
from workflows.parking import pause_after


@dataclass
class DirectedSteps(TransferSteps, PublishingSteps, RecordingSteps):
    """A platform that tells nothing until a test says so; it notes each look."""

    is_clear: bool = False
    looks: int = 0
    records: list[AssignmentRecord] = field(default_factory=list)

    @activity.defn
    def transfer(self, transfer: TransferInput) -> Uploaded:
        self._look()
        return Uploaded("made")

    @activity.defn
    def discard_session(self, assignment_id: str) -> Discarded:
        self._look()
        return Discarded(None)

    @activity.defn
    def await_processing(self, processing: ProcessingInput) -> Published:
        return Published("https://youtu.be/made")

    @activity.defn
    def run_step(self, step: StepInput) -> None:
        """Never asked for."""

    @activity.defn
    def record(self, record: AssignmentRecord) -> None:
        self.records.append(record)

    @activity.defn
    def edit(self, edit: AssignmentEdit) -> None:
        """Never asked for."""

    def _look(self) -> None:
        self.looks += 1
        if not self.is_clear:
            raise failure_of(Unconfirmed("outcome_unconfirmed", "It is read again."))


@dataclass(frozen=True)
class Case:
    env: WorkflowEnvironment
    steps: DirectedSteps
    workflow: WorkflowHandle[AssignmentWorkflow, AssignmentOutcome]

    async def after(self, time: timedelta) -> int:
        """How many looks there were, when some time has passed."""
        await self.env.fast_forward(self.workflow, time)
        return self.steps.looks

    async def is_parked(self, times: int) -> None:
        async def records() -> int:
            return len(self.steps.records)

        await eventually(records, lambda seen: seen >= times)


@asynccontextmanager
async def unconfirmed(env: WorkflowEnvironment) -> AsyncIterator[Case]:
    """A run whose first look decided nothing."""
    steps, queue = DirectedSteps(), uuid4().hex
    short = Worker(
        env.client,
        task_queue=queue,
        workflows=[AssignmentWorkflow],
        activities=[steps.await_processing, steps.run_step, steps.record, steps.edit],
        activity_executor=ThreadPoolExecutor(2),
    )
    transfers = Worker(
        env.client,
        task_queue=TRANSFER_QUEUE,
        activities=[steps.transfer, steps.discard_session],
        activity_executor=ThreadPoolExecutor(2),
    )
    asked = AssignmentInput("asg_1", "wsp_1", "con_1", "youtube", "A clip")
    async with short, transfers:
        with env.with_time_skipping_disabled():
            workflow = await env.client.start_workflow(
                AssignmentWorkflow.run, asked, id=f"assignment/{queue}", task_queue=queue
            )
        case = Case(env, steps, workflow)
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
