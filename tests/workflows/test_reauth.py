"""The days of a re-authorization, which pass in seconds here."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.contract.reauth import (
    ReauthEnd,
    ReauthInput,
    ReauthOutcome,
    ReauthStand,
    ReauthSteps,
    Reminder,
)
from domain.states import ConnectionHealth
from tests.support.stack import eventually
from workflows.reauth import ReauthWorkflow


@dataclass
class DirectedReauth(ReauthSteps):
    """A connection whose health a test says; it notes who was told."""

    since: datetime
    health: ConnectionHealth = ConnectionHealth.NEEDS_REAUTH
    looks: int = 0
    reminders: list[Reminder] = field(default_factory=list)
    released: int = 0
    may_release: asyncio.Event = field(default_factory=asyncio.Event)
    """Set unless a test holds the release up."""

    def __post_init__(self) -> None:
        self.may_release.set()

    @activity.defn
    def survey(self, connection_id: str) -> ReauthStand:
        self.looks += 1
        is_needed = self.health is ConnectionHealth.NEEDS_REAUTH
        return ReauthStand(is_needed, self.health, "grant_dead", self.since, waiting=3)

    @activity.defn
    def remind(self, reminder: Reminder) -> None:
        self.reminders.append(reminder)

    @activity.defn
    async def release(self, connection_id: str) -> int:
        self.released += 1
        await self.may_release.wait()
        return 3

    @activity.defn
    async def abandon(self, connection_id: str) -> int:
        return 0


@dataclass(frozen=True)
class Case:
    """One run, on a server whose time passes as a test says."""

    env: WorkflowEnvironment
    connection: DirectedReauth
    workflow: WorkflowHandle[ReauthWorkflow, ReauthOutcome]

    async def after(self, days: float) -> list[int]:
        """The reminders so far, when another few days have passed."""
        await self.env.fast_forward(self.workflow, timedelta(days=days))
        return [reminder.number for reminder in self.connection.reminders]

    async def looked(self, times: int) -> None:
        async def looks() -> int:
            return self.connection.looks

        await eventually(looks, lambda seen: seen >= times)


@asynccontextmanager
async def running(
    env: WorkflowEnvironment, *, since: timedelta = timedelta(0), limit_days: float = 30.0
) -> AsyncIterator[Case]:
    connection = DirectedReauth(datetime.now(UTC) - since)
    queue = uuid4().hex
    worker = Worker(
        env.client,
        task_queue=queue,
        workflows=[ReauthWorkflow],
        activities=[
            connection.survey,
            connection.remind,
            connection.release,
            connection.abandon,
        ],
        activity_executor=ThreadPoolExecutor(2),
    )
    asked = ReauthInput(
        "con_1", "wsp_1", "youtube", "A channel", connection.since, limit_days=limit_days
    )
    async with worker:
        with env.with_time_skipping_disabled():
            workflow = await env.client.start_workflow(
                ReauthWorkflow.run, asked, id=f"reauth/{queue}", task_queue=queue
            )
        case = Case(env, connection, workflow)
        await case.looked(1)
        yield case


async def test_a_person_is_reminded_after_one_three_and_seven_days(
    env: WorkflowEnvironment,
) -> None:
    async with running(env, limit_days=7.2) as case:
        assert await case.after(0.9) == []
        assert await case.after(0.2) == [1]
        assert await case.after(1.8) == [1]
        assert await case.after(0.2) == [1, 2]
        assert await case.after(3.8) == [1, 2]
        assert await case.after(0.2) == [1, 2, 3]
        assert len({reminder.key for reminder in case.connection.reminders}) == 3
        await env.fast_forward(case.workflow, timedelta(days=1))
        assert await case.workflow.result() == ReauthOutcome(ReauthEnd.LIMIT)
        assert case.connection.looks < 40, "each look costs events"


async def test_who_comes_late_reminds_at_once(env: WorkflowEnvironment) -> None:
    async with running(env, since=timedelta(days=4)) as case:
        assert await case.after(0.001) == [2]
        await case.workflow.terminate()


async def test_a_signal_that_changes_nothing_is_waited_past(env: WorkflowEnvironment) -> None:
    async with running(env) as case:
        await case.workflow.signal(ReauthWorkflow.settled)
        await case.looked(2)
        assert case.connection.released == 0
        case.connection.health = ConnectionHealth.EXPIRING
        await case.workflow.signal(ReauthWorkflow.settled)
        assert await case.workflow.result() == ReauthOutcome(ReauthEnd.RECONNECTED, 3)
        assert (case.connection.released, case.connection.reminders) == (1, [])


async def test_what_is_parked_while_the_others_are_woken_is_woken_too(
    env: WorkflowEnvironment,
) -> None:
    async with running(env) as case:
        case.connection.may_release.clear()
        case.connection.health = ConnectionHealth.HEALTHY
        await case.workflow.signal(ReauthWorkflow.settled)

        async def released() -> int:
            return case.connection.released

        await eventually(released)
        await case.workflow.signal(ReauthWorkflow.settled)
        case.connection.may_release.set()
        await case.workflow.result()
        assert case.connection.released == 2


async def test_somebody_who_came_unnoticed_is_found_by_the_next_look(
    env: WorkflowEnvironment,
) -> None:
    async with running(env) as case:
        case.connection.health = ConnectionHealth.HEALTHY
        await case.after(0.1)
        assert (await case.workflow.result()).end is ReauthEnd.RECONNECTED


async def test_another_trouble_is_reminded_of_from_its_own_beginning(
    env: WorkflowEnvironment,
) -> None:
    async with running(env) as case:
        assert await case.after(1.1) == [1]
        case.connection.since += timedelta(days=1.1)
        await case.workflow.signal(ReauthWorkflow.settled)
        await case.looked(5)
        assert await case.after(1.1) == [1, 1]
        assert len({reminder.key for reminder in case.connection.reminders}) == 2
        await case.workflow.terminate()
