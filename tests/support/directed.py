"""An assignment's workflow whose steps end as a test says."""

from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
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
from activities.contract.progress import Progress
from domain.queues import POLL_QUEUE, SLOW_TRANSFER_QUEUE, STEP_QUEUE, TRANSFER_QUEUE
from domain.states import StepName
from tests.support.stack import eventually
from workflows.assignment import AssignmentWorkflow


@dataclass
class DirectedSteps(TransferSteps, PublishingSteps, RecordingSteps):
    """A platform at which every look ends in `trouble`, until a test says that it is clear."""

    trouble: ApplicationError
    times: int | None = None
    """After so many looks it is clear by itself."""
    is_clear: bool = False
    looks: int = 0
    records: list[AssignmentRecord] = field(default_factory=list)
    slow: list[bool] = field(default_factory=list)
    """Of each transfer: whether it ran in the slow lane."""
    extra_steps: list[StepName] = field(default_factory=list)

    @activity.defn
    def transfer(self, transfer: TransferInput) -> Uploaded:
        self.slow.append(transfer.is_slow)
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
        self.extra_steps.append(step.step)

    @activity.defn
    def record(self, record: AssignmentRecord) -> None:
        self.records.append(record)

    @activity.defn
    def edit(self, edit: AssignmentEdit) -> bool:
        """Never asked for."""
        return False

    def _look(self) -> None:
        self.looks += 1
        self.is_clear = self.is_clear or (self.times is not None and self.looks > self.times)
        if not self.is_clear:
            raise self.trouble


@dataclass(frozen=True)
class Case:
    env: WorkflowEnvironment
    steps: DirectedSteps
    workflow: WorkflowHandle[AssignmentWorkflow, AssignmentOutcome]

    async def looks(self) -> int:
        return self.steps.looks

    async def after(self, time: timedelta) -> int:
        """How many looks there were, when some time has passed."""
        await self.env.fast_forward(self.workflow, time)
        return self.steps.looks

    async def is_parked(self, times: int) -> None:
        async def records() -> int:
            return len(self.steps.records)

        await eventually(records, lambda seen: seen >= times)


@asynccontextmanager
async def directed(
    env: WorkflowEnvironment,
    steps: DirectedSteps,
    *,
    progress: Progress | None = None,
    extra_steps: Sequence[StepName] = (),
    start_signal: str | None = None,
) -> AsyncIterator[Case]:
    """A run that has begun; with `progress` it continues another one."""
    queue = uuid4().hex
    threads = ThreadPoolExecutor(8)
    by_queue: dict[str, list[Callable[..., Any]]] = {
        queue: [steps.record, steps.edit],
        TRANSFER_QUEUE: [steps.transfer],
        SLOW_TRANSFER_QUEUE: [steps.transfer],
        POLL_QUEUE: [steps.await_processing, steps.discard_session],
        STEP_QUEUE: [steps.run_step],
    }
    workers = [
        Worker(
            env.client,
            task_queue=name,
            workflows=[AssignmentWorkflow] if name == queue else [],
            activities=activities,
            activity_executor=threads,
        )
        for name, activities in by_queue.items()
    ]
    asked = AssignmentInput(
        "asg_1",
        "wsp_1",
        "con_1",
        "youtube",
        "A clip",
        extra_steps=list(extra_steps),
        progress=progress,
    )
    async with AsyncExitStack() as running:
        for worker in workers:
            await running.enter_async_context(worker)
        with env.with_time_skipping_disabled():
            workflow = await env.client.start_workflow(
                AssignmentWorkflow.run,
                asked,
                id=f"assignment/{queue}",
                task_queue=queue,
                start_signal=start_signal,
            )
        yield Case(env, steps, workflow)
