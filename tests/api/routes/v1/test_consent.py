"""A browser's way through a consent."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from activities.contract.tickets import TicketOutcome
from api.context import Context
from api.services.consent_pages import open_state
from domain.errors import Conflict
from domain.secrets import Secret
from domain.states import TicketState
from store.queries.access import tickets
from store.tables import Ticket, now
from tests.support.api import CALLER_PAGE, Tenant, client, tenant_of
from tests.support.lifecycles import DirectedLifecycles

AUTHORIZE = "/api/v1/oauth/youtube/authorize"
CALLBACK = "/api/v1/oauth/youtube/callback"
EXPIRED = Conflict("ticket_expired", "Over.")
USED = Conflict("ticket_used", "Used.")

OpenTicket = Callable[..., Awaitable[str]]


@pytest.fixture
def open_ticket(ours: Tenant) -> OpenTicket:
    async def opened(redirect_url: str = CALLER_PAGE) -> str:
        wanted = {"platform": "youtube", "redirectUrl": redirect_url}
        answer = await ours.http.post("/api/v1/oauth/tickets", json=wanted)
        ticket_id: str = answer.json()["ticketId"]
        return ticket_id

    return opened


async def set_out(browser: httpx2.AsyncClient, ticket_id: str) -> dict[str, str]:
    """Open the consent page; return what its address says."""
    answer = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def result(answer: httpx2.Response) -> dict[str, str]:
    """What the browser tells the caller's own page, beside the ticket that it tells of."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(CALLER_PAGE + "?")
    told = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert UUID(told.pop("ticketId")).version == 4
    return told


async def test_the_browser_is_sent_to_the_consent_page(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    assert lifecycles.consents == [ticket_id]
    assert page["redirect_uri"] == "https://castline.example.com/api/v1/oauth/youtube/callback"
    assert page["code_challenge_method"] == "S256"
    assert len(page["state"]) >= 43


async def test_the_cookie_is_for_this_browser_alone(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient
) -> None:
    answer = await browser.get(AUTHORIZE, params={"ticket": await open_ticket()})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-castline-")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_consent_ends_with_the_connections_on_the_callers_page(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.outcome = TicketOutcome(TicketState.CONNECTED, ["con_1", "con_2"])
    page = await set_out(browser, await open_ticket(f"{CALLER_PAGE}?customer=7"))
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert result(answer) == {
        "customer": "7",
        "connectionId": "con_1",
        "connectionIds": "con_1,con_2",
        "status": "success",
    }


async def test_a_repeated_callback_gets_the_same_answer(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    page = await set_out(browser, await open_ticket())
    callback = {"state": page["state"], "code": "4/0A"}
    first = await browser.get(CALLBACK, params=callback)
    again = await browser.get(CALLBACK, params=callback)
    assert result(first) == result(again)
    assert len({digest for _, digest in lifecycles.redeemed}) == 1


async def test_a_repeated_callback_needs_no_temporal_once_all_is_over(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    context: Context,
    lifecycles: DirectedLifecycles,
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    callback = {"state": page["state"], "code": "4/0A"}
    first = await browser.get(CALLBACK, params=callback)
    with context.store.write() as session:
        tickets.settle_ticket(
            session, ticket_id, state=TicketState.CONNECTED, connection_ids=["con_made"]
        )
    lifecycles.is_away = True
    assert result(await browser.get(CALLBACK, params=callback)) == result(first)


async def test_another_code_for_the_same_consent_is_used_for_nothing(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    context: Context,
    lifecycles: DirectedLifecycles,
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    first = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    for answer in ({"code": "4/0B"}, {"error": "access_denied"}):
        other = await browser.get(CALLBACK, params={"state": page["state"], **answer})
        assert result(other) == result(first)
    assert len({digest for _, digest in lifecycles.redeemed}) == 1
    with context.store.read() as session:
        ticket = tickets.get_ticket(session, ticket_id)
    assert tickets.open_code(context.vault, ticket) == Secret("4/0A")


async def test_the_code_is_stored_sealed(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, context: Context
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A-secret"})
    with context.store.read() as session:
        ticket = tickets.get_ticket(session, ticket_id)
    assert b"4/0A-secret" not in (ticket.sealed_code or b"")
    assert tickets.open_code(context.vault, ticket) == Secret("4/0A-secret")


async def test_a_refused_consent_says_so(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient
) -> None:
    page = await set_out(browser, await open_ticket())
    refused = {"state": page["state"], "error": "access_denied"}
    assert result(await browser.get(CALLBACK, params=refused)) == {
        "status": "error",
        "error": "access_denied",
        "errorDetail": "access_denied",
    }


@pytest.mark.parametrize(
    "trouble",
    [
        {"error": "<script>"},
        # Trouble of the consent page itself has no `error` (facts: Facebook section 1.3).
        {"error_code": "<script>", "error_message": "<script>"},
        {"error_reason": "<script>"},
        {"error_message": "<script>"},
    ],
)
async def test_an_unknown_error_of_the_platform_ends_the_ticket_and_is_not_repeated(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
    trouble: dict[str, str],
) -> None:
    page = await set_out(browser, await open_ticket())
    failed = {"state": page["state"], **trouble}
    assert result(await browser.get(CALLBACK, params=failed)) == {
        "status": "error",
        "error": "platform_error",
        "errorDetail": "consent_failed",
    }
    assert "script" not in str(lifecycles.refused)


async def test_an_unknown_word_that_is_plainly_a_code_is_kept_for_the_operator(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    page = await set_out(browser, await open_ticket())
    callback = {"state": page["state"], "error_code": "1349999"}
    assert result(await browser.get(CALLBACK, params=callback))["errorDetail"] == "consent_failed"
    ((_, _, refusal),) = lifecycles.refused
    assert (refusal.error_code, refusal.platform_word) == ("consent_failed", "1349999")


@pytest.mark.parametrize(
    ("word", "error", "detail"),
    [
        ("access_denied", "access_denied", "access_denied"),
        ("temporarily_unavailable", "platform_error", "temporarily_unavailable"),
        ("admin_policy_enforced", "platform_error", "admin_policy_enforced"),
        ("org_internal", "platform_error", "org_internal"),
    ],
)
async def test_the_redirect_says_which_known_word_ended_the_consent(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    word: str,
    error: str,
    detail: str,
) -> None:
    page = await set_out(browser, await open_ticket())
    told = result(await browser.get(CALLBACK, params={"state": page["state"], "error": word}))
    assert told == {"status": "error", "error": error, "errorDetail": detail}


@pytest.mark.parametrize(
    ("outcome", "error", "reason"),
    [
        (TicketOutcome(TicketState.FAILED, [], "no_channel", "."), "platform_error", "no_channel"),
        (
            TicketOutcome(TicketState.REFUSED, [], "scope_missing", "."),
            "access_denied",
            "scope_missing",
        ),
        (
            TicketOutcome(TicketState.REFUSED, [], "wrong_account", "."),
            "platform_error",
            "wrong_account",
        ),
        (TicketOutcome(TicketState.EXPIRED), "ticket_expired", "ticket_expired"),
    ],
)
async def test_an_account_that_cannot_be_connected_says_why(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
    outcome: TicketOutcome,
    error: str,
    reason: str,
) -> None:
    lifecycles.outcome = outcome
    page = await set_out(browser, await open_ticket())
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert result(answer) == {"status": "error", "error": error, "errorDetail": reason}


@pytest.mark.parametrize(
    ("conflict", "error"), [(EXPIRED, "ticket_expired"), (USED, "invalid_ticket")]
)
async def test_a_ticket_that_is_over_goes_back_to_the_callers_page(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
    conflict: Conflict,
    error: str,
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    lifecycles.conflict = conflict
    callback = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    authorize = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    for answer in (authorize, callback):
        assert result(answer) == {"status": "error", "error": error, "errorDetail": conflict.code}


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (TicketState.EXPIRED, "ticket_expired"),
        (TicketState.CONNECTED, "invalid_ticket"),
        (TicketState.REFUSED, "invalid_ticket"),
    ],
)
async def test_a_settled_ticket_is_not_begun_again(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    context: Context,
    lifecycles: DirectedLifecycles,
    state: TicketState,
    error: str,
) -> None:
    ticket_id = await open_ticket()
    with context.store.write() as session:
        tickets.settle_ticket(session, ticket_id, state=state)
    answer = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    assert result(answer)["error"] == error
    assert lifecycles.consents == []


@pytest.mark.parametrize("ticket", ["", "3e0f5a66-6f4c-4f0c-9b8f-6a0b3f1d2c5e", "' OR 1=1 --"])
async def test_an_unknown_ticket_ends_on_a_page(browser: httpx2.AsyncClient, ticket: str) -> None:
    answer = await browser.get(AUTHORIZE, params={"ticket": ticket})
    assert_page(answer, 400, "invalid_ticket")


async def test_a_ticket_of_another_platform_ends_on_a_page(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient
) -> None:
    ticket_id = await open_ticket()
    answer = await browser.get("/api/v1/oauth/facebook/authorize", params={"ticket": ticket_id})
    assert_page(answer, 400, "invalid_ticket")


@pytest.mark.parametrize(
    "query", ["", "code=4/0A", "state=", "state=x", "error=access_denied", "state=&code=4/0A"]
)
async def test_a_callback_without_its_parts_ends_on_a_page(
    browser: httpx2.AsyncClient, query: str
) -> None:
    assert_page(await browser.get(f"{CALLBACK}?{query}"), 400, "empty_callback")


async def test_a_tampered_state_ends_on_a_page(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    page = await set_out(browser, await open_ticket())
    state = page["state"]
    # A decoder of base64 skips what is none, in the middle and at the end.
    for tampered in (state[:-1] + "~", state + "~", state[:9] + "!" + state[9:], state + "="):
        answer = await browser.get(CALLBACK, params={"state": tampered, "code": "4/0A"})
        assert_page(answer, 400, "invalid_ticket")
    assert lifecycles.redeemed == []


async def test_another_browser_cannot_bring_the_callback(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    app: FastAPI,
    lifecycles: DirectedLifecycles,
) -> None:
    page = await set_out(browser, await open_ticket())
    callback = {"state": page["state"], "code": "4/0A"}
    async with client(app) as other:
        answer = await other.get(CALLBACK, params=callback)
    assert result(answer) == {
        "status": "error",
        "error": "invalid_ticket",
        "errorDetail": "other_browser",
    }
    assert lifecycles.redeemed == []
    # It changed nothing: the right browser still can.
    assert result(await browser.get(CALLBACK, params=callback))["status"] == "success"


@pytest.mark.parametrize("answer", [{"code": "4/0A"}, {"error": "access_denied"}])
@pytest.mark.parametrize(
    "issuers",
    [
        ["https://evil.example.com"],
        [""],
        ["https://accounts.google.com/"],
        ["https://accounts.google.com", "https://evil.example.com"],
    ],
)
async def test_a_callback_of_another_issuer_changes_nothing(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
    issuers: list[str],
    answer: dict[str, str],
) -> None:
    page = await set_out(browser, await open_ticket())
    mixed_up = {"state": page["state"], **answer, "iss": issuers}
    assert result(await browser.get(CALLBACK, params=mixed_up)) == {
        "status": "error",
        "error": "invalid_ticket",
        "errorDetail": "wrong_issuer",
    }
    assert (lifecycles.redeemed, lifecycles.refused) == ([], [])
    own = {"state": page["state"], "code": "4/0A", "iss": "https://accounts.google.com"}
    assert result(await browser.get(CALLBACK, params=own))["status"] == "success"


async def test_a_callback_of_facebook_needs_no_issuer_and_takes_no_foreign_one(
    ours: Tenant, browser: httpx2.AsyncClient
) -> None:
    wanted = {"platform": "facebook", "redirectUrl": CALLER_PAGE}
    opened = (await ours.http.post("/api/v1/oauth/tickets", json=wanted)).json()
    begun = await browser.get(opened["authUrl"])
    state = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))["state"]
    path, callback = "/api/v1/oauth/facebook/callback", {"state": state, "code": "AQ"}
    foreign = {**callback, "iss": "https://accounts.google.com"}
    assert result(await browser.get(path, params=foreign))["errorDetail"] == "wrong_issuer"
    assert result(await browser.get(path, params=callback))["status"] == "success"


@pytest.mark.parametrize("first", [0, 1, 2])
async def test_the_first_of_several_consent_pages_to_come_back_wins(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    context: Context,
    lifecycles: DirectedLifecycles,
    first: int,
) -> None:
    ticket_id = await open_ticket()
    pages = [await set_out(browser, ticket_id) for _ in range(3)]
    assert len({page["state"] for page in pages}) == 3
    assert len({page["code_challenge"] for page in pages}) == 3
    winner = pages.pop(first)
    callback = {"state": winner["state"], "code": "4/0A"}
    won = result(await browser.get(CALLBACK, params=callback))
    assert won["status"] == "success"
    with context.store.read() as session:
        ticket = tickets.get_ticket(session, ticket_id)
    verifier = tickets.open_verifier(context.vault, ticket).reveal()
    digest = hashlib.sha256(verifier.encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == winner["code_challenge"]
    for page in pages:
        late = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0B"})
        assert result(late) == won
    again = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    assert result(again) == won
    assert len({digest for _, digest in lifecycles.redeemed}) == 1


async def test_a_link_preview_does_not_disturb_the_person(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, app: FastAPI
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    async with client(app) as preview:
        await set_out(preview, ticket_id)
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert result(answer)["status"] == "success"


async def test_two_callbacks_at_once_are_redeemed_once(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    ticket_id = await open_ticket()
    pages = [await set_out(browser, ticket_id) for _ in range(4)]
    callbacks = [{"state": page["state"], "code": f"4/0{n}"} for n, page in enumerate(pages)]
    answers = await asyncio.gather(*(browser.get(CALLBACK, params=one) for one in callbacks))
    assert [result(answer)["status"] for answer in answers] == ["success"] * 4
    assert len({digest for _, digest in lifecycles.redeemed}) == 1


async def test_tabs_that_a_browser_opens_at_once_are_both_bound_to_it(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, app: FastAPI
) -> None:
    ticket_id = await open_ticket()
    states = []
    for _ in range(2):
        # Neither tab has a cookie yet; the browser takes what both answers set.
        async with client(app) as tab:
            states.append((await set_out(tab, ticket_id))["state"])
            for name, value in tab.cookies.items():
                browser.cookies.set(name, value)
    assert len(browser.cookies) == 2
    first = await browser.get(CALLBACK, params={"state": states[0], "code": "4/0A"})
    second = await browser.get(CALLBACK, params={"state": states[1], "code": "4/0B"})
    assert result(first)["status"] == "success"
    assert result(second) == result(first)


async def test_a_cookie_that_we_did_not_name_binds_nothing(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient
) -> None:
    browser.cookies.set("__Host-castline-00000000", "planted")
    answer = await browser.get(AUTHORIZE, params={"ticket": await open_ticket()})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-castline-")
    assert "planted" not in cookie
    # The next page keeps the one that is ours.
    again = await browser.get(AUTHORIZE, params={"ticket": await open_ticket()})
    assert again.headers["Set-Cookie"] == cookie


async def test_another_browser_never_learns_how_the_consent_ended(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, app: FastAPI, context: Context
) -> None:
    # Otherwise the sender of the link could have the ticket confirmed after a stranger consented.
    ticket_id = await open_ticket()
    async with client(app) as other:
        own = await set_out(other, ticket_id)
        page = await set_out(browser, ticket_id)
        await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
        for is_over in (False, True):
            if is_over:
                with context.store.write() as session:
                    tickets.settle_ticket(
                        session, ticket_id, state=TicketState.CONNECTED, connection_ids=["con_1"]
                    )
            for answer in (
                await other.get(CALLBACK, params={"state": own["state"], "code": "4/0B"}),
                await other.get(AUTHORIZE, params={"ticket": ticket_id}),
            ):
                assert result(answer) == {
                    "status": "error",
                    "error": "invalid_ticket",
                    "errorDetail": "ticket_used",
                }


async def test_a_ticket_is_over_after_its_time_whatever_page_comes_back(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, context: Context
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    with context.store.write() as session:
        tickets.lock_ticket(session, ticket_id).expires_at = now()
    late = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert result(late)["errorDetail"] == "ticket_expired"


async def test_no_visit_takes_a_stored_code_from_the_ticket(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    context: Context,
    lifecycles: DirectedLifecycles,
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    lifecycles.is_away = True
    await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert_waiting(await browser.get(AUTHORIZE, params={"ticket": ticket_id}))
    lifecycles.is_away = False
    again = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    assert result(again)["status"] == "success"
    with context.store.read() as session:
        ticket = tickets.get_ticket(session, ticket_id)
    assert tickets.open_code(context.vault, ticket) == Secret("4/0A")


async def test_visits_to_a_consent_page_do_not_reach_the_workflow_again(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    ticket_id = await open_ticket()
    for _ in range(20):
        await set_out(browser, ticket_id)
    # Each Update would stay in the history, and a workflow takes 2000 of them.
    assert lifecycles.consents == [ticket_id]


async def test_a_visit_does_not_take_the_ticket_from_a_callback_that_is_being_redeemed(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    context: Context,
    lifecycles: DirectedLifecycles,
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    lifecycles.conflict = USED
    again = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    assert result(again)["errorDetail"] == "ticket_used"
    with context.store.read() as session:
        assert tickets.get_ticket(session, ticket_id).callback_digest is not None


async def test_two_consents_in_one_browser_do_not_disturb_each_other(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient
) -> None:
    first = await set_out(browser, await open_ticket())
    second = await set_out(browser, await open_ticket())
    for page in (first, second):
        answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
        assert result(answer)["status"] == "success"


def assert_waiting(page: httpx2.Response) -> None:
    assert page.status_code == 200
    assert "<h1>Please wait</h1>" in page.text
    assert page.headers["Refresh"].isdigit()
    assert "<script" not in page.text


@pytest.mark.parametrize("trouble", ["is_away", "hangs"])
async def test_a_callback_waits_on_a_page_and_goes_on_at_the_same_address(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
    context: Context,
    trouble: str,
) -> None:
    ticket_id = await open_ticket()
    page = await set_out(browser, ticket_id)
    callback = {"state": page["state"], "code": "4/0A-secret"}
    setattr(lifecycles, trouble, True)
    waiting = await browser.get(CALLBACK, params=callback)
    assert_waiting(waiting)
    assert "You may close it" in waiting.text
    for secret in callback.values():
        assert secret not in waiting.text
    with context.store.read() as session:
        ticket = tickets.get_ticket(session, ticket_id)
    assert tickets.open_code(context.vault, ticket).reveal() == "4/0A-secret"
    setattr(lifecycles, trouble, False)
    assert result(await browser.get(CALLBACK, params=callback))["status"] == "success"


async def test_a_refusal_waits_on_a_page_that_is_to_be_kept_open(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    page = await set_out(browser, await open_ticket())
    callback = {"state": page["state"], "error": "access_denied"}
    lifecycles.hangs = True
    waiting = await browser.get(CALLBACK, params=callback)
    assert_waiting(waiting)
    assert "Keep it open" in waiting.text
    lifecycles.hangs = False
    assert result(await browser.get(CALLBACK, params=callback))["error"] == "access_denied"


@pytest.mark.parametrize("trouble", ["is_away", "hangs"])
async def test_a_consent_that_cannot_begin_waits_on_a_page(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
    trouble: str,
) -> None:
    ticket_id = await open_ticket()
    setattr(lifecycles, trouble, True)
    waiting = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    assert_waiting(waiting)
    assert "Set-Cookie" not in waiting.headers
    setattr(lifecycles, trouble, False)
    await set_out(browser, ticket_id)


async def test_a_client_that_wants_json_is_told_to_wait_by_503(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    ticket_id = await open_ticket()
    as_json = {"Accept": "application/json"}
    lifecycles.hangs = True
    answer = await browser.get(AUTHORIZE, params={"ticket": ticket_id}, headers=as_json)
    assert (answer.status_code, answer.json()["code"]) == (503, "temporal_slow")
    assert answer.headers["Retry-After"]
    assert "Refresh" not in answer.headers


async def test_a_page_does_not_wait_for_a_ticket_that_has_expired(
    open_ticket: OpenTicket,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
    context: Context,
) -> None:
    ticket_id = await open_ticket()
    with context.store.write() as session:
        tickets.lock_ticket(session, ticket_id).expires_at = now() - timedelta(seconds=1)
    lifecycles.is_away = True
    expired = await browser.get(AUTHORIZE, params={"ticket": ticket_id})
    assert result(expired)["error"] == "ticket_expired"


async def test_a_ticket_opened_while_temporal_was_away_is_started_by_the_browser(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    ticket_id = await open_ticket()
    lifecycles.is_away = False
    await set_out(browser, ticket_id)
    assert [ticket.ticket_id for ticket in lifecycles.tickets] == [ticket_id]


async def test_the_result_page_shows_sentences_of_ours_only(browser: httpx2.AsyncClient) -> None:
    good = await browser.get("/api/v1/oauth/done?status=success&connectionId=con_1")
    assert good.status_code == 200
    assert "The channel is connected" in good.text
    marker = "<script>alert(1)</script>"
    for query in (
        f"error={marker}",
        f"error=access_denied&errorDetail={marker}",
        f"status={marker}",
        "",
    ):
        bad = await browser.get(f"/api/v1/oauth/done?{query}")
        assert bad.status_code == 400
        assert "alert" not in bad.text
        assert "default-src 'none'" in bad.headers["Content-Security-Policy"]


async def wrong_account(
    ours: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles, **back: str
) -> tuple[Ticket, httpx2.Response]:
    """Follow the link of a notice with another account than the connection's."""
    lifecycles.outcome = TicketOutcome(TicketState.REFUSED, [], "wrong_account", ".")
    link = urlsplit(ours.context.reauth_links.make(ours.connection())).path
    begun = await browser.get(link, params=back)
    page = await set_out(browser, begun.headers["Location"].partition("?ticket=")[2])
    opened = open_state(ours.context.vault, Secret(page["state"]))
    assert opened is not None
    with ours.context.store.read() as session:
        ticket = tickets.get_ticket(session, opened.ticket_id)
    code = {"state": page["state"], "code": "4/0A"}
    return ticket, await browser.get(CALLBACK, params=code)


async def test_the_caller_can_ask_which_account_was_expected(
    ours: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    ticket, back = await wrong_account(ours, browser, lifecycles, redirectUrl=CALLER_PAGE)
    told = dict(parse_qsl(urlsplit(back.headers["Location"]).query))
    assert (told["ticketId"], told["connectionId"]) == (ticket.id, ticket.connection_id)
    assert (told["status"], told["errorDetail"]) == ("error", "wrong_account")
    view = (await ours.http.get(f"/api/v1/oauth/tickets/{told['ticketId']}")).json()
    assert view["expectedAccount"] == "A channel"


async def test_the_person_is_told_which_account_was_expected(
    ours: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    ticket, page = await wrong_account(ours, browser, lifecycles)
    said = "This was another account; A channel was expected. Nothing has changed."
    assert said in page.text
    asked = {"error": "platform_error", "errorDetail": "wrong_account", "ticketId": ticket.id}
    assert said in (await browser.get("/api/v1/oauth/done", params=asked)).text
    unknown = await browser.get("/api/v1/oauth/done", params={**asked, "ticketId": "A+channel"})
    assert "the connection&#39;s own. Nothing has changed." in unknown.text


@pytest.fixture
async def named(app: FastAPI) -> AsyncIterator[Tenant]:
    """A workspace whose name is markup."""
    tenant = tenant_of(app, "Baker & <b>Sons</b>")
    async with tenant.http:
        yield tenant


ESCAPED = "Baker &amp; &lt;b&gt;Sons&lt;/b&gt;"


async def test_each_page_of_ours_names_the_workspace(
    named: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    initiated = (await named.http.post("/api/youtube/auth/initiate/")).json()
    begun = await browser.get(initiated["authorization_url"])
    state = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))["state"]
    ticket_id = initiated["authorization_url"].partition("?ticket=")[2]
    callback = {"state": state, "code": "4/0A"}
    link = urlsplit(named.context.reauth_links.make(named.connection())).path
    evil = {"redirectUrl": "https://evil.example.com/"}
    lifecycles.is_away = True
    pages = [
        # A page that waits for Temporal, and errors: another surface's path, a redirect that
        # is not allowed.
        await browser.get("/api/youtube/auth/callback/", params=callback),
        await browser.get(CALLBACK, params=callback),
        await browser.get(link, params=evil),
        await browser.get("/api/v1/oauth/facebook/authorize", params={"ticket": ticket_id}),
    ]
    lifecycles.is_away = False
    wrong = {**callback, "iss": "https://evil.example.com"}
    pages += [
        # Results: refused, connected, and the page to which a ticket may lead.
        await browser.get("/api/youtube/auth/callback/", params=wrong),
        await browser.get("/api/youtube/auth/callback/", params=callback),
        await browser.get(
            "/api/v1/oauth/done", params={"ticketId": ticket_id, "status": "success"}
        ),
    ]
    assert [page.status_code for page in pages] == [200, 400, 400, 400, 400, 200, 200]
    for page in pages:
        assert ESCAPED in page.text
        assert "<b>Sons" not in page.text


async def test_a_page_names_no_workspace_where_no_ticket_is_known(
    named: Tenant, browser: httpx2.AsyncClient
) -> None:
    for path in (
        f"{AUTHORIZE}?ticket=tkt_unknown",
        f"{CALLBACK}?state=x&code=y",
        "/api/v1/oauth/reauth/abc",
        "/api/v1/oauth/done?status=success&ticketId=tkt_unknown",
    ):
        assert "Workspace" not in (await browser.get(path)).text


async def test_the_link_can_be_read_by_no_cache(
    open_ticket: OpenTicket, browser: httpx2.AsyncClient
) -> None:
    page = await set_out(browser, await open_ticket())
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert "4/0A" not in str(parse_qs(urlsplit(answer.headers["Location"]).query))


def assert_page(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert f"<code>{code}</code>" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
