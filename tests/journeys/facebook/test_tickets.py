"""Tickets for Pages: one consent gives several, and they end with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from activities.access.packing import unpack
from domain.secrets import Secret
from store.queries.access import credentials
from testkit.meta import (
    ANA,
    ARCHIVE,
    BAKERY,
    BEN,
    CATERING,
    NOBODY,
    PARTIAL,
    PARTNER,
    SCOPES,
    ask,
    page_id,
    refusal,
)
from tests.support.stack import Stack, Tenant, Visit

DAY = 86_400
DORA = "dora@example.test"


async def set_out(tenant: Tenant, connection_id: str | None = None) -> dict[str, Any]:
    return await tenant.ticket(platform="facebook", connectionId=connection_id)


async def look(tenant: Tenant, ticket: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = await tenant.ask("GET", f"/api/v1/oauth/tickets/{ticket['ticketId']}")
    return seen


async def read(tenant: Tenant, connection_id: str) -> dict[str, Any]:
    seen: dict[str, Any] = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    return seen


async def refresh(tenant: Tenant, connection_id: str, status: int = 200) -> dict[str, Any]:
    path = f"/api/v1/connections/{connection_id}/refresh-token"
    seen: dict[str, Any] = await tenant.ask("POST", path, status=status)
    return seen


def token_of(stack: Stack, connection_id: str) -> Secret:
    with stack.parts.store.read() as session:
        stored = credentials.get_credential(session, stack.parts.vault, connection_id)
    return unpack(stored.secret).access_token


def refused(visit: Visit) -> tuple[str, str]:
    """What the caller's page is told."""
    assert visit.result["status"] == "error"
    return visit.result["error"], visit.result["errorDetail"]


def left_out(seen: dict[str, Any]) -> dict[str, str]:
    return {page["name"]: page["code"] for page in seen["leftOut"]}


async def test_one_consent_connects_every_page_and_says_why_others_were_left_out(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await set_out(tenant)

    visit = await tenant.browse(ticket["authUrl"])

    seen = await look(tenant, ticket)
    ids = seen["connectionIds"]
    assert visit.result["status"] == "success"
    assert visit.result["connectionId"] == ids[0]
    assert visit.result["connectionIds"] == ",".join(ids)
    made = [await read(tenant, id) for id in ids]
    assert [page["name"] for page in made] == [BAKERY, CATERING]
    assert [page["accountId"] for page in made] == [
        page_id(stack.emulator, name) for name in (BAKERY, CATERING)
    ]
    assert left_out(seen) == {ARCHIVE: "no_create_content", PARTNER: "no_page_token"}
    assert all(page["error"].endswith(".") for page in seen["leftOut"])
    for page in made:
        assert page["tokenLife"] == "permanent"
        left = datetime.fromisoformat(page["dataAccessEndsAt"]) - datetime.now(UTC)
        assert timedelta(days=89) < left <= timedelta(days=90)


async def test_only_the_pages_that_were_chosen_are_connected(tenant: Tenant, stack: Stack) -> None:
    pages = await tenant.pages(pages=[page_id(stack.emulator, CATERING)])

    assert pages.keys() == {CATERING}
    assert (await tenant.ask("GET", "/api/v1/connections"))["total"] == 1


async def test_a_consent_to_pages_that_are_all_left_out_fails_with_the_reason(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await set_out(tenant)
    chosen = [page_id(stack.emulator, ARCHIVE)]

    visit = await tenant.browse(ticket["authUrl"], pages=chosen)

    assert refused(visit) == ("platform_error", "no_create_content")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("failed", "no_create_content")
    assert left_out(seen) == {ARCHIVE: "no_create_content"}


@pytest.mark.parametrize("account", [NOBODY, ANA])
async def test_a_person_without_a_page_is_told_so(tenant: Tenant, account: str) -> None:
    ticket = await set_out(tenant)

    # Ana has Pages and ticks none.
    visit = await tenant.browse(ticket["authUrl"], account=account, pages=[])

    assert refused(visit) == ("platform_error", "no_page")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"], seen["leftOut"]) == ("failed", "no_page", [])


async def test_a_declined_permission_is_asked_for_again_by_the_next_ticket(tenant: Tenant) -> None:
    ticket = await set_out(tenant)
    visit = await tenant.browse(ticket["authUrl"], account=PARTIAL)
    assert refused(visit) == ("access_denied", "scope_missing")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorCode"]) == ("refused", "scope_missing")
    assert "pages_manage_posts" in seen["error"]

    ticket = await set_out(tenant)
    visit = await tenant.browse(ticket["authUrl"], account=PARTIAL, scopes=list(SCOPES))

    assert visit.result["status"] == "success"


async def test_a_denied_consent_connects_nothing(tenant: Tenant, stack: Stack) -> None:
    ticket = await set_out(tenant)

    visit = await tenant.browse(ticket["authUrl"], decision="deny")

    assert refused(visit) == ("access_denied", "access_denied")
    assert (await look(tenant, ticket))["state"] == "refused"
    assert stack.emulator.calls("token.exchange") == 0


async def test_a_dialog_that_breaks_ends_the_ticket(tenant: Tenant, stack: Stack) -> None:
    ticket = await set_out(tenant)
    stack.emulator.fault("dialog.decide", "graph_error", reason="1")

    visit = await tenant.browse(ticket["authUrl"])

    assert "error_code=1" in visit.callback
    assert "error=" not in visit.callback
    assert refused(visit) == ("platform_error", "server_error")
    seen = await look(tenant, ticket)
    assert (seen["state"], seen["errorDetail"], seen["platformError"]) == (
        "refused",
        "server_error",
        "1",
    )


@pytest.mark.parametrize(
    ("words", "detail", "remedy", "word"),
    [
        ({"error_code": "1349048"}, "redirect_uri_mismatch", "operator", "1349048"),
        ({"error_reason": "user_denied"}, "access_denied", "none", "user_denied"),
        ({"error_message": "Something"}, "consent_failed", "try_again", None),
        ({"error_code": "1349999"}, "consent_failed", "try_again", "1349999"),
    ],
)
async def test_a_callback_without_a_code_ends_its_ticket_whatever_it_says(
    tenant: Tenant, stack: Stack, words: dict[str, str], detail: str, remedy: str, word: str | None
) -> None:
    ticket = await set_out(tenant)
    async with stack.browser() as browser:
        page = await browser.get(ticket["authUrl"])
        query = httpx2.URL(page.headers["location"]).params
        back = await browser.get(query["redirect_uri"], params={"state": query["state"], **words})

    told = Visit(page, back, "").result
    seen = await look(tenant, ticket)
    assert told["errorDetail"] == seen["errorDetail"] == detail
    assert (seen["state"], seen["remedy"], seen["platformError"]) == ("refused", remedy, word)
    events = (await tenant.ask("GET", "/api/v1/events?limit=100"))["items"]
    (event,) = [event for event in events if event["subjectId"] == ticket["ticketId"]]
    assert event["type"] == "ticket.refused"
    for name in ("errorCode", "errorDetail", "error", "remedy", "platformError"):
        assert event["data"][name] == seen[name]


async def test_a_grant_that_was_had_is_not_asked_for_again(tenant: Tenant, stack: Stack) -> None:
    fault = stack.emulator.fault("me.accounts", "status", status=502, html=True)

    assert (await tenant.pages()).keys() == {BAKERY, CATERING}

    assert stack.emulator.fired(fault) == 1
    assert stack.emulator.calls("token.exchange") == 1


async def test_authorizing_a_page_again_keeps_its_connection_and_touches_no_other(
    tenant: Tenant, stack: Stack
) -> None:
    pages = await tenant.pages()
    before = {name: await read(tenant, id) for name, id in pages.items()}
    ticket = await set_out(tenant, pages[CATERING])

    visit = await tenant.browse(ticket["authUrl"])

    assert visit.result["connectionIds"] == pages[CATERING]
    # The consent names other Pages, too: they are none of this ticket's.
    assert (await look(tenant, ticket))["leftOut"] == []
    assert await read(tenant, pages[BAKERY]) == before[BAKERY]
    after = await read(tenant, pages[CATERING])
    assert after["connectedAt"] > before[CATERING]["connectedAt"]


async def test_authorizing_again_without_the_page_itself_changes_nothing(
    tenant: Tenant, stack: Stack
) -> None:
    pages = await tenant.pages()
    before = await read(tenant, pages[BAKERY])

    for account, chosen in ((BEN, None), (ANA, [page_id(stack.emulator, CATERING)])):
        ticket = await set_out(tenant, pages[BAKERY])
        visit = await tenant.browse(ticket["authUrl"], account=account, pages=chosen)
        assert refused(visit) == ("platform_error", "wrong_account")
        assert (await look(tenant, ticket))["state"] == "refused"

    assert await read(tenant, pages[BAKERY]) == before


async def test_authorizing_again_says_why_the_page_cannot_be_published_to_any_more(
    tenant: Tenant, stack: Stack
) -> None:
    pages = await tenant.pages()
    stack.emulator.account(ANA, platform="facebook", roles={BAKERY: ["ANALYZE"]})
    ticket = await set_out(tenant, pages[BAKERY])

    visit = await tenant.browse(ticket["authUrl"])

    assert refused(visit) == ("platform_error", "no_create_content")
    seen = await look(tenant, ticket)
    assert (seen["state"], left_out(seen)) == ("failed", {BAKERY: "no_create_content"})
    assert "admin of the Page" in seen["error"]


async def test_the_grant_ends_with_the_last_of_its_pages(tenant: Tenant, stack: Stack) -> None:
    # A person whom no other workspace of this installation knows.
    stack.emulator.account(DORA, platform="facebook", name="Dora", pages=2)
    pages = await tenant.pages(DORA)
    token = token_of(stack, pages["Dora 2"]).reveal()

    await tenant.ask("DELETE", f"/api/v1/connections/{pages['Dora 1']}", status=200)
    assert stack.emulator.calls("permissions.delete") == 0
    channel = await tenant.ask("GET", f"/api/v1/connections/{pages['Dora 2']}/channel")
    assert channel["title"] == "Dora 2"

    await tenant.ask("DELETE", f"/api/v1/connections/{pages['Dora 2']}", status=200)
    assert stack.emulator.calls("permissions.delete") == 1
    assert refusal(ask(stack.emulator, "me", token)) == (190, 458)
    for id in pages.values():
        assert (await read(tenant, id))["health"] == "disconnected"


async def test_the_end_of_data_access_is_warned_of_until_the_person_is_seen_again(
    tenant: Tenant, stack: Stack
) -> None:
    pages = await tenant.pages()
    stack.emulator.switch(data_access_seconds=13 * DAY)

    warned = await refresh(tenant, pages[BAKERY])
    assert (warned["health"], warned["healthReason"]) == ("expiring", "data_access_ending")
    assert (warned["healthUntil"], warned["tokenLife"]) == (warned["dataAccessEndsAt"], "permanent")

    stack.emulator.advance(10 * DAY)
    stack.emulator.switch(data_access_seconds=90 * DAY)
    ticket = await set_out(tenant, pages[BAKERY])
    await tenant.browse(ticket["authUrl"])
    seen = await read(tenant, pages[BAKERY])
    assert (seen["health"], seen["healthReason"]) == ("healthy", None)


@pytest.mark.parametrize(
    ("happening", "code", "others"),
    [
        ({"password_changed": True}, "password_changed", "needs_reauth"),
        ({"remove_app": True}, "app_removed", "needs_reauth"),
        ({"roles": {BAKERY: []}}, "role_lost", "healthy"),
    ],
)
async def test_a_refresh_of_a_dead_token_says_what_a_person_has_to_do(
    tenant: Tenant, stack: Stack, happening: dict[str, Any], code: str, others: str
) -> None:
    pages = await tenant.pages()
    stack.emulator.account(ANA, platform="facebook", **happening)

    problem = await refresh(tenant, pages[BAKERY], status=409)

    assert (problem["code"], problem["remedy"]) == (code, "reconnect")
    dead = await read(tenant, pages[BAKERY])
    assert (dead["health"], dead["healthReason"]) == ("needs_reauth", code)
    await refresh(tenant, pages[CATERING], status=409 if others == "needs_reauth" else 200)
    assert (await read(tenant, pages[CATERING]))["health"] == others
