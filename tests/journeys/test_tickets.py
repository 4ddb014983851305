"""Tickets against real lifecycles: used once, in time, by the browser that set out."""

import asyncio
from typing import Any

import httpx2
import pytest

from store.queries.access import tickets
from testkit.emulator import ANA
from tests.support.stack import Stack, Tenant, Visit, eventually

EXCHANGE = "oauth.token.exchange"


async def look(tenant: Tenant, ticket: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = await tenant.ask("GET", f"/api/v1/oauth/tickets/{ticket['ticketId']}")
    return seen


async def connections(tenant: Tenant) -> list[dict[str, Any]]:
    page = await tenant.ask("GET", "/api/v1/connections")
    items: list[dict[str, Any]] = page["items"]
    return items


def refused(visit: Visit) -> tuple[str, str]:
    """What the caller's page is told."""
    assert visit.result["status"] == "error"
    return visit.result["error"], visit.result["errorDetail"]


async def test_a_consent_makes_a_connection(tenant: Tenant) -> None:
    ticket = await tenant.ticket(redirectUrl="http://127.0.0.1:9/back?customer=7")

    visit = await tenant.browse(ticket["authUrl"])

    (connection,) = await connections(tenant)
    assert visit.result == {
        "customer": "7",
        "ticketId": ticket["ticketId"],
        "status": "success",
        "connectionId": connection["id"],
        "connectionIds": connection["id"],
    }
    assert connection["name"] == "Ana Cooks"
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["connectionIds"]) == ("connected", [connection["id"]])


async def test_a_ticket_shows_where_it_is(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()
    walk = [(await look(tenant, ticket))["state"]]
    async with stack.browser() as browser:
        page = await browser.get(ticket["authUrl"])
        walk.append((await look(tenant, ticket))["state"])
        back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
        stack.emulator.fault(EXCHANGE, "slow", delay_seconds=1.5)
        returning = asyncio.create_task(browser.get(back))
        await eventually(
            lambda: look(tenant, ticket), lambda seen: seen["state"] == "connecting", within=5
        )
        walk.append("connecting")
        await returning
    walk.append((await look(tenant, ticket))["state"])

    assert walk == ["open", "consenting", "connecting", "connected"]


async def test_a_repeated_callback_gets_the_first_answer(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()
    async with stack.browser() as browser:
        visit = await tenant.browse(ticket["authUrl"], browser=browser)
        again = await browser.get(visit.callback)

    assert again.headers["location"] == visit.back.headers["location"]
    assert stack.emulator.calls(EXCHANGE) == 1


async def test_ten_callbacks_at_once_connect_once(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()
    async with stack.browser() as browser:
        page = await browser.get(ticket["authUrl"])
        back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
        answers = await asyncio.gather(*(browser.get(back) for _ in range(10)))

    assert len({answer.headers["location"] for answer in answers}) == 1
    assert "status=success" in answers[0].headers["location"]
    assert len(await connections(tenant)) == 1
    assert stack.emulator.calls(EXCHANGE) == 1


async def test_another_code_for_a_used_ticket_is_used_for_nothing(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await tenant.ticket()
    async with stack.browser() as browser, stack.browser() as stranger:
        visit = await tenant.browse(ticket["authUrl"], browser=browser)
        other = await browser.get(with_query(visit.callback, code="4/0Aanother"))
        again = await browser.get(ticket["authUrl"])
        strange = await stranger.get(ticket["authUrl"])

    for answer in (other, again):
        assert Visit(answer, answer, "").result == visit.result
    assert refused(Visit(strange, strange, "")) == ("invalid_ticket", "ticket_used")
    assert stack.emulator.calls(EXCHANGE) == 1


async def test_a_consent_page_in_two_tabs_connects_once(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()
    async with stack.browser() as browser, stack.browser() as preview:
        tabs = [await browser.get(ticket["authUrl"]) for _ in range(2)]
        await preview.get(ticket["authUrl"])
        backs = [
            await asyncio.to_thread(stack.emulator.consent, tab.headers["location"]) for tab in tabs
        ]
        answers = await asyncio.gather(*(browser.get(back) for back in backs))

    results = [
        Visit(tab, answer, back).result
        for tab, answer, back in zip(tabs, answers, backs, strict=True)
    ]
    assert [result["status"] for result in results] == ["success", "success"]
    assert results[0] == results[1]
    assert len(await connections(tenant)) == 1
    assert stack.emulator.calls(EXCHANGE) == 1


async def test_each_of_two_tabs_may_come_back_first(tenant: Tenant, stack: Stack) -> None:
    for first in (0, 1):
        ticket = await tenant.ticket()
        async with stack.browser() as browser:
            tabs = [await browser.get(ticket["authUrl"]) for _ in range(2)]
            page = tabs[first].headers["location"]
            back = await asyncio.to_thread(stack.emulator.consent, page)
            answer = await browser.get(back)
        # The exchange proves the verifier of that very page.
        assert Visit(tabs[first], answer, back).result["status"] == "success"
    assert stack.emulator.calls(EXCHANGE) == 2


async def test_a_denied_consent_connects_nothing(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()

    visit = await tenant.browse(ticket["authUrl"], decision="deny")

    assert refused(visit) == ("access_denied", "access_denied")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("refused", "access_denied")
    assert stack.emulator.calls(EXCHANGE) == 0


async def test_a_consent_without_the_upload_scope_is_refused(tenant: Tenant) -> None:
    ticket = await tenant.ticket()

    visit = await tenant.browse(ticket["authUrl"], account="partial@example.test")

    assert refused(visit) == ("access_denied", "scope_missing")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("refused", "scope_missing")
    assert "youtube.upload" in seen["error"]
    assert await connections(tenant) == []


async def test_an_account_without_a_channel_is_told_so(tenant: Tenant) -> None:
    ticket = await tenant.ticket()

    visit = await tenant.browse(ticket["authUrl"], account="nochannel@example.test")

    assert refused(visit) == ("platform_error", "no_channel")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("refused", "no_channel")
    assert await connections(tenant) == []


async def test_authorizing_again_keeps_the_connection(tenant: Tenant) -> None:
    connection_id = await tenant.connection()
    (before,) = await connections(tenant)
    ticket = await tenant.ticket(connectionId=connection_id)

    visit = await tenant.browse(ticket["authUrl"])

    assert visit.result["connectionId"] == connection_id
    (after,) = await connections(tenant)
    assert after["id"] == connection_id
    assert after["connectedAt"] > before["connectedAt"]


async def test_authorizing_again_with_another_account_changes_nothing(tenant: Tenant) -> None:
    connection_id = await tenant.connection()
    before = await connections(tenant)
    ticket = await tenant.ticket(connectionId=connection_id)

    visit = await tenant.browse(ticket["authUrl"], account="ben@example.test")

    assert refused(visit) == ("platform_error", "wrong_account")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("refused", "wrong_account")
    assert await connections(tenant) == before


async def test_a_ticket_from_before_a_disconnection_revives_nothing(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    ticket = await tenant.ticket(connectionId=connection_id)
    async with stack.browser() as browser:
        page = await browser.get(ticket["authUrl"])
        await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}")
        back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
        answer = await browser.get(back)

    assert refused(Visit(answer, answer, "")) == ("platform_error", "disconnected")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("refused", "disconnected")
    assert await connections(tenant) == []
    later = await tenant.ticket(connectionId=connection_id)
    assert (await tenant.browse(later["authUrl"])).result["connectionId"] == connection_id


async def test_two_workspaces_may_connect_the_same_channel(tenant: Tenant, stack: Stack) -> None:
    other = await stack.tenant(f"{tenant.workspace_id} other")

    ours, theirs = await tenant.connection(), await other.connection()

    assert ours != theirs
    assert [connection["id"] for connection in await connections(tenant)] == [ours]
    assert [connection["id"] for connection in await connections(other)] == [theirs]
    for path in ("", "/channel"):
        await tenant.ask("GET", f"/api/v1/connections/{theirs}{path}", status=404)


async def test_a_foreign_connection_is_not_found(tenant: Tenant, stack: Stack) -> None:
    other = await stack.tenant(f"{tenant.workspace_id} other")
    theirs = await other.connection()
    body = {"platform": "youtube", "redirectUrl": "http://127.0.0.1:9/back"}

    for connection_id in (theirs, "00000000-0000-7000-8000-000000000000"):
        problem = await tenant.ask(
            "POST", "/api/v1/oauth/tickets", {**body, "connectionId": connection_id}, status=404
        )
        assert problem["code"] == "connection_not_found"


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "javascript:alert(1)", "http://127.0.0.1.evil.example/"]
)
async def test_a_redirect_that_nobody_allowed_is_refused(tenant: Tenant, address: str) -> None:
    body = {"platform": "youtube", "redirectUrl": address}
    problem = await tenant.ask("POST", "/api/v1/oauth/tickets", body, status=400)
    assert "redirectUrl" in problem["details"]


async def test_a_callback_that_is_not_the_browsers_own_changes_nothing(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await tenant.ticket()
    async with stack.browser() as browser, stack.browser() as stranger:
        page = await browser.get(ticket["authUrl"])
        back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
        # The first lacks the cookie, the second has one of its own.
        without = await stranger.get(back)
        await stranger.get((await tenant.ticket())["authUrl"])
        other = await stranger.get(back)
        for answer in (without, other):
            assert refused(Visit(answer, answer, "")) == ("invalid_ticket", "other_browser")
        for query in ({"state": "x" * 43}, {"state": ""}):
            assert (await browser.get(with_query(back, **query))).status_code == 400
        assert (await browser.get(back.partition("?")[0])).status_code == 400
        assert (await look(tenant, ticket))["state"] == "consenting"

        assert "status=success" in (await browser.get(back)).headers["location"]


async def test_a_token_endpoint_that_recovers_is_waited_for(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()
    fault = stack.emulator.fault(EXCHANGE, "status", status=500, times=3)

    visit = await tenant.browse(ticket["authUrl"])

    assert visit.result["status"] == "success"
    assert stack.emulator.fired(fault) == 3


async def test_a_token_endpoint_that_stays_broken_ends_the_ticket(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await tenant.ticket()
    stack.emulator.fault(EXCHANGE, "status", status=500, html=True, times=None)

    visit = await tenant.browse(ticket["authUrl"])

    assert refused(visit) == ("platform_error", "temporarily_unavailable")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("failed", "oauth_unavailable")
    assert (seen["errorDetail"], seen["remedy"]) == ("temporarily_unavailable", "try_again")
    with stack.parts.store.read() as session:
        row = tickets.get_ticket(session, ticket["ticketId"])
    assert (row.sealed_code, row.sealed_verifier, row.sealed_grant) == (None, None, None)


async def test_a_code_that_google_rejects_ends_the_ticket_at_once(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await tenant.ticket()
    async with stack.browser() as browser:
        page = await browser.get(ticket["authUrl"])
        back = await asyncio.to_thread(stack.emulator.consent, page.headers["location"])
        answer = await browser.get(with_query(back, code="malformed"))

    assert refused(Visit(answer, answer, "")) == ("platform_error", "code_rejected")
    assert stack.emulator.calls(EXCHANGE) == 1


async def test_a_grant_that_was_had_is_not_asked_for_again(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()
    stack.emulator.fault("channels.list", "status", status=503, times=2)

    visit = await tenant.browse(ticket["authUrl"], account=ANA)

    assert visit.result["status"] == "success"
    assert stack.emulator.calls(EXCHANGE) == 1
    assert stack.emulator.calls("channels.list") == 3


def with_query(address: str, **changes: str) -> str:
    """The callback with parts of its query replaced."""
    return str(httpx2.URL(address).copy_merge_params(changes))
