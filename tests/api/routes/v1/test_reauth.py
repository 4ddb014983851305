"""The link of a notice: it makes a ticket whenever it is followed."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from api.context import Context
from domain.states import ConnectionHealth
from store.queries.access import connections, tickets
from store.tables import Ticket, now
from tests.support.api import CALLER_PAGE, PUBLIC_URL, Tenant
from tests.support.lifecycles import DirectedLifecycles


@pytest.fixture
def link(ours: Tenant) -> str:
    return urlsplit(ours.context.reauth_links.make(ours.connection())).path


def ticket_of(context: Context, answer: httpx.Response) -> Ticket:
    assert answer.status_code == 302, answer.text
    authorize, _, ticket_id = answer.headers["Location"].partition("?ticket=")
    assert authorize == f"{PUBLIC_URL}/api/v1/oauth/youtube/authorize"
    with context.store.read() as session:
        return tickets.get_ticket(session, ticket_id)


async def test_following_it_leads_to_the_consent_of_that_connection(
    link: str,
    ours: Tenant,
    context: Context,
    browser: httpx.AsyncClient,
    lifecycles: DirectedLifecycles,
) -> None:
    answer = await browser.get(link)
    ticket = ticket_of(context, answer)
    (connection,) = (await ours.http.get("/api/v1/connections")).json()["items"]
    assert (ticket.connection_id, ticket.workspace_id) == (connection["id"], ours.workspace.id)
    assert ticket.redirect_url is None
    assert [started.ticket_id for started in lifecycles.tickets] == [ticket.id]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_visits_share_a_ticket_until_somebody_sets_out_with_it(
    link: str, context: Context, browser: httpx.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    visits = [ticket_of(context, await browser.get(link)).id for _ in range(3)]
    assert len(set(visits)) == len(lifecycles.tickets) == 1
    elsewhere = await browser.get(link, params={"redirectUrl": CALLER_PAGE})
    assert ticket_of(context, elsewhere).id != visits[0]
    await browser.get("/api/v1/oauth/youtube/authorize", params={"ticket": visits[0]})
    assert ticket_of(context, await browser.get(link)).id != visits[0]


async def test_a_ticket_that_is_about_to_expire_is_not_handed_out_again(
    link: str, context: Context, browser: httpx.AsyncClient
) -> None:
    first = ticket_of(context, await browser.get(link))
    with context.store.write() as session:
        tickets.get_ticket(session, first.id).expires_at = now() + timedelta(minutes=1)
    assert ticket_of(context, await browser.get(link)).id != first.id


async def test_whoever_only_looks_makes_no_ticket(
    link: str, ours: Tenant, browser: httpx.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    looked = await browser.head(link)
    assert (looked.status_code, looked.content) == (200, b"")
    assert lifecycles.tickets == []
    connection = ours.connection()  # authorized again
    assert (await browser.head(link)).status_code == 400
    assert connection.health == ConnectionHealth.HEALTHY


async def test_it_leads_back_to_an_address_on_the_allow_list(
    link: str, context: Context, browser: httpx.AsyncClient
) -> None:
    answer = await browser.get(link, params={"redirectUrl": CALLER_PAGE})
    assert ticket_of(context, answer).redirect_url == CALLER_PAGE


async def test_it_leads_to_no_other_address(link: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(link, params={"redirectUrl": "https://evil.example.com/"})
    assert answer.status_code == 400
    assert "allow-list" in answer.text


async def test_it_ends_when_the_connection_does(
    link: str, ours: Tenant, context: Context, browser: httpx.AsyncClient
) -> None:
    connection_id = context.reauth_links.open(link.rpartition("/")[2]).connection_id
    with context.store.write() as session:
        connections.disconnect(session, connection_id)
    answer = await browser.get(link)
    assert answer.status_code == 400
    assert "link_ended" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_a_link_that_is_not_ours_is_a_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/v1/oauth/reauth/abc")
    assert (answer.status_code, "link_ended" in answer.text) == (400, True)
