"""Tickets: open one, ask how it stands."""

from sqlmodel import Session

from api.auth import Caller
from api.context import Here
from api.routes.paging import PathId
from api.routes.strict import Asked, checked, json_router
from api.schemas.problem import answers
from api.schemas.v1.tickets import TicketOpened, TicketRequest, TicketView
from api.services.tickets import (
    authorize_url,
    callback_url,
    check_ticket,
    confirm_ticket,
    open_ticket,
)
from domain.consents import detail_of
from domain.errors import Conflict, NotFound, NotYet, TooManyRequests
from domain.explanations import EXPLANATIONS
from store.queries.access import tickets
from store.tables import Ticket

router = json_router("/oauth/tickets", "OAuth tickets")


def _check_new(asked: Asked) -> None:
    names = ("platform", "redirect_url", "connection_id", "organization_id")
    wanted = {name: asked.given.get(name) for name in names}
    with asked.here.store.read() as session:
        check_ticket(asked.here, session, asked.workspace_id, asked.faults, **wanted)


@router.post("", status_code=201, responses=answers(NotFound, Conflict, TooManyRequests))
@checked(_check_new)
def create(here: Here, workspace_id: Caller, wanted: TicketRequest) -> TicketOpened:
    """Open a ticket: permission to run one consent within five minutes.

    Keep `ticketId` in the session of the user for whom you open it, and accept a result at your
    `redirectUrl` only if its `ticketId` is that session's: an `authUrl` works in every browser.
    With `confirm` what the consent connects stays inactive until you confirm the ticket.
    """
    ticket = open_ticket(
        here,
        workspace_id,
        platform=wanted.platform,
        callback_url=callback_url(here, wanted.platform),
        redirect_url=wanted.redirect_url,
        connection_id=wanted.connection_id,
        organization_id=wanted.organization_id,
        requires_confirmation=wanted.confirm,
    )
    return TicketOpened(
        ticket_id=ticket.id, auth_url=authorize_url(here, ticket), expires_at=ticket.expires_at
    )


@router.get("/{ticket_id}", responses=answers(NotFound))
def read(here: Here, workspace_id: Caller, ticket_id: PathId) -> TicketView:
    """How the ticket stands, and the connections it made."""
    with here.store.read() as session:
        return _view(session, tickets.get_ticket(session, ticket_id, workspace_id))


@router.post("/{ticket_id}/confirm", responses=answers(NotFound, NotYet))
def confirm(here: Here, workspace_id: Caller, ticket_id: PathId) -> TicketView:
    """Make the connections of a ticket with `confirm` active. Doing it again changes nothing.

    Confirm where the browser arrives at your `redirectUrl`, and only if the session of that
    browser is the one that started this `ticketId`. Never confirm because the ticket's state, a
    list or a webhook shows that somebody has consented: that somebody may be a stranger whom your
    user has sent the link. What is not confirmed within an hour is removed.
    """
    ticket = confirm_ticket(here, workspace_id, ticket_id)
    with here.store.read() as session:
        return _view(session, ticket)


def _view(session: Session, ticket: Ticket) -> TicketView:
    expected = tickets.find_expected(session, ticket)
    detail = ticket.error_detail
    added = {
        "expected_account": None if expected is None else expected.name,
        "remedy": None if detail is None else EXPLANATIONS[detail_of(detail)].remedy,
    }
    return TicketView.model_validate(ticket).model_copy(update=added)
