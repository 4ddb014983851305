"""Confirming a ticket, as a tenant's backend meets it."""

from datetime import timedelta

import httpx2
import pytest
from sqlmodel import Session

from activities.access.confirming import hold
from api.context import Context
from domain.secrets import Secret
from domain.states import TicketState
from platforms.protocol import Account, Accounts, Credential
from store.queries.access import tickets
from store.tables import Ticket, now
from tests.support.api import CALLER_PAGE, Tenant

TICKETS = "/api/v1/oauth/tickets"
CONNECTIONS = "/api/v1/connections"


def consent(session: Session, context: Context, ticket: Ticket) -> None:
    """What the exchange of the code does."""
    credential = Credential(Secret("token"), Secret("refresh"), now() + timedelta(hours=1), ())
    hold(session, context.vault, ticket, Accounts([Account("UC9", "Nine", None, None, credential)]))


async def opened(tenant: Tenant, *, confirm: bool = True) -> str:
    wanted = {"platform": "youtube", "redirectUrl": CALLER_PAGE, "confirm": confirm}
    ticket_id: str = (await tenant.http.post(TICKETS, json=wanted)).json()["ticketId"]
    return ticket_id


@pytest.fixture
async def confirming(ours: Tenant, context: Context) -> str:
    ticket_id = await opened(ours)
    with context.store.write() as session:
        consent(session, context, tickets.get_ticket(session, ticket_id))
    return ticket_id


def refused(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_connection_is_inactive_until_its_ticket_is_confirmed(
    ours: Tenant, confirming: str
) -> None:
    seen = (await ours.http.get(f"{TICKETS}/{confirming}")).json()
    assert (seen["state"], seen["confirm"]) == ("confirming", True)
    assert seen["confirmBy"] is not None
    (connection_id,) = seen["connectionIds"]
    path = f"{CONNECTIONS}/{connection_id}"
    before = (await ours.http.get(path)).json()
    assert (before["isActive"], before["healthReason"]) == (False, "unconfirmed")
    assert (await ours.http.get(CONNECTIONS)).json()["total"] == 0
    assignment = {
        "connectionId": connection_id,
        "videoId": ours.video().id,
        "payload": {"title": "Bread"},
    }
    for answer in (
        await ours.http.post("/api/v1/assignments", json=assignment),
        await ours.http.patch(path, json={"isActive": True}),
        await ours.http.post(f"{path}/refresh-token"),
        await ours.http.get(f"{path}/channel"),
        await ours.http.get("/api/youtube/channel/"),
    ):
        assert answer.status_code in (400, 404, 409), answer.text

    confirmed = await ours.http.post(f"{TICKETS}/{confirming}/confirm")

    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "connected")
    assert confirmed.json()["connectionIds"] == [connection_id]
    after = (await ours.http.get(path)).json()
    assert (after["isActive"], after["health"]) == (True, "healthy")
    assert (await ours.http.post("/api/v1/assignments", json=assignment)).status_code == 201
    again = await ours.http.post(f"{TICKETS}/{confirming}/confirm")
    assert (again.status_code, again.json()) == (200, confirmed.json())


async def test_a_foreign_ticket_and_an_unknown_one_answer_alike(
    theirs: Tenant, ours: Tenant, confirming: str
) -> None:
    foreign = await theirs.http.post(f"{TICKETS}/{confirming}/confirm")
    unknown = await theirs.http.post(f"{TICKETS}/00000000-0000-4000-8000-000000000000/confirm")
    assert refused(foreign) == refused(unknown) == (404, "ticket_not_found")
    assert (await ours.http.get(f"{TICKETS}/{confirming}")).json()["state"] == "confirming"


async def test_a_ticket_without_confirm_has_nothing_to_confirm(ours: Tenant) -> None:
    ticket_id = await opened(ours, confirm=False)
    answer = await ours.http.post(f"{TICKETS}/{ticket_id}/confirm")
    assert refused(answer) == (409, "confirmation_not_requested")


async def test_a_ticket_cannot_be_confirmed_before_its_consent(
    ours: Tenant, context: Context
) -> None:
    ticket_id = await opened(ours)
    early = await ours.http.post(f"{TICKETS}/{ticket_id}/confirm")
    assert refused(early) == (409, "not_consented")
    assert early.headers["Retry-After"]
    with context.store.write() as session:
        tickets.settle_ticket(session, ticket_id, state=TicketState.REFUSED)
    ended = await ours.http.post(f"{TICKETS}/{ticket_id}/confirm")
    assert refused(ended) == (409, "ticket_not_connected")


async def test_a_ticket_cannot_be_confirmed_too_late(
    ours: Tenant, context: Context, confirming: str
) -> None:
    with context.store.write() as session:
        tickets.get_ticket(session, confirming).confirm_by = now()
    late = await ours.http.post(f"{TICKETS}/{confirming}/confirm")
    assert refused(late) == (409, "confirmation_expired")


async def test_what_was_deleted_is_not_confirmed(ours: Tenant, confirming: str) -> None:
    seen = (await ours.http.get(f"{TICKETS}/{confirming}")).json()
    answer = await ours.http.delete(f"{CONNECTIONS}/{seen['connectionIds'][0]}")
    assert (answer.status_code, answer.json()["grant"]) == (200, "ended_before")
    assert refused(await ours.http.post(f"{TICKETS}/{confirming}/confirm")) == (409, "disconnected")
