"""A cancel that meets what is still on its way: a last answer, a row, an edit."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from activities.contract.assignments import (
    AssignmentEdit,
    AssignmentRecord,
    Discarded,
    TransferInput,
    Uploaded,
)
from activities.failures import interrupted, over_share
from domain.states import AssignmentState
from tests.support.directed import DirectedSteps, directed
from tests.support.stack import eventually
from workflows.assignment import AssignmentWorkflow

LONG = 30.0
SHORT = timedelta(seconds=2)


@dataclass
class AnswerHeldBack(DirectedSteps):
    """The platform has every byte, and answers only after the cancel has reached the transfer."""

    begun: Event = field(default_factory=Event)
    has_discarded: bool = False

    @activity.defn(no_thread_cancel_exception=True)
    def transfer(self, transfer: TransferInput) -> Uploaded:
        self.begun.set()
        for _ in range(int(LONG / 0.1)):
            activity.heartbeat()
            if activity.is_cancelled():
                return Uploaded("made")
            activity.wait_for_cancelled_sync(0.1)
        raise TimeoutError

    @activity.defn
    def discard_session(self, assignment_id: str) -> Discarded:
        self.has_discarded = True
        return Discarded(None)


async def test_a_transfer_that_is_cancelled_is_asked_for_its_end_before_anything_is_discarded(
    env: WorkflowEnvironment,
) -> None:
    steps = AnswerHeldBack(interrupted())
    async with directed(env, steps) as case, asyncio.timeout(LONG):
        assert await asyncio.to_thread(steps.begun.wait, LONG)
        assert not await case.workflow.execute_update(AssignmentWorkflow.cancel)
        outcome = await case.workflow.result()
    assert (outcome.state, outcome.platform_id) == (AssignmentState.PUBLISHED, "made")
    assert not steps.has_discarded


@dataclass
class HeldRow(DirectedSteps):
    """The database takes in the end only when a test lets it."""

    ending: Event = field(default_factory=Event)
    may_end: Event = field(default_factory=Event)

    @activity.defn
    def record(self, record: AssignmentRecord) -> None:
        if record.state is AssignmentState.CANCELLED:
            self.ending.set()
            self.may_end.wait(LONG)
        super().record(record)


async def test_a_cancel_is_answered_when_the_row_says_so(env: WorkflowEnvironment) -> None:
    steps = HeldRow(over_share("transfers"), times=1)
    async with directed(env, steps, task_timeout=SHORT) as case, asyncio.timeout(LONG):
        await eventually(case.looks)
        cancelling = asyncio.create_task(case.workflow.execute_update(AssignmentWorkflow.cancel))
        try:
            assert await asyncio.to_thread(steps.ending.wait, LONG)
            await asyncio.wait({cancelling}, timeout=2 * SHORT.total_seconds())
            assert not cancelling.done()
        finally:
            steps.may_end.set()
        assert await cancelling


@dataclass
class HeldEdit(DirectedSteps):
    """The database takes in an edit only when a test lets it."""

    begun: Event = field(default_factory=Event)
    may_end: Event = field(default_factory=Event)

    @activity.defn
    def edit(self, edit: AssignmentEdit) -> bool:
        self.begun.set()
        return self.may_end.wait(LONG)


async def test_an_edit_under_way_is_answered_before_a_cancelled_run_ends(
    env: WorkflowEnvironment,
) -> None:
    steps = HeldEdit(over_share("transfers"), is_clear=True)
    edit, tomorrow = AssignmentEdit("asg_1", 1), datetime.now(UTC) + timedelta(days=1)
    async with (
        directed(env, steps, scheduled_at=tomorrow, task_timeout=SHORT) as case,
        asyncio.timeout(LONG),
    ):
        try:
            await case.is_parked(1)
            editing = asyncio.create_task(
                case.workflow.execute_update(AssignmentWorkflow.edit, edit)
            )
            assert await asyncio.to_thread(steps.begun.wait, LONG)
            assert await case.workflow.execute_update(AssignmentWorkflow.cancel)
        finally:
            steps.may_end.set()
        await editing
