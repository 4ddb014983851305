"""Opening tickets."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from api.app import create_app
from api.context import Context
from domain.states import TicketState
from store.queries.access import tickets
from tests.support.api import CALLER_PAGE, PUBLIC_URL, Tenant, tenant_of
from tests.support.lifecycles import DirectedLifecycles

TICKETS = "/api/v1/oauth/tickets"
WANTED = {"platform": "youtube", "redirectUrl": CALLER_PAGE}


async def test_a_ticket_is_opened_for_five_minutes(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    answer = await ours.http.post(TICKETS, json=WANTED)
    assert answer.status_code == 201
    opened = answer.json()
    expected = f"{PUBLIC_URL}/api/v1/oauth/youtube/authorize?ticket={opened['ticketId']}"
    assert opened["authUrl"] == expected
    left = datetime.fromisoformat(opened["expiresAt"]) - datetime.now(UTC)
    assert 290 < left.total_seconds() <= 300
    assert [ticket.ticket_id for ticket in lifecycles.tickets] == [opened["ticketId"]]


async def test_a_ticket_can_be_asked_how_it_stands(ours: Tenant) -> None:
    opened = (await ours.http.post(TICKETS, json=WANTED)).json()
    ticket = (await ours.http.get(f"{TICKETS}/{opened['ticketId']}")).json()
    assert ticket["ticketId"] == opened["ticketId"]
    assert ticket["state"] == "open"
    assert (ticket["connectionIds"], ticket["leftOut"]) == ([], [])


async def test_a_ticket_says_which_account_it_is_for(ours: Tenant) -> None:
    connection_id = ours.connection().id
    for wanted, expected in (
        (WANTED, None),
        ({**WANTED, "connectionId": connection_id}, "A channel"),
    ):
        opened = (await ours.http.post(TICKETS, json=wanted)).json()
        ticket = (await ours.http.get(f"{TICKETS}/{opened['ticketId']}")).json()
        assert ticket["expectedAccount"] == expected


async def test_a_ticket_names_the_accounts_that_were_left_out_and_why(
    ours: Tenant, context: Context
) -> None:
    opened = (await ours.http.post(TICKETS, json=WANTED)).json()
    archive = {"account_id": "42", "name": "Archive", "code": "no_task", "sentence": "Ask them."}
    with context.store.write() as session:
        tickets.settle_ticket(
            session,
            opened["ticketId"],
            state=TicketState.CONNECTED,
            connection_ids=["con_1", "con_2"],
            left_out=[archive],
        )
    ticket = (await ours.http.get(f"{TICKETS}/{opened['ticketId']}")).json()
    assert ticket["connectionIds"] == ["con_1", "con_2"]
    assert ticket["leftOut"] == [
        {"accountId": "42", "name": "Archive", "code": "no_task", "error": "Ask them."}
    ]


async def test_a_ticket_is_opened_while_temporal_is_away(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    assert (await ours.http.post(TICKETS, json=WANTED)).status_code == 201


async def test_an_unknown_platform_is_refused(ours: Tenant) -> None:
    answer = await ours.http.post(TICKETS, json={**WANTED, "platform": "myspace"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "unknown_platform"
    assert answer.json()["details"].keys() == {"platform"}


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "http://127.0.0.1:8000/", "https://app.example.com.evil/", "x"]
)
async def test_a_redirect_that_is_not_on_the_allow_list_is_refused(ours: Tenant, url: str) -> None:
    answer = await ours.http.post(TICKETS, json={**WANTED, "redirectUrl": url})
    assert answer.status_code == 400
    assert answer.json()["code"] == "redirect_not_allowed"
    assert answer.json()["details"].keys() == {"redirectUrl"}


async def test_our_own_result_page_is_always_allowed(ours: Tenant) -> None:
    own = f"{PUBLIC_URL}/api/v1/oauth/done"
    answer = await ours.http.post(TICKETS, json={**WANTED, "redirectUrl": own})
    assert answer.status_code == 201


async def test_our_own_result_page_may_be_named_by_its_path_alone(ours: Tenant) -> None:
    """A client on the API's machine need not know at which address browsers reach it."""
    wanted = {**WANTED, "redirectUrl": "/api/v1/oauth/done"}
    answer = await ours.http.post(TICKETS, json=wanted)
    assert answer.status_code == 201
    with ours.context.store.read() as session:
        ticket = tickets.get_ticket(session, answer.json()["ticketId"], ours.workspace.id)
    assert ticket.redirect_url == f"{PUBLIC_URL}/api/v1/oauth/done"
    for path in ("/api/v1/oauth/done/..", "/elsewhere", "//evil.example/api/v1/oauth/done"):
        refused = await ours.http.post(TICKETS, json={**WANTED, "redirectUrl": path})
        assert refused.json()["code"] == "redirect_not_allowed"


async def test_loopback_is_open_when_the_emulator_stands_in(
    make_context: Callable[..., Context],
) -> None:
    tenant = tenant_of(
        create_app(
            make_context(emulator_url="http://127.0.0.1:8421", public_url="http://127.0.0.1:8420")
        ),
        "demo",
    )
    wanted = {**WANTED, "redirectUrl": "http://127.0.0.1:8000/"}
    assert (await tenant.http.post(TICKETS, json=wanted)).status_code == 201
    wanted["redirectUrl"] = "https://evil.example/"
    assert (await tenant.http.post(TICKETS, json=wanted)).status_code == 400


async def test_a_foreign_connection_is_not_found(ours: Tenant, theirs: Tenant) -> None:
    foreign = theirs.connection().id
    answer = await ours.http.post(TICKETS, json={**WANTED, "connectionId": foreign})
    assert (answer.status_code, answer.json()["code"]) == (404, "connection_not_found")


async def test_a_foreign_organization_is_not_found(ours: Tenant, theirs: Tenant) -> None:
    made = await theirs.http.post("/api/v1/organizations", json={"name": "Bakery"})
    wanted = {**WANTED, "organizationId": made.json()["id"]}
    answer = await ours.http.post(TICKETS, json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (404, "organization_not_found")


async def test_a_connection_to_another_platform_is_refused(ours: Tenant) -> None:
    other = ours.connection(platform="facebook").id
    answer = await ours.http.post(TICKETS, json={**WANTED, "connectionId": other})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_platform")


async def test_a_workspace_has_so_many_open_tickets_and_no_more(
    make_context: Callable[..., Context], lifecycles: DirectedLifecycles
) -> None:
    tenant = tenant_of(create_app(make_context(open_tickets_per_workspace=2)), "greedy")
    async with tenant.http as http:
        paths = {TICKETS: WANTED, "/api/youtube/auth/initiate/": None}
        for path, wanted in paths.items():
            assert (await http.post(path, json=wanted)).status_code in (200, 201)
        for path, wanted in paths.items():
            refused = await http.post(path, json=wanted)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_open_tickets")
            assert 1 <= int(refused.headers["Retry-After"]) <= 300
    assert len(lifecycles.tickets) == 2
