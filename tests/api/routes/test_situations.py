"""The title of each page that a browser may end on, with its situation."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from activities.access.credentials import CredentialKeeper
from activities.contract.tickets import TicketOutcome
from api.context import Context
from api.services.consent_pages import open_state
from domain.explanations import EXPLANATIONS, ConsentRemedy, ErrorDetail
from domain.secrets import Secret
from domain.states import ConnectionHealth, TicketState
from platforms.registry import Registry
from store.queries.access import connections, tickets
from store.tables import now
from tests.support.api import CALLER_PAGE, Tenant, client
from tests.support.lifecycles import DirectedLifecycles

DONE = "/api/v1/oauth/done"
CALLBACK = "/api/youtube/auth/callback/"

Begin = Callable[[], Awaitable[dict[str, str]]]


def titled(answer: httpx2.Response) -> str:
    """The page's title, which its heading repeats."""
    assert answer.headers["Content-Type"].startswith("text/html"), answer.text
    (title,) = re.findall("<title>(.*) · Castline</title>", answer.text)
    (heading,) = re.findall("<h1>(.*)</h1>", answer.text)
    assert title == heading
    return str(title)


@pytest.fixture
def begin(ours: Tenant, browser: httpx2.AsyncClient) -> Begin:
    """Open the consent page of a ticket that ends on our own page; return its address's query."""

    async def begun() -> dict[str, str]:
        initiated = (await ours.http.post("/api/youtube/auth/initiate/")).json()
        page = await browser.get(initiated["authorization_url"])
        return dict(parse_qsl(urlsplit(page.headers["Location"]).query))

    return begun


def ticket_of(context: Context, page: dict[str, str]) -> str:
    opened = open_state(context.vault, Secret(page["state"]))
    assert opened is not None
    return opened.ticket_id


def claim(context: Context, page: dict[str, str], browser: httpx2.AsyncClient) -> str:
    """Let a callback of this browser hold the ticket; return the ticket's id."""
    ticket_id = ticket_of(context, page)
    (cookie,) = browser.cookies.values()
    with context.store.write() as session:
        assert tickets.claim_callback(
            session,
            context.vault,
            ticket_id,
            callback_digest="d",
            browser=Secret(cookie),
            verifier=Secret("verifier"),
            code=Secret("4/0A"),
        )
    return ticket_id


@pytest.mark.parametrize("detail", ErrorDetail)
async def test_no_end_without_a_connection_is_titled_connected(
    begin: Begin, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles, detail: ErrorDetail
) -> None:
    lifecycles.outcome = TicketOutcome(
        TicketState.FAILED, error_code=detail, error="Why.", error_detail=detail
    )
    page = await begin()
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert answer.status_code == 400
    assert titled(answer) in {
        "Not connected",
        "Nothing has changed",
        "The link has expired",
        "The link has been used",
        "The consent was not confirmed",
        "Open the link in a browser",
    }
    assert ("Nothing has changed." in answer.text) == ("<h1>Nothing has changed" in answer.text)
    assert f"<code>{detail}</code>" in answer.text
    is_operators = EXPLANATIONS[detail].remedy is ConsentRemedy.OPERATOR
    assert ("You cannot correct this yourself. Tell the person" in answer.text) == is_operators


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("temporarily_unavailable", "Google was not available. Start again in a few minutes."),
        ("admin_policy_enforced", "Ask the administrator to allow it, then start again."),
        ("org_internal", "open to accounts of its own organization only."),
    ],
)
async def test_a_page_says_which_word_ended_the_consent(
    begin: Begin, browser: httpx2.AsyncClient, word: str, sentence: str
) -> None:
    page = await begin()
    answer = await browser.get(CALLBACK, params={"state": page["state"], "error": word})
    assert titled(answer) == "Not connected"
    assert sentence in answer.text
    assert f"<code>{word}</code>" in answer.text


async def test_a_page_has_the_sentence_of_its_ticket(
    ours: Tenant, context: Context, begin: Begin, browser: httpx2.AsyncClient
) -> None:
    ticket_id = claim(context, await begin(), browser)
    with context.store.write() as session:
        tickets.settle_ticket(
            session,
            ticket_id,
            state=TicketState.REFUSED,
            error_code="scope_missing",
            error="The consent did not include youtube.upload.",
            error_detail=ErrorDetail.SCOPE_MISSING,
        )
    seen = (await ours.http.get(f"/api/v1/oauth/tickets/{ticket_id}")).json()
    named = {"status": "error", "error": "access_denied", "ticketId": ticket_id}
    answer = await browser.get(DONE, params={**named, "errorDetail": seen["errorDetail"]})
    assert seen["error"] in answer.text
    # What its row does not say is the table's.
    other = await browser.get(DONE, params={**named, "errorDetail": "no_page"})
    assert "youtube.upload" not in other.text
    assert "No Page was ticked" in other.text


async def test_a_connected_channel(begin: Begin, browser: httpx2.AsyncClient) -> None:
    page = await begin()
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert titled(answer) == "Connected"
    assert "The channel is connected." in answer.text
    # A second tab of the same browser.
    again = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0B"})
    assert titled(again) == "Connected"


async def test_pages_that_were_left_out_are_named_with_their_reason(
    app: FastAPI, ours: Tenant, context: Context, begin: Begin, browser: httpx2.AsyncClient
) -> None:
    ticket_id = claim(context, await begin(), browser)
    made = [ours.connection(account) for account in ("1", "2")]
    reasons = {"Archive <b>": "no_create_content", "Partner": "no_page_token"}
    with context.store.write() as session:
        for connection, name in zip(made, ("Bakery", "Catering"), strict=True):
            connections.update_connection(session, ours.workspace.id, connection.id, name=name)
        tickets.settle_ticket(
            session,
            ticket_id,
            state=TicketState.CONNECTED,
            connection_ids=[connection.id for connection in made],
            left_out=[
                {"account_id": name, "name": name, "code": code, "sentence": f"Why {code}."}
                for name, code in reasons.items()
            ],
        )
    answer = await browser.get(DONE, params={"status": "success", "ticketId": ticket_id})
    assert titled(answer) == "2 of 4 connected"
    assert "2 of 4 are connected: Bakery, Catering." in answer.text
    assert "<strong>Archive &lt;b&gt;</strong>: Why no_create_content." in answer.text
    assert "<strong>Partner</strong>: Why no_page_token." in answer.text
    # The ticket's id is in every authUrl.
    async with client(app, {"Accept": "text/html"}) as other:
        stranger = await other.get(DONE, params={"status": "success", "ticketId": ticket_id})
    for name in ("Bakery", "Catering", "Archive", "Partner", "of 4"):
        assert name not in stranger.text


async def test_a_consent_that_waits_for_its_confirmation(
    app: FastAPI, context: Context, begin: Begin, browser: httpx2.AsyncClient
) -> None:
    ticket_id = claim(context, await begin(), browser)
    with context.store.write() as session:
        tickets.lock_ticket(session, ticket_id).state = TicketState.CONFIRMING
    answer = await browser.get(DONE, params={"status": "success", "ticketId": ticket_id})
    assert titled(answer) == "Waiting for the confirmation"
    assert "as soon as the application that sent you here confirms it" in answer.text
    async with client(app, {"Accept": "text/html"}) as other:
        stranger = await other.get(DONE, params={"status": "success", "ticketId": ticket_id})
        unknown = await other.get(DONE, params={"status": "success"})
    assert titled(stranger) == titled(unknown)


async def test_a_consent_that_waits_for_a_worker(
    begin: Begin, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    page = await begin()
    lifecycles.is_away = True
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert titled(answer) == "Please wait"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        (DONE, "Not connected"),
        (f"{DONE}?error=access_denied", "Not connected"),
        (f"{DONE}?error=platform_error&errorDetail=no_page", "Not connected"),
        (f"{DONE}?error=ticket_expired", "The link has expired"),
        (f"{DONE}?error=invalid_ticket", "The link has been used"),
        (f"{DONE}?error=invalid_ticket&errorDetail=other_browser", "Nothing has changed"),
        ("/api/v1/oauth/youtube/authorize?ticket=x", "The link is not valid"),
        ("/api/v1/oauth/youtube/callback?state=x&code=y", "The link is not valid"),
        ("/api/v1/oauth/youtube/callback", "This page needs an answer from the platform"),
        ("/api/v1/oauth/reauth/abc", "The link is not valid"),
    ],
)
async def test_an_address_without_a_ticket(
    browser: httpx2.AsyncClient, path: str, title: str
) -> None:
    assert titled(await browser.get(path)) == title


async def test_a_link_that_has_done_its_work(ours: Tenant, browser: httpx2.AsyncClient) -> None:
    link = urlsplit(ours.context.reauth_links.make(ours.connection())).path
    ours.connection()  # authorized again
    answer = await browser.get(link)
    assert titled(answer) == "Nothing is left to do"
    assert "Nothing has to be done here." in answer.text


async def test_a_link_whose_channel_was_disconnected(
    ours: Tenant, context: Context, browser: httpx2.AsyncClient
) -> None:
    connection = ours.connection()
    link = urlsplit(context.reauth_links.make(connection)).path
    with context.store.write() as session:
        connections.disconnect(session, connection.id)
    assert titled(await browser.get(link)) == "The link has ended"


async def test_a_link_to_an_address_that_is_not_allowed(
    ours: Tenant, browser: httpx2.AsyncClient
) -> None:
    link = urlsplit(ours.context.reauth_links.make(ours.connection())).path
    answer = await browser.get(link, params={"redirectUrl": "https://evil.example.com/"})
    assert titled(answer) == "The address is not allowed"


async def test_a_link_of_a_workspace_with_too_many_tickets_waits(
    ours: Tenant,
    make_context: Callable[..., Context],
    app: FastAPI,
    browser: httpx2.AsyncClient,
) -> None:
    link = urlsplit(ours.context.reauth_links.make(ours.connection())).path
    app.state.context = make_context(open_tickets_per_workspace=1)
    wanted = {"platform": "youtube", "redirectUrl": CALLER_PAGE}
    await ours.http.post("/api/v1/oauth/tickets", json=wanted)
    answer = await browser.get(link)
    assert titled(answer) == "Please wait"
    assert answer.headers["Refresh"]


async def test_a_ticket_that_has_expired(
    context: Context, begin: Begin, browser: httpx2.AsyncClient
) -> None:
    page = await begin()
    with context.store.write() as session:
        tickets.lock_ticket(session, ticket_of(context, page)).expires_at = now() - timedelta(1)
    answer = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert titled(answer) == "The link has expired"


async def test_a_platform_that_is_not_configured(
    ours: Tenant, context: Context, app: FastAPI, begin: Begin, browser: httpx2.AsyncClient
) -> None:
    page = await begin()
    ticket_id = ticket_of(context, page)
    connection = ours.connection()
    link = urlsplit(context.reauth_links.make(connection)).path
    registry = Registry({"facebook": context.registry.get("facebook")})
    app.state.context = replace(
        context,
        registry=registry,
        credentials=CredentialKeeper(context.store, context.vault, registry),
    )
    for path in (
        f"/api/v1/oauth/youtube/authorize?ticket={ticket_id}",
        f"{CALLBACK}?state={page['state']}&code=y",
    ):
        answer = await browser.get(path)
        assert titled(answer) == "Not connected"
        assert "This installation has no access to Google at present." in answer.text
        assert "You cannot correct this yourself." in answer.text
    answer = await browser.get(link)
    assert (answer.status_code, titled(answer)) == (409, "The platform is not available")
    # The ticket and the connection are there, and say what they are.
    seen = (await ours.http.get(f"/api/v1/oauth/tickets/{ticket_id}")).json()
    assert (seen["state"], seen["platform"]) == ("consenting", "youtube")
    found = (await ours.http.get("/api/v1/connections")).json()
    assert [item["id"] for item in found["items"]] == [connection.id]
    path = f"/api/v1/connections/{connection.id}"
    read = await ours.http.get(path)
    assert (read.status_code, read.json()["health"]) == (200, ConnectionHealth.HEALTHY)
    assert (await ours.http.patch(path, json={"name": "Main"})).json()["name"] == "Main"
    wanted = {"platform": "youtube", "redirectUrl": CALLER_PAGE}
    refused = [
        await ours.http.get(f"{path}/channel"),
        await ours.http.post(f"{path}/refresh-token"),
        await ours.http.delete(path),
        await ours.http.get("/api/v1/platforms/youtube/capabilities"),
        await ours.http.post("/api/v1/oauth/tickets", json=wanted),
    ]
    for problem in refused:
        assert problem.status_code == 409, problem.text
        body = problem.json()
        assert (body["code"], body["remedy"]) == ("platform_not_configured", "operator")
        assert "not configured for youtube" in body["error"]
    # Nothing was erased by the attempt.
    assert (await ours.http.get(path)).json()["isActive"] is True
