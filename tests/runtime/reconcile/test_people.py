"""Tickets, re-authorizations and deliveries whose workflow is gone continue as if it were not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from temporalio.client import WorkflowExecutionStatus

from api.services.consent_pages import open_state
from domain.ids import reauth_workflow_id, ticket_workflow_id
from domain.secrets import Secret
from runtime.reconcile.sweeping import Swept
from runtime.runs import find_run
from store.queries.access import connections, tickets
from store.tables import now
from testkit.emulator import Emulator
from tests.support.reauth import asked, break_connection, reconnect
from tests.support.stack import Stack, Tenant, Visit, eventually, running_stack, temporal_server


@pytest.fixture(scope="module")
async def temporal_apart() -> AsyncIterator[str]:
    async with temporal_server() as address:
        yield address


@pytest.fixture
async def stack(tmp_path: Path, emulator: Emulator, temporal_apart: str) -> AsyncIterator[Stack]:
    async with running_stack(tmp_path, emulator, temporal_apart) as stack:
        yield stack


@pytest.fixture
async def tenant(stack: Stack) -> Tenant:
    return await stack.tenant("ours")


async def terminate(stack: Stack, workflow_id: str) -> None:
    await stack.client.get_workflow_handle(workflow_id).terminate(reason="A clumsy operator")

    async def is_listed() -> bool:
        running = stack.client.list_workflows("ExecutionStatus = 'Running'")
        return workflow_id in {one.id async for one in running}

    await eventually(is_listed, lambda listed: not listed)


async def is_running(stack: Stack, workflow_id: str) -> bool:
    described = await stack.client.get_workflow_handle(workflow_id).describe()
    return described.status is WorkflowExecutionStatus.RUNNING


async def state_of(tenant: Tenant, ticket_id: str) -> str:
    seen = await tenant.ask("GET", f"/api/v1/oauth/tickets/{ticket_id}")
    return str(seen["state"])


def grow_old(stack: Stack, ticket_id: str) -> None:
    with stack.parts.store.write() as session:
        tickets.lock_ticket(session, ticket_id).created_at -= timedelta(minutes=1)


# Tickets ---------------------------------------------------------------------------------


async def test_a_ticket_whose_workflow_is_gone_gets_another(stack: Stack, tenant: Tenant) -> None:
    ticket = await tenant.ticket()
    workflow_id = ticket_workflow_id(ticket["ticketId"])
    await terminate(stack, workflow_id)
    grow_old(stack, ticket["ticketId"])

    assert (await stack.sweep()).tickets == 1

    assert await is_running(stack, workflow_id)
    visit = await tenant.browse(ticket["authUrl"])
    assert visit.result["status"] == "success"


@pytest.mark.parametrize("moment", ["before it sets out", "on the consent page"])
async def test_a_browser_goes_on_although_its_ticket_lost_its_workflow(
    stack: Stack, tenant: Tenant, moment: str
) -> None:
    ticket = await tenant.ticket()
    workflow_id = ticket_workflow_id(ticket["ticketId"])
    async with stack.browser() as browser:
        if moment == "before it sets out":
            await terminate(stack, workflow_id)
        page = await browser.get(ticket["authUrl"])
        back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
        if moment == "on the consent page":
            await terminate(stack, workflow_id)
        answer = await browser.get(back)
    assert Visit(page, answer, back).result["status"] == "success"
    assert stack.emulator.calls("oauth.token.exchange") == 1


async def come_back(stack: Stack, auth_url: str) -> None:
    """A browser's whole way, and the end of the process right after it has stored the code."""
    ticket_id = parse_qs(urlsplit(auth_url).query)["ticket"][0]
    async with stack.browser() as browser:
        page = await browser.get(auth_url)
        (cookie,) = map(Secret, browser.cookies.values())
    [state] = parse_qs(urlsplit(page.headers["location"]).query)["state"]
    opened = open_state(stack.parts.vault, Secret(state))
    assert opened is not None
    back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
    [code] = parse_qs(urlsplit(back).query)["code"]
    with stack.parts.store.write() as session:
        assert tickets.claim_callback(
            session,
            stack.parts.vault,
            ticket_id,
            callback_digest="digest",
            browser=cookie,
            verifier=opened.verifier(cookie),
            code=Secret(code),
        )


async def test_a_code_that_came_in_time_is_redeemed_after_it(stack: Stack, tenant: Tenant) -> None:
    ticket_id, auth_url = await tenant.short_ticket(seconds=6)
    await come_back(stack, auth_url)
    # No sweep: its own workflow looks before it lets the ticket expire.
    await eventually(
        lambda: state_of(tenant, ticket_id), lambda seen: seen in ("connected", "expired")
    )
    assert await state_of(tenant, ticket_id) == "connected"
    assert stack.emulator.calls("oauth.token.exchange") == 1


async def test_a_stored_code_is_redeemed_by_the_sweep(stack: Stack, tenant: Tenant) -> None:
    ticket = await tenant.ticket()
    ticket_id = ticket["ticketId"]
    await come_back(stack, ticket["authUrl"])
    await terminate(stack, ticket_workflow_id(ticket_id))

    assert (await stack.sweep()).tickets == 1

    assert await state_of(tenant, ticket_id) == "connected"
    assert (await stack.sweep()).tickets == 0
    assert stack.emulator.calls("oauth.token.exchange") == 1


# Re-authorizations -----------------------------------------------------------------------


async def test_a_person_is_asked_for_again(stack: Stack, tenant: Tenant) -> None:
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)
    await asked(stack, connection_id)
    workflow_id = reauth_workflow_id(connection_id)
    await terminate(stack, workflow_id)

    assert (await stack.sweep()).asked == 1

    await asked(stack, connection_id)
    assert (await stack.sweep()).asked == 0
    await reconnect(tenant, connection_id)
    await eventually(lambda: is_running(stack, workflow_id), lambda running: not running)


async def test_one_that_has_reached_its_limit_is_left_alone(
    tmp_path: Path, emulator: Emulator, temporal_apart: str
) -> None:
    async with running_stack(tmp_path, emulator, temporal_apart, reauth_days=3e-5) as stack:
        tenant = await stack.tenant("late")
        connection_id = await tenant.connection()
        await break_connection(tenant, connection_id)
        workflow_id = reauth_workflow_id(connection_id)
        run = await eventually(lambda: find_run(stack.client, workflow_id))
        assert run is not None
        await stack.client.get_workflow_handle(workflow_id).result()
        await stack.sweep()
        with stack.parts.store.write() as session:
            row = connections.lock_connection(session, connection_id)
            row.health_since = now() + timedelta(days=1)  # as if the limit were far off
        assert (await stack.sweep()).asked == 0


async def test_a_sweep_that_finds_nothing_starts_nothing(stack: Stack, tenant: Tenant) -> None:
    await tenant.connection()
    await tenant.assign(
        await tenant.connection(), scheduledAt=(now() + timedelta(days=1)).isoformat()
    )

    async def executions() -> int:
        return (await stack.client.count_workflows("")).count

    await stack.sweep()  # what other tests have left on this server
    before = await executions()
    for _ in range(3):
        assert await stack.sweep() == Swept()
    assert await executions() == before
