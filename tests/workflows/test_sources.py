"""A source that does not give the bytes: for how long it is waited for, and what ends the wait."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.contract.assignments import StepInput, TransferInput, Uploaded
from activities.contract.progress import ParkingMemory, Progress
from activities.contract.trouble import Kind, Trouble
from activities.failures import failure_of
from domain.errors import Conflict, Remedy, SourceUnusable
from domain.states import AssignmentState, StepName, WaitReason
from tests.support.directed import DirectedSteps, directed
from tests.support.stack import eventually
from workflows.assignment import AssignmentWorkflow
from workflows.parking import Parking
from workflows.trouble import Failed

LIMIT = timedelta(hours=24)
"""What an input says where nothing else is chosen."""
SHORT = timedelta(hours=2)
"""Every try of a day would take minutes here."""
NOT_THERE = "cdn.example.com answered 404 and does not give the video."
MISSING = failure_of(SourceUnusable("source_refused", NOT_THERE))
CHANGED = failure_of(SourceUnusable("source_changed", "It is another file now."))


async def test_a_refusal_is_waited_for_and_says_until_when(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(MISSING)
    async with directed(env, steps) as case:
        await case.is_parked(1)
        (parked, *_) = steps.records
        assert steps.looks == 1, "a refusal within seconds of the first tells nothing new"
        steps.is_clear = True
        await case.after(timedelta(minutes=2))
        outcome = await case.workflow.result()
    assert (parked.state, parked.wait_reason) == (AssignmentState.WAITING, WaitReason.SOURCE)
    assert parked.trouble is not None
    assert parked.waiting_since is not None
    assert parked.trouble.code == "source_refused"
    until = parked.waiting_since + LIMIT
    assert parked.trouble.sentence == (
        f"{NOT_THERE} It is tried again until {until:%d %B %Y, %H:%M} UTC."
    )
    assert outcome.state is AssignmentState.PUBLISHED


async def test_it_fails_with_the_code_of_the_last_try_when_its_hours_are_over(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(MISSING)
    async with directed(env, steps, source_wait=SHORT) as case:
        await case.is_parked(1)
        await case.after(SHORT - timedelta(minutes=5))
        assert steps.records[-1].state is AssignmentState.WAITING
        before = steps.looks
        await case.after(timedelta(minutes=10))
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
        events = len((await case.workflow.fetch_history()).events)
    failed = steps.records[-1]
    assert failed.state is AssignmentState.FAILED
    assert failed.trouble is not None
    assert failed.trouble.code == "source_refused"
    assert failed.trouble.sentence == f"{NOT_THERE} It was tried again for 2 hours."
    # A minute, then twice as long, up to a quarter of an hour.
    assert 10 <= before <= 12
    assert events / steps.looks < 20


async def test_what_cannot_become_right_fails_at_once(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(CHANGED)
    async with directed(env, steps) as case:
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
    assert [record.state for record in steps.records] == [AssignmentState.FAILED]
    assert steps.looks == 1


async def test_another_address_is_tried_at_once_and_its_hours_begin_again(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(MISSING)
    async with directed(env, steps, source_wait=SHORT) as case:
        await case.is_parked(1)
        await case.after(SHORT / 2)
        with env.with_time_skipping_disabled():
            await case.workflow.signal(
                AssignmentWorkflow.source_replaced, {"file_upright": "It is."}
            )
            await eventually(partial(_first_looks, steps), (2).__eq__)
        first, again = (one for one in steps.records if one.waiting_looks == 1)
        steps.is_clear = True
        await case.after(timedelta(minutes=2))
        outcome = await case.workflow.result()
    assert first.waiting_since is not None
    assert again.waiting_since is not None
    assert again.waiting_since - first.waiting_since >= SHORT / 2
    assert outcome.warnings == {"file_upright": "It is."}


@dataclass
class Crossed(DirectedSteps):
    """The address is replaced while the transfer that fails is under way."""

    is_under_way: Event = field(default_factory=Event)
    may_fail: Event = field(default_factory=Event)

    @activity.defn
    def transfer(self, transfer: TransferInput) -> Uploaded:
        self.is_under_way.set()
        assert self.may_fail.wait(20)
        return super().transfer(transfer)


async def test_an_address_that_comes_while_the_old_one_is_tried_is_tried_next(
    env: WorkflowEnvironment,
) -> None:
    steps = Crossed(MISSING, times=1)
    with env.with_time_skipping_disabled():
        async with directed(env, steps) as case:
            assert await asyncio.to_thread(steps.is_under_way.wait, 20)
            await case.workflow.signal(AssignmentWorkflow.source_replaced, {})
            steps.may_fail.set()
            async with asyncio.timeout(30):
                outcome = await case.workflow.result()
    assert (outcome.state, steps.looks) == (AssignmentState.PUBLISHED, 2)


async def test_another_address_ends_no_other_wait(env: WorkflowEnvironment) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    steps = DirectedSteps(MISSING, is_clear=True)
    with env.with_time_skipping_disabled():
        async with directed(env, steps, scheduled_at=tomorrow) as case:
            await case.is_parked(1)
            await case.workflow.signal(
                AssignmentWorkflow.source_replaced, {"file_upright": "It is."}
            )
            assert await case.workflow.execute_update(AssignmentWorkflow.cancel)
    assert (steps.slow, steps.records[-1].state) == ([], AssignmentState.CANCELLED)


def waiting_since(moment: datetime) -> Progress:
    """What a run hands on whose source has been missing since then."""
    memory = ParkingMemory(WaitReason.SOURCE, moment, times=9, interruptions=0)
    return Progress(memory, has_begun=True)


async def test_its_hours_go_on_in_another_run(env: WorkflowEnvironment) -> None:
    steps = DirectedSteps(MISSING)
    long_ago = datetime.now(UTC) - LIMIT
    async with directed(env, steps, progress=waiting_since(long_ago)) as case:
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
    assert [record.state for record in steps.records] == [AssignmentState.FAILED]


@workflow.defn
class OneMoreTransfer:
    """One that ends without its source, where the hours of the trouble before are over."""

    @workflow.run
    async def run(self, minutes: int) -> int:
        parking = Parking(timedelta(days=7), LIMIT)
        parking.recall(ParkingMemory(WaitReason.SOURCE, workflow.now() - LIMIT, 9, 0))
        parking.begin_transfer()
        await workflow.sleep(timedelta(minutes=minutes))
        trouble = Trouble("source_refused", NOT_THERE, Remedy.CHANGE)
        try:
            return parking.stand(Kind.NEEDS_SOURCE, trouble).looks
        except Failed:
            return 0


@pytest.mark.parametrize(("minutes", "looks"), [(10, 0), (60, 1)])
async def test_a_transfer_that_ran_for_long_had_its_source(
    env: WorkflowEnvironment, minutes: int, looks: int
) -> None:
    queue = uuid4().hex
    async with Worker(
        env.client,
        task_queue=queue,
        workflows=[OneMoreTransfer],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        asked = await env.client.start_workflow(
            OneMoreTransfer.run, minutes, id=queue, task_queue=queue
        )
        await env.fast_forward(asked, timedelta(hours=2))
        assert await asked.result() == looks


async def _first_looks(steps: DirectedSteps) -> int:
    """How many waits have begun."""
    return sum(one.waiting_looks == 1 for one in steps.records)


@dataclass
class Superseded(DirectedSteps):
    @activity.defn
    def run_step(self, step: StepInput) -> None:
        raise failure_of(Conflict("superseded", "A later attempt has taken over."))


async def test_a_step_of_an_attempt_that_is_over_is_no_warning(env: WorkflowEnvironment) -> None:
    live = Progress(
        ParkingMemory(None, datetime.now(UTC), 0, 0), platform_id="made", platform_url="https://v"
    )
    steps = Superseded(MISSING)
    async with directed(env, steps, progress=live, extra_steps=[StepName.THUMBNAIL]) as case:
        with pytest.raises(WorkflowFailureError):
            await case.workflow.result()
    assert AssignmentState.PUBLISHED not in [record.state for record in steps.records]


async def test_a_file_that_was_missing_at_acceptance_is_not_told_of_once_it_was_sent(
    env: WorkflowEnvironment,
) -> None:
    steps = DirectedSteps(MISSING, is_clear=True)
    async with directed(env, steps, extra_steps=[StepName.THUMBNAIL]) as case:
        await case.workflow.signal(
            AssignmentWorkflow.source_replaced, {"thumbnail_missing": "It is not there."}
        )
        outcome = await case.workflow.result()
    assert outcome.warnings == {}
