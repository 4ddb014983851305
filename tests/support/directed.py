"""An assignment's workflow whose steps end as a test says."""

from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
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
        """Every edit comes in time."""
        return True

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
    queue: str

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
    scheduled_at: datetime | None = None,
    task_timeout: timedelta | None = None,
    start_signal: str | None = None,
    source_wait: timedelta = timedelta(hours=24),
) -> AsyncIterator[Case]:
    """A run that has begun; with `progress` it continues another one."""
    queue = uuid4().hex
    async with working(env.client, steps, queue):
        workflow = await start(
            env,
            queue,
            progress=progress,
            extra_steps=extra_steps,
            scheduled_at=scheduled_at,
            task_timeout=task_timeout,
            start_signal=start_signal,
            source_wait=source_wait,
        )
        yield Case(env, steps, workflow, queue)


async def start(
    env: WorkflowEnvironment,
    queue: str,
    *,
    progress: Progress | None = None,
    extra_steps: Sequence[StepName] = (),
    scheduled_at: datetime | None = None,
    task_timeout: timedelta | None = None,
    start_signal: str | None = None,
    source_wait: timedelta = timedelta(hours=24),
) -> WorkflowHandle[AssignmentWorkflow, AssignmentOutcome]:
    """Start a run, whether or not anybody works yet.

    Messages reach a run past a local activity that lasts for most of `task_timeout`.
    """
    asked = AssignmentInput(
        "asg_1",
        "wsp_1",
        "con_1",
        "youtube",
        "A clip",
        scheduled_at=scheduled_at,
        extra_steps=list(extra_steps),
        progress=progress,
        source_wait_hours=source_wait / timedelta(hours=1),
    )
    with env.with_time_skipping_disabled():
        return await env.client.start_workflow(
            AssignmentWorkflow.run,
            asked,
            id=f"assignment/{queue}",
            task_queue=queue,
            task_timeout=task_timeout,
            start_signal=start_signal,
        )


@asynccontextmanager
async def working(client: Client, steps: DirectedSteps, queue: str) -> AsyncIterator[None]:
    """Workers for the steps, and for the workflows of a queue; stopped in good order."""
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
            client,
            task_queue=name,
            workflows=[AssignmentWorkflow] if name == queue else [],
            activities=activities,
            activity_executor=threads,
            # A cancel reaches an activity with its next heartbeat.
            max_heartbeat_throttle_interval=timedelta(seconds=0.2),
        )
        for name, activities in by_queue.items()
    ]
    async with AsyncExitStack() as running:
        for worker in workers:
            await running.enter_async_context(worker)
        yield
