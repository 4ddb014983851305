"""A connection that needs a person: somebody is asked, reminded, and waited for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.events import EventType
from domain.health import SCOPE_MISSING
from domain.wakes import PersonNeeded
from runtime.waking import Waker
from store.queries.access.connections import lock_connection, mark_health
from store.queries.publishing.assignments import lock_assignment
from store.tables import Connection, now
from testkit.emulator import ANA, Emulator
from tests.support.reauth import (
    asked,
    break_connection,
    card,
    events,
    reauth,
    reconnect,
    running,
)
from tests.support.stack import Stack, Tenant, eventually, stack_apart
from workflows.options import STATE

A_DAY = timedelta(days=1)
BEFORE_IT_LOOKS = 6.0
"""Seconds in which whoever waits for a person does not look by itself."""
NEEDS_REAUTH = EventType.CONNECTION_NEEDS_REAUTH


def in_days(seconds: float) -> float:
    return timedelta(seconds=seconds) / A_DAY


@pytest.fixture(scope="module")
async def hasty(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator
) -> AsyncIterator[Stack]:
    """An installation whose days are seconds."""
    folder: Path = tmp_path_factory.mktemp("hasty")
    days: dict[str, Any] = {
        "reminder_days": f"{in_days(1)},{in_days(2)}",
        "reauth_days": in_days(3.5),
        "parking_days": in_days(2),
    }
    async with stack_apart(folder, emulator_process, **days) as stack:
        yield stack


def connection_of(stack: Stack, connection_id: str) -> Connection:
    with stack.parts.store.write() as session:
        return lock_connection(session, connection_id)


def let_time_pass(stack: Stack, connection_id: str, passed: timedelta) -> None:
    with stack.parts.store.write() as session:
        lock_connection(session, connection_id).health_since -= passed


async def reconcile(stack: Stack) -> None:
    """Sweep now instead of within a minute."""
    await stack.sweep()


async def test_operators_see_who_must_act_since_when_and_why(tenant: Tenant, stack: Stack) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault("videos.insert.start", "revoke_grant")
    assignment = await tenant.assign(connection_id)
    await tenant.until(assignment["id"], "waiting")

    workflow = await asked(stack, connection_id)

    assert await running(stack, connection_id) == [f"reauth/{connection_id}"]
    description = await workflow.describe()
    summary = await description.static_summary()
    assert summary is not None
    assert "on youtube needs a person since" in summary
    told = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert told["CastlineState"] == "needs_reauth"
    assert told["CastlineWorkspace"] == tenant.workspace_id
    shown = await card(workflow)
    since = connection_of(stack, connection_id).health_since
    assert f"since {since.isoformat(timespec='seconds')}" in shown
    assert "`grant_dead`" in shown
    assert connection_of(stack, connection_id).is_reauth_started
    await reconnect(tenant, connection_id)
    assert (await workflow.result())["end"] == "reconnected"
    assert await tenant.until(assignment["id"], "published", within=5)


async def test_the_card_says_how_much_work_waits_after_every_look(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)
    workflow = await asked(stack, connection_id)
    assert "wait for it: **0**" in await card(workflow)
    assignments = [await tenant.assign(connection_id) for _ in range(2)]
    for assignment in assignments:
        await tenant.until(assignment["id"], "waiting")

    # It says that somebody came, and nobody has: the workflow looks, and goes on waiting.
    await workflow.signal("settled")

    async def shown() -> str:
        return await card(workflow)

    await eventually(shown, lambda text: "wait for it: **2**" in text, within=5)
    assert (await workflow.describe()).status is WorkflowExecutionStatus.RUNNING
    await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}")
    assert (await workflow.result())["end"] == "disconnected"


async def test_the_link_of_the_connection_leads_back_to_health(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    path = f"/api/v1/connections/{connection_id}"
    assert (await tenant.ask("GET", path))["reauthUrl"] is None
    await break_connection(tenant, connection_id)
    link = (await tenant.ask("GET", path))["reauthUrl"]

    async with stack.browser() as browser:
        to_ticket = await browser.get(link)
        visit = await tenant.browse(to_ticket.headers["location"], browser=browser)
        assert "Connected" in visit.back.text
        assert (await browser.get(link)).status_code == 400

    assert (await tenant.ask("GET", path))["health"] == "healthy"


async def test_a_person_is_told_at_once_and_reminded_until_the_limit(hasty: Stack) -> None:
    tenant = await hasty.tenant("reminded")
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)

    outcome = await (await asked(hasty, connection_id)).result()

    assert outcome["end"] == "limit"
    told = events(tenant, connection_id, NEEDS_REAUTH)
    assert [event.data.get("reminder") for event in told] == [None, 1, 2]
    # Whoever brings new work later finds nobody asked for a long time, and asks anew at once.
    let_time_pass(hasty, connection_id, A_DAY)
    await tenant.assign(connection_id)

    async def reminders() -> list[int | None]:
        return [event.data.get("reminder") for event in events(tenant, connection_id, NEEDS_REAUTH)]

    await eventually(reminders, lambda seen: seen == [None, 1, 2, 2])
    await reconnect(tenant, connection_id)
    assert (await reauth(hasty, connection_id).result())["end"] == "reconnected"
    # Another trouble is told from the start.
    await break_connection(tenant, connection_id)
    assert (await reminders())[4:] == [None]
    await eventually(reminders, lambda seen: seen[4:] == [None, 1, 2])


async def test_what_nobody_came_for_fails_at_its_limit(hasty: Stack) -> None:
    tenant = await hasty.tenant("limit")
    connection_id = await tenant.connection()
    hasty.emulator.fault("videos.insert.start", "revoke_grant")
    assignment = await tenant.assign(connection_id)
    waiting = await tenant.until(assignment["id"], "waiting")

    failed = await tenant.until(assignment["id"], "failed", "published")

    assert waiting["waitUntil"] <= failed["updatedAt"]
    assert (failed["errorCode"], failed["remedy"]) == ("not_reconnected", "reconnect")
    assert "Nobody authorized the connection again within" in failed["error"]


async def test_a_person_is_asked_for_although_the_wake_was_lost(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    stack.parts.store.after_commit = None
    await break_connection(tenant, connection_id)
    Waker(stack.client, stack.parts.store, stack.parts.settings).attach()
    let_time_pass(stack, connection_id, timedelta(minutes=1))

    await reconcile(stack)

    workflow = await asked(stack, connection_id)
    assert connection_of(stack, connection_id).is_reauth_started
    await reconnect(tenant, connection_id)
    assert (await workflow.result())["end"] == "reconnected"


async def test_parked_work_goes_on_although_the_wake_was_lost(tenant: Tenant, stack: Stack) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault("videos.insert.start", "revoke_grant")
    assignment = await tenant.assign(connection_id)
    await tenant.until(assignment["id"], "waiting")
    workflow = await asked(stack, connection_id)
    stack.parts.store.after_commit = None
    await reconnect(tenant, connection_id)
    Waker(stack.client, stack.parts.store, stack.parts.settings).attach()
    assert (await workflow.describe()).status is WorkflowExecutionStatus.RUNNING
    with stack.parts.store.write() as session:
        long_ago = now() - timedelta(minutes=1)
        lock_connection(session, connection_id).health_since = long_ago
        lock_assignment(session, assignment["id"]).updated_at = long_ago

    await reconcile(stack)

    assert await tenant.until(assignment["id"], "published", within=10)
    assert (await workflow.result())["end"] == "reconnected"


async def test_nobody_is_waited_for_in_vain_although_the_wake_was_lost(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)
    workflow = await asked(stack, connection_id)
    stack.parts.store.after_commit = None
    await reconnect(tenant, connection_id)
    Waker(stack.client, stack.parts.store, stack.parts.settings).attach()
    let_time_pass(stack, connection_id, timedelta(minutes=1))
    assert (await workflow.describe()).status is WorkflowExecutionStatus.RUNNING

    await reconcile(stack)

    async with asyncio.timeout(BEFORE_IT_LOOKS):
        assert (await workflow.result())["end"] == "reconnected"
    assert not connection_of(stack, connection_id).is_reauth_started


async def test_another_trouble_is_shown_at_once_and_the_same_one_told_once(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)
    workflow = await asked(stack, connection_id)

    async def signals() -> int:
        history = (await workflow.fetch_history()).events
        return sum(
            event.HasField("workflow_execution_signaled_event_attributes") for event in history
        )

    before = await signals()
    with stack.parts.store.write() as session:
        mark_health(session, connection_id, SCOPE_MISSING)

    async def shown() -> str:
        return await card(workflow)

    await eventually(shown, lambda text: "`scope_missing`" in text, within=5)
    assert (await workflow.describe()).typed_search_attributes[STATE] == "insufficient_scope"
    assert connection_of(stack, connection_id).is_reauth_started
    waker = Waker(stack.client, stack.parts.store, stack.parts.settings)
    for _ in range(3):
        await waker.wake(PersonNeeded(connection_id))
    assert await signals() == before + 1
    await workflow.terminate()


async def test_however_often_a_link_is_visited_one_ticket_is_open(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)
    seen = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    async with stack.browser() as scanner:
        pages = [{"redirectUrl": f"http://127.0.0.1:9/{n}"} for n in range(3)]
        for number in range(30):
            # A mail scanner follows every redirect, as far as Google's page.
            begun = await scanner.get(seen["reauthUrl"], params=pages[number % 3])
            assert (await scanner.get(begun.headers["location"])).status_code == 302
    query = f"WorkflowType = 'TicketWorkflow' AND CastlineWorkspace = '{tenant.workspace_id}'"

    async def running_tickets() -> list[str]:
        open_ones = f"{query} AND ExecutionStatus = 'Running'"
        return [row.id async for row in stack.client.list_workflows(open_ones)]

    (ticket,) = await eventually(running_tickets)
    history = await stack.client.get_workflow_handle(ticket).fetch_history()
    assert len(history.events) < 20
    # The person who comes last is served by the same ticket.
    visit = await tenant.browse(
        (await stack.http.get(seen["reauthUrl"])).headers["location"], account=ANA
    )
    assert visit.back.status_code == 200
    assert "The channel is connected" in visit.back.text
    after = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    assert after["health"] == "healthy"
