"""A cancel that meets a transfer whose last answer is still on its way."""

import asyncio
from dataclasses import dataclass, field
from threading import Event

from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from activities.contract.assignments import Discarded, TransferInput, Uploaded
from activities.failures import interrupted
from domain.states import AssignmentState
from tests.support.directed import DirectedSteps, directed
from workflows.assignment import AssignmentWorkflow

LONG = 30.0


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
