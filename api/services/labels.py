"""What a page of ours says of the ticket that brought the browser there.

A person is shown for whom a consent is, by the name of the workspace. It is looked up by what the
browser brought (a ticket's id, an OAuth state or a link's token), and is never the browser's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from api.context import Context
from domain.errors import CastlineError
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


def find_labels(here: Context, ticket_id: str) -> Labels:
    with here.store.read() as session:
        ticket = tickets.find_ticket(session, ticket_id)
        return Labels() if ticket is None else _labels_of(session, ticket)


def find_workspace_name(
    here: Context, query: Mapping[str, str], path: Mapping[str, str]
) -> str | None:
    """The workspace of the ticket or link that an address names; None for one that names none."""
    with here.store.read() as session:
        if "token" in path:
            return _name_of_link(here, session, path["token"])
        ticket = tickets.find_ticket(session, query.get("ticket", ""))
        if ticket is None and query.get("state"):
            ticket = tickets.find_ticket_by_state(session, Secret(query["state"]))
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
        is_confirming=ticket.state == TicketState.CONFIRMING,
    )
