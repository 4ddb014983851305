"""What a page of ours says of the ticket that brought the browser there.

A person is shown for whom a consent is, by the name of the workspace. It is looked up by what the
browser brought (a ticket's id, an OAuth state or a link's token), and is never the browser's word.
How the consent ended, and for which accounts, is shown to the browser whose callback holds the
ticket, and to no other one that has the ticket's id: that is in every `authUrl`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from api.context import Context
from api.services.consent_pages import open_state
from domain.accounts import LeftOut
from domain.consents import detail_of, sentence_of
from domain.errors import CastlineError
from domain.explanations import ErrorDetail
from domain.secrets import Secret
from domain.states import TicketState
from store.queries import workspaces
from store.queries.access import connections, tickets
from store.tables import Ticket


@dataclass(frozen=True, slots=True)
class Labels:
    """All None where no ticket is known."""

    workspace: str | None = None
    expected: str | None = None
    """The name of the account whose consent alone the ticket takes."""
    is_confirming: bool = False
    """The connection becomes active only when the tenant's backend confirms it."""
    platform: str | None = None
    connected: tuple[str, ...] = ()
    """The names of the accounts that the ticket connected."""
    left_out: tuple[LeftOut, ...] = ()
    detail: ErrorDetail | None = None
    """Why the ticket ended without a connection, and the sentence that its row has."""
    error: str | None = None

    def sentence_of(self, detail: ErrorDetail) -> str:
        """What happened: in the ticket's own words where it is how the ticket ended."""
        if detail is self.detail and self.error is not None:
            return self.error
        if detail is ErrorDetail.WRONG_ACCOUNT and self.expected is not None:
            return f"This was another account; {self.expected} was expected. Nothing has changed."
        return sentence_of(detail, self.platform)


def find_labels(here: Context, ticket_id: str, cookies: Sequence[Secret] = ()) -> Labels:
    """What may be shown to a browser with these cookies."""
    with here.store.read() as session:
        ticket = tickets.find_ticket(session, ticket_id)
        if ticket is None:
            return Labels()
        labels = _labels_of(session, ticket)
        is_its_own = tickets.is_claimed_by(ticket, cookies)
        return _with_end(session, ticket, labels) if is_its_own else labels


def find_workspace_name(
    here: Context, query: Mapping[str, str], path: Mapping[str, str]
) -> str | None:
    """The workspace of the ticket or link that an address names; None for one that names none."""
    with here.store.read() as session:
        if "token" in path:
            return _name_of_link(here, session, path["token"])
        ticket = tickets.find_ticket(session, query.get("ticket", ""))
        opened = open_state(here.vault, Secret(query.get("state", "")))
        if ticket is None and opened is not None:
            ticket = tickets.find_ticket(session, opened.ticket_id)
        return None if ticket is None else _labels_of(session, ticket).workspace


def _name_of_link(here: Context, session: Session, token: str) -> str | None:
    try:
        connection_id = here.reauth_links.open(token).connection_id
        connection = connections.get_connection_by_id(session, connection_id)
    except CastlineError:
        return None
    return workspaces.get_workspace(session, connection.workspace_id).name


def _labels_of(session: Session, ticket: Ticket) -> Labels:
    expected = tickets.find_expected(session, ticket)
    return Labels(
        workspace=workspaces.get_workspace(session, ticket.workspace_id).name,
        expected=None if expected is None else expected.name,
        platform=ticket.platform,
    )


def _with_end(session: Session, ticket: Ticket, labels: Labels) -> Labels:
    is_connected = ticket.state == TicketState.CONNECTED
    return replace(
        labels,
        is_confirming=ticket.state == TicketState.CONFIRMING,
        connected=tuple(connection.name for connection in tickets.list_connected(session, ticket))
        if is_connected
        else (),
        left_out=tuple(LeftOut(**account) for account in ticket.left_out),
        detail=None if ticket.error_detail is None else detail_of(ticket.error_detail),
        error=ticket.error,
    )
