"""The link of a notice: it makes a ticket whenever it is followed."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from api.context import Context
from domain.states import ConnectionHealth, TicketState
from store.queries.access import connections, tickets
from store.tables import Ticket, now
from tests.support.api import CALLER_PAGE, PUBLIC_URL, Tenant
from tests.support.lifecycles import DirectedLifecycles


@pytest.fixture
def link(ours: Tenant) -> str:
    return urlsplit(ours.context.reauth_links.make(ours.connection())).path


def ticket_of(context: Context, answer: httpx2.Response) -> Ticket:
    assert answer.status_code == 302, answer.text
    authorize, _, ticket_id = answer.headers["Location"].partition("?ticket=")
    assert authorize == f"{PUBLIC_URL}/api/v1/oauth/youtube/authorize"
    with context.store.read() as session:
        return tickets.get_ticket(session, ticket_id)


async def test_following_it_leads_to_the_consent_of_that_connection(
    link: str,
    ours: Tenant,
    context: Context,
    browser: httpx2.AsyncClient,
    lifecycles: DirectedLifecycles,
) -> None:
    answer = await browser.get(link)
    ticket = ticket_of(context, answer)
    (connection,) = (await ours.http.get("/api/v1/connections")).json()["items"]
    assert (ticket.connection_id, ticket.workspace_id) == (connection["id"], ours.workspace.id)
    assert ticket.redirect_url is None
    assert [started.ticket_id for started in lifecycles.tickets] == [ticket.id]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_one_ticket_serves_every_visit_whatever_its_parameters(
    link: str, context: Context, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    pages = [None, CALLER_PAGE, f"{CALLER_PAGE}?a=1", f"{CALLER_PAGE}?b={'x' * 500}", None]
    visits = []
    for number, page in enumerate(pages * 4):
        told = {"utm": str(number), **({"redirectUrl": page} if page else {})}
        ticket = ticket_of(context, await browser.get(link, params=told))
        # The latest visit says where its browser goes afterwards.
        assert ticket.redirect_url == page
        visits.append(ticket.id)
    assert len(set(visits)) == len(lifecycles.tickets) == 1


async def test_a_ticket_that_somebody_began_serves_the_next_visit(
    link: str, context: Context, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    first = ticket_of(context, await browser.get(link)).id
    await browser.get("/api/v1/oauth/youtube/authorize", params={"ticket": first})
    assert ticket_of(context, await browser.get(link)).id == first
    assert len(lifecycles.tickets) == 2  # the same one, started again by its consent page
    with context.store.write() as session:
        tickets.settle_ticket(session, first, state=TicketState.REFUSED)
    assert ticket_of(context, await browser.get(link)).id != first


async def test_visits_at_once_make_one_ticket(
    link: str, context: Context, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    answers = await asyncio.gather(*(browser.get(link) for _ in range(20)))
    assert len({ticket_of(context, answer).id for answer in answers}) == 1
    assert len(lifecycles.tickets) == 1


async def test_a_ticket_that_has_expired_is_not_handed_out_again(
    link: str, context: Context, browser: httpx2.AsyncClient
) -> None:
    first = ticket_of(context, await browser.get(link))
    with context.store.write() as session:
        tickets.get_ticket(session, first.id).expires_at = now() - timedelta(seconds=1)
    assert ticket_of(context, await browser.get(link)).id != first.id


async def test_a_ticket_of_the_tenants_own_is_not_handed_out_by_the_link(
    link: str, ours: Tenant, context: Context, browser: httpx2.AsyncClient
) -> None:
    connection_id = context.reauth_links.open(link.rpartition("/")[2]).connection_id
    wanted = {"platform": "youtube", "redirectUrl": CALLER_PAGE, "connectionId": connection_id}
    own = (await ours.http.post("/api/v1/oauth/tickets", json=wanted)).json()
    visit = await browser.get(link, params={"redirectUrl": CALLER_PAGE})
    assert ticket_of(context, visit).id != own["ticketId"]


async def test_a_link_of_a_workspace_with_too_many_tickets_is_a_page(
    link: str,
    make_context: Callable[..., Context],
    ours: Tenant,
    app: FastAPI,
    browser: httpx2.AsyncClient,
) -> None:
    app.state.context = make_context(open_tickets_per_workspace=1)
    wanted = {"platform": "youtube", "redirectUrl": CALLER_PAGE}
    await ours.http.post("/api/v1/oauth/tickets", json=wanted)
    answer = await browser.get(link)
    assert (answer.status_code, "too_many_open_tickets" in answer.text) == (429, True)
    assert 1 <= int(answer.headers["Retry-After"]) <= 300


async def test_whoever_only_looks_makes_no_ticket(
    link: str, ours: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    looked = await browser.head(link)
    assert (looked.status_code, looked.content) == (200, b"")
    assert lifecycles.tickets == []
    connection = ours.connection()  # authorized again
    assert (await browser.head(link)).status_code == 400
    assert connection.health == ConnectionHealth.HEALTHY


async def test_it_leads_back_to_an_address_on_the_allow_list(
    link: str, context: Context, browser: httpx2.AsyncClient
) -> None:
    answer = await browser.get(link, params={"redirectUrl": CALLER_PAGE})
    assert ticket_of(context, answer).redirect_url == CALLER_PAGE


async def test_it_leads_to_no_other_address(link: str, browser: httpx2.AsyncClient) -> None:
    answer = await browser.get(link, params={"redirectUrl": "https://evil.example.com/"})
    assert answer.status_code == 400
    assert "allow-list" in answer.text


async def test_it_ends_when_the_connection_does(
    link: str, ours: Tenant, context: Context, browser: httpx2.AsyncClient
) -> None:
    connection_id = context.reauth_links.open(link.rpartition("/")[2]).connection_id
    with context.store.write() as session:
        connections.disconnect(session, connection_id)
    answer = await browser.get(link)
    assert answer.status_code == 400
    assert "link_ended" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_a_link_that_is_not_ours_is_a_page(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/api/v1/oauth/reauth/abc")
    assert (answer.status_code, "link_unreadable" in answer.text) == (400, True)
