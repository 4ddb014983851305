"""A ticket's five minutes, whatever is down meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHandle

from domain.ids import ticket_workflow_id
from store.queries.access import tickets
from store.tables import now
from testkit.emulator import Emulator
from tests.support.stack import Stack, Tenant, Visit, eventually, running_stack, temporal_server


@pytest.fixture(scope="module")
async def temporal_apart() -> AsyncIterator[str]:
    """A dev server whose queues no other installation's worker serves."""
    async with temporal_server() as address:
        yield address


async def state_of(tenant: Tenant, ticket_id: str) -> str:
    seen = await tenant.ask("GET", f"/api/v1/oauth/tickets/{ticket_id}")
    return str(seen["state"])


async def until_over(stack: Stack, ticket_id: str) -> None:
    with stack.parts.store.read() as session:
        expires_at = tickets.get_ticket(session, ticket_id).expires_at

    async def is_over() -> bool:
        return now() > expires_at

    await eventually(is_over)


async def test_an_expired_ticket_does_not_set_out(tenant: Tenant) -> None:
    ticket_id, auth_url = await tenant.short_ticket(seconds=0.3)
    await eventually(lambda: state_of(tenant, ticket_id), lambda state: state == "expired")

    visit = await tenant.browse(auth_url)

    assert visit.callback == ""
    assert visit.result == error("ticket_expired", ticket_id)


async def test_an_expired_ticket_is_not_redeemed(tenant: Tenant, stack: Stack) -> None:
    ticket_id, auth_url = await tenant.short_ticket(seconds=2)
    async with stack.browser() as browser:
        page = await browser.get(auth_url)
        back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
        await eventually(lambda: state_of(tenant, ticket_id), lambda state: state == "expired")
        answer = await browser.get(back)

    assert Visit(page, answer, back).result == error("ticket_expired", ticket_id)
    assert stack.emulator.calls("oauth.token.exchange") == 0


async def test_a_ticket_that_expires_while_no_worker_runs_is_not_redeemed(
    tmp_path: Path, emulator: Emulator, temporal_apart: str
) -> None:
    async with running_stack(tmp_path, emulator, temporal_apart, works=False) as stack:
        tenant = await stack.tenant("apart")
        ticket_id, auth_url = await tenant.short_ticket(seconds=4)
        async with stack.browser() as browser:
            async with stack.working():
                page = await browser.get(auth_url)
            back = await asyncio.to_thread(emulator.consent, page.headers["location"])
            await until_over(stack, ticket_id)
            answer = await browser.get(back)
            async with stack.working():
                await eventually(
                    lambda: state_of(tenant, ticket_id), lambda state: state == "expired"
                )

        assert Visit(page, answer, back).result == error("ticket_expired", ticket_id)
        assert emulator.calls("oauth.token.exchange") == 0


async def test_a_callback_while_google_is_down_is_redeemed_when_it_is_back(
    tmp_path: Path, temporal_apart: str
) -> None:
    google = Emulator.start(state=tmp_path / "google.json")
    port = int(google.url.rpartition(":")[2])
    async with running_stack(tmp_path, google, temporal_apart) as stack:
        tenant = await stack.tenant("apart")
        ticket = await tenant.ticket()
        async with stack.browser() as browser:
            page = await browser.get(ticket["authUrl"])
            back = await asyncio.to_thread(google.consent, page.headers["location"])
            assert await asyncio.to_thread(google.stop) == 0
            returning = asyncio.create_task(browser.get(back))
            workflow = stack.client.get_workflow_handle(ticket_workflow_id(ticket["ticketId"]))
            await eventually(lambda: attempts_of(workflow), lambda attempts: attempts > 1)
            google = Emulator.start(port=port, state=tmp_path / "google.json")
            answer = await returning

        assert Visit(page, answer, back).result["status"] == "success"
        assert google.stop() == 0


async def attempts_of(workflow: WorkflowHandle[object, object]) -> int:
    """How often the running activity has been begun."""
    description = await workflow.describe()
    pending = description.raw_description.pending_activities
    return pending[0].attempt if pending else 0


def error(code: str, ticket_id: str) -> dict[str, str]:
    return {"status": "error", "error": code, "errorDetail": code, "ticketId": ticket_id}
