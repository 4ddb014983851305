"""Opening tickets.

The row is committed first and the workflow started after it, so a crash or an absent
Temporal between the two leaves a ticket that works as soon as the workflow is there.
"""

import logging
from datetime import timedelta

from activities.contract.tickets import TicketInput
from api.context import Context, on_loop
from api.redirects import is_allowed, is_loopback
from domain.errors import InvalidRequest, Unavailable
from domain.ids import WorkspaceId
from store.queries import workspaces
from store.queries.access import connections, tickets
from store.tables import Connection, Ticket, now

log = logging.getLogger("castline.api")

LIFETIME = timedelta(minutes=5)
_STILL_USEFUL = timedelta(minutes=2)
"""A ticket that lives for less is not handed out again."""

DONE = "/api/v1/oauth/done"
"""Our own result page: every workspace may send its browsers there."""


def open_ticket(
    here: Context,
    workspace_id: WorkspaceId,
    *,
    platform: str,
    callback_url: str,
    redirect_url: str | None = None,
    connection_id: str | None = None,
    organization_id: str | None = None,
) -> Ticket:
    """Write a ticket and start its workflow. A retry opens another ticket, which harms nobody.

    Raises `InvalidRequest` for an unknown platform, a redirect that is not on the
    allow-list or a connection to another platform, and `NotFound` for foreign ids.
    """
    here.registry.get(platform)
    with here.store.write() as session:
        workspace = workspaces.get_workspace(session, workspace_id)
        if redirect_url is not None:
            _check_redirect(here, redirect_url, workspace.redirect_prefixes)
        if connection_id is not None:
            known = connections.get_connection(session, workspace_id, connection_id)
            if known.platform != platform:
                sentence = f"This connection is one to {known.platform}."
                raise InvalidRequest(
                    "wrong_platform", sentence, details={"connectionId": [sentence]}
                )
        ticket = tickets.create_ticket(
            session,
            workspace_id=workspace_id,
            platform=platform,
            redirect_url=redirect_url,
            callback_url=callback_url,
            expires_at=now() + LIFETIME,
            connection_id=connection_id,
            organization_id=organization_id,
        )
    try:
        on_loop(here.lifecycles.start_ticket, ticket_input(ticket))
    except Unavailable:
        log.warning("ticket %s waits for Temporal", ticket.id)
    return ticket


def open_reauth_ticket(here: Context, token: str, redirect_url: str | None) -> Ticket:
    """The ticket of somebody who follows a link to authorize a connection again.

    A ticket that nobody has begun yet serves the next visit as well, for a link may be visited
    without end; what looks at it first, such as a preview, takes nothing from the person.
    Raises `InvalidRequest`: code `link_ended` once there is nothing left to authorize,
    `redirect_not_allowed` as for any other ticket.
    """
    connection = check_way_in(here, token)
    with here.store.read() as session:
        waiting = tickets.find_open_ticket(
            session,
            connection_id=connection.id,
            redirect_url=redirect_url,
            expires_after=now() + _STILL_USEFUL,
        )
    if waiting is not None:
        return waiting
    return open_ticket(
        here,
        WorkspaceId(connection.workspace_id),
        platform=connection.platform,
        callback_url=callback_url(here, connection.platform),
        redirect_url=redirect_url,
        connection_id=connection.id,
    )


def check_way_in(here: Context, token: str) -> Connection:
    """The connection to which a link leads. Raises `InvalidRequest` (code `link_ended`)."""
    way_in = here.reauth_links.open(token)
    with here.store.read() as session:
        connection = connections.get_connection_by_id(session, way_in.connection_id)
    way_in.check(connection)
    return connection


def find_expected_account(here: Context, ticket_id: str) -> str | None:
    """The name of the account whose consent alone the ticket takes; None where any will do."""
    with here.store.read() as session:
        ticket = tickets.find_ticket(session, ticket_id)
        expected = None if ticket is None else tickets.find_expected(session, ticket)
    return None if expected is None else expected.name


def ticket_input(ticket: Ticket) -> TicketInput:
    return TicketInput(
        ticket_id=ticket.id,
        workspace_id=ticket.workspace_id,
        platform=ticket.platform,
        expires_at=ticket.expires_at,
    )


def authorize_url(here: Context, ticket: Ticket) -> str:
    """The address to open in the browser of whoever owns the channel."""
    return f"{here.settings.url}/api/v1/oauth/{ticket.platform}/authorize?ticket={ticket.id}"


def callback_url(here: Context, platform: str) -> str:
    """The redirect URI of `/api/v1`, to be registered with the platform."""
    return f"{here.settings.url}/api/v1/oauth/{platform}/callback"


def small_callback_url(here: Context) -> str:
    """The redirect URI of `/api/youtube`, to be registered with Google beside the other one."""
    return f"{here.settings.url}/api/youtube/auth/callback/"


def _check_redirect(here: Context, url: str, prefixes: list[str]) -> None:
    if is_allowed(url, [*prefixes, here.settings.url + DONE]):
        return
    if here.settings.emulator_url is not None and is_loopback(url):
        return
    sentence = (
        "This address is not on the workspace's allow-list. Add its prefix with "
        "`castline workspaces allow`."
    )
    raise InvalidRequest("redirect_not_allowed", sentence, details={"redirectUrl": [sentence]})
