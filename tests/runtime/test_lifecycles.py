"""Which starts begin a run, and which find that there was one."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.worker import Worker

from activities.contract.assignments import (
    AssignmentEdit,
    AssignmentInput,
    AssignmentOutcome,
    AssignmentRecord,
)
from activities.contract.progress import ParkingMemory, Progress
from activities.contract.tickets import (
    Connected,
    Refusal,
    TicketInput,
    TicketOutcome,
    TicketSteps,
)
from activities.failures import failure_of
from domain.errors import Conflict, PlatformRefusal, Unavailable
from domain.explanations import ErrorDetail
from domain.ids import assignment_workflow_id, ticket_workflow_id
from domain.queues import CONSENT_QUEUE, WORKFLOW_QUEUE
from domain.states import AssignmentState, StepName, TicketState
from runtime.answers import Closed
from runtime.lifecycles import Lifecycles
from runtime.settings import Settings
from runtime.temporal import connect, ensure_search_attributes
from store.keyring import Keyring, create_keyset
from tests.support.directed import DirectedSteps, working
from workflows.assignment import AssignmentWorkflow
from workflows.ticket import TicketWorkflow

REFUSED = failure_of(PlatformRefusal("request_rejected", "The platform refused it."))
LONG = 25.0


@pytest.fixture
async def client(address: str, tmp_path: Path) -> Client:
    settings = Settings.model_validate({"data_dir": tmp_path, "temporal_address": address})
    client = await connect(settings, Keyring.from_json(create_keyset()))
    await ensure_search_attributes(client)
    return client


def assignment(name: str, *, attempt: int = 1) -> AssignmentInput:
    return AssignmentInput(name, "wsp_1", "con_1", "youtube", "A clip", attempt=attempt)


def run_of(client: Client, name: str) -> WorkflowHandle[AssignmentWorkflow, AssignmentOutcome]:
    return client.get_workflow_handle_for(AssignmentWorkflow.run, assignment_workflow_id(name))


async def run_id(handle: WorkflowHandle[Any, Any]) -> str | None:
    return (await handle.describe()).run_id


@pytest.mark.parametrize("attempt", [1, 2])
async def test_an_attempt_that_was_published_is_not_run_again(client: Client, attempt: int) -> None:
    lifecycles, steps = Lifecycles(client), DirectedSteps(REFUSED, is_clear=True)
    asked = assignment(f"asg_ended_{attempt}", attempt=attempt)
    async with working(client, steps, WORKFLOW_QUEUE):
        await lifecycles.start_assignment(asked)
        handle = run_of(client, asked.assignment_id)
        await handle.result()
        first = await run_id(handle)
        await lifecycles.start_assignment(asked)
        assert await run_id(handle) == first
    assert steps.looks == 1


async def test_what_was_published_is_followed_by_its_next_attempt_once(client: Client) -> None:
    """Its failed steps are done again; the video is known, so nothing is sent."""
    lifecycles, steps = Lifecycles(client), DirectedSteps(REFUSED, is_clear=True)
    again = replace(
        assignment("asg_again", attempt=2),
        extra_steps=[StepName.THUMBNAIL],
        progress=Progress(
            ParkingMemory(None, datetime.now(UTC), 0, 0),
            has_begun=True,
            platform_id="made",
            platform_url="https://youtu.be/made",
        ),
    )
    async with working(client, steps, WORKFLOW_QUEUE):
        await lifecycles.start_assignment(assignment("asg_again"))
        handle = run_of(client, "asg_again")
        await handle.result()
        first = await run_id(handle)
        for _ in range(2):
            await lifecycles.start_assignment(again)
            await handle.result()
        second = await run_id(handle)
        await lifecycles.start_assignment(assignment("asg_again"))
        assert await run_id(handle) == second != first
    assert (steps.looks, steps.extra_steps) == (1, [StepName.THUMBNAIL])


async def test_the_first_attempt_that_failed_is_not_run_again(client: Client) -> None:
    lifecycles, steps = Lifecycles(client), DirectedSteps(REFUSED)
    async with working(client, steps, WORKFLOW_QUEUE):
        await lifecycles.start_assignment(assignment("asg_failed"))
        handle = run_of(client, "asg_failed")
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        first = await run_id(handle)
        await lifecycles.start_assignment(assignment("asg_failed"))
        assert await run_id(handle) == first
    assert steps.looks == 1


@pytest.mark.parametrize("attempt", [1, 2])
async def test_an_attempt_that_runs_is_started_once(client: Client, attempt: int) -> None:
    asked = assignment(f"asg_running_{attempt}", attempt=attempt)
    lifecycles = Lifecycles(client)
    for _ in range(2):
        await lifecycles.start_assignment(asked)
    await run_of(client, asked.assignment_id).terminate()


@dataclass
class SlowToClose(DirectedSteps):
    """Its row says `failed`, and its workflow has not closed until a test lets it."""

    has_failed: Event = field(default_factory=Event)
    may_close: Event = field(default_factory=Event)

    @activity.defn
    def record(self, record: AssignmentRecord) -> None:
        super().record(record)
        if record.state is AssignmentState.FAILED:
            self.has_failed.set()
            assert self.may_close.wait(LONG)


async def test_an_attempt_that_comes_while_the_one_before_closes_begins_and_ends(
    client: Client,
) -> None:
    lifecycles, steps = Lifecycles(client), SlowToClose(REFUSED)
    async with working(client, steps, WORKFLOW_QUEUE):
        await lifecycles.start_assignment(assignment("asg_closing"))
        assert await asyncio.to_thread(steps.has_failed.wait, LONG)
        steps.is_clear = True
        try:
            with pytest.raises(Unavailable) as refused:
                await lifecycles.start_assignment(assignment("asg_closing", attempt=2))
        finally:
            steps.may_close.set()
        assert refused.value.code == "attempt_closing"
        handle = run_of(client, "asg_closing")
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        await lifecycles.start_assignment(assignment("asg_closing", attempt=2))
        assert (await handle.result()).state is AssignmentState.PUBLISHED
    assert steps.looks == 2


async def test_an_edit_that_is_sent_again_gets_its_first_answer(client: Client) -> None:
    lifecycles, steps = Lifecycles(client), DirectedSteps(REFUSED, is_clear=True)
    asked = replace(assignment("asg_edited"), scheduled_at=datetime.now(UTC) + timedelta(days=1))
    edit = AssignmentEdit("asg_edited", 1, clears_schedule=True)
    async with working(client, steps, WORKFLOW_QUEUE):
        await lifecycles.start_assignment(asked)
        await lifecycles.edit(edit)
        await run_of(client, "asg_edited").result()
        await lifecycles.edit(edit)
        with pytest.raises(Closed):
            await lifecycles.edit(replace(edit, version=2))


async def test_what_was_asked_to_end_and_did_is_asked_again_for_nothing(client: Client) -> None:
    lifecycles, steps = Lifecycles(client), DirectedSteps(REFUSED, is_clear=True)
    asked = replace(assignment("asg_asked"), scheduled_at=datetime.now(UTC) + timedelta(days=1))
    async with working(client, steps, WORKFLOW_QUEUE):
        await lifecycles.start_assignment(asked)
        await lifecycles.ask_to_end("asg_asked")
        with pytest.raises(WorkflowFailureError):
            await run_of(client, "asg_asked").result()
        with pytest.raises(Closed):
            await lifecycles.cancel("asg_asked")
        await lifecycles.ask_to_end("asg_asked")


class Consents(TicketSteps):
    """Every code is worth a connection."""

    @activity.defn
    def connect(self, ticket_id: str) -> Connected:
        return Connected(TicketOutcome(TicketState.CONNECTED, ["con_1"]))

    @activity.defn
    def is_claimed(self, ticket_id: str) -> bool:
        return False

    @activity.defn
    def settle_ticket(self, ticket_id: str, outcome: TicketOutcome) -> None:
        pass


@asynccontextmanager
async def consenting(client: Client) -> AsyncIterator[None]:
    """Workers for tickets."""
    steps, threads = Consents(), ThreadPoolExecutor(2)
    async with (
        Worker(
            client,
            task_queue=WORKFLOW_QUEUE,
            workflows=[TicketWorkflow],
            activities=[steps.settle_ticket, steps.is_claimed],
            activity_executor=threads,
        ),
        Worker(
            client,
            task_queue=CONSENT_QUEUE,
            activities=[steps.connect],
            activity_executor=threads,
        ),
    ):
        yield


def ticket(name: str, *, lives: timedelta = timedelta(minutes=5)) -> TicketInput:
    return TicketInput(name, "wsp_1", "youtube", datetime.now(UTC) + lives)


async def test_a_ticket_that_has_ended_is_not_run_again(client: Client) -> None:
    lifecycles, ended = Lifecycles(client), ticket("tkt_ended", lives=timedelta(0))
    async with consenting(client):
        await lifecycles.start_ticket(ended)
        handle = client.get_workflow_handle(ticket_workflow_id("tkt_ended"))
        await handle.result()
        first = await run_id(handle)
        await lifecycles.start_ticket(ended)
        assert await run_id(handle) == first


async def test_a_callback_that_comes_again_gets_its_first_answer_and_no_other_one_does(
    client: Client,
) -> None:
    lifecycles = Lifecycles(client)
    async with consenting(client):
        await lifecycles.start_ticket(ticket("tkt_redeemed"))
        answers = [await lifecycles.redeem("tkt_redeemed", "digest") for _ in range(2)]
        with pytest.raises(Conflict) as refused:
            await lifecycles.redeem("tkt_redeemed", "another")
    assert [answer.connection_ids for answer in answers] == [["con_1"], ["con_1"]]
    assert refused.value.code == "ticket_used"


_REFUSAL = Refusal("access_denied", "It was refused.", ErrorDetail.ACCESS_DENIED)


async def test_a_refusal_that_comes_again_gets_its_first_answer(client: Client) -> None:
    lifecycles, refusal = Lifecycles(client), _REFUSAL
    async with consenting(client):
        await lifecycles.start_ticket(ticket("tkt_refused"))
        answers = [await lifecycles.refuse("tkt_refused", "digest", refusal) for _ in range(2)]
        with pytest.raises(Conflict) as refused:
            await lifecycles.refuse("tkt_refused", "another", refusal)
    assert [answer.error_code for answer in answers] == ["access_denied"] * 2
    assert refused.value.code == "ticket_used"


async def test_an_assignment_without_a_run_needs_no_message(client: Client) -> None:
    lifecycles = Lifecycles(client)
    for tell in (lifecycles.ask_to_end, lifecycles.tell_recovered, lifecycles.tell_gone):
        await tell("asg_without_a_run")
