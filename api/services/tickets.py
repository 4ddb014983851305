"""Opening tickets.

The row is committed first and the workflow started after it, so a crash or an absent
Temporal between the two leaves a ticket that works as soon as the workflow is there.
"""

import logging
from datetime import timedelta

from sqlmodel import Session

from activities.access.confirming import confirm
from activities.access.connecting import ticket_input
from api.context import Context, on_loop
from api.redirects import is_allowed, is_loopback
from api.services.faults import Faults
from domain.errors import InvalidRequest, Unavailable
from domain.ids import WorkspaceId
from store.queries import workspaces
from store.queries.access import connections, open_tickets, tickets
from store.tables import Connection, Ticket, now

log = logging.getLogger("castline.api")

LIFETIME = timedelta(minutes=5)
DONE = "/api/v1/oauth/done"
"""Our own result page: every workspace may send its browsers there, also by this path alone."""


def open_ticket(
    here: Context,
    workspace_id: WorkspaceId,
    *,
    platform: str,
    callback_url: str,
    redirect_url: str | None = None,
    connection_id: str | None = None,
    organization_id: str | None = None,
    requires_confirmation: bool = False,
) -> Ticket:
    """Write a ticket and start its workflow. A retry opens another ticket, which harms nobody.

    Raises `InvalidRequest` for an unknown platform, a redirect that is not on the
    allow-list or a connection to another platform, `NotFound` for foreign ids, and
    `TooManyRequests` when the workspace has too many open tickets.
    """
    if redirect_url == DONE:
        redirect_url = here.settings.url + DONE
    faults = Faults()
    with here.store.write() as session:
        check_ticket(
            here,
            session,
            workspace_id,
            faults,
            platform=platform,
            redirect_url=redirect_url,
            connection_id=connection_id,
            organization_id=organization_id,
        )
        faults.raise_any()
        open_tickets.check_room(
            session, workspace_id, limit=here.settings.open_tickets_per_workspace
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
            requires_confirmation=requires_confirmation,
        )
    _start(here, ticket)
    return ticket


def check_ticket(
    here: Context,
    session: Session,
    workspace_id: WorkspaceId,
    faults: Faults,
    *,
    platform: str | None,
    redirect_url: str | None,
    connection_id: str | None,
    organization_id: str | None,
) -> None:
    """Find everything that is wrong with what a ticket is wanted for. None is not judged."""
    with faults.of(("platform", "")):
        if platform is not None:
            here.registry.get(platform)
    with faults.of(("redirectUrl", "")):
        if redirect_url != DONE:
            _check_redirect(here, session, workspace_id, redirect_url)
    with faults.of(("connectionId", "")):
        if connection_id is not None:
            known = connections.get_connection(session, workspace_id, connection_id)
            if platform in here.registry.names and known.platform != platform:
                raise InvalidRequest(
                    "wrong_platform", f"This connection is one to {known.platform}."
                )
    with faults.of(("organizationId", "")):
        if organization_id is not None:
            workspaces.get_organization(session, workspace_id, organization_id)


def open_reauth_ticket(here: Context, token: str, redirect_url: str | None) -> Ticket:
    """The ticket of a visit to the link that authorizes a connection again.

    However often the link is visited, and with whatever parameters, one ticket is open at a time:
    it serves every visit until it ends or expires. The latest visit says where the browser goes
    afterwards. Raises `InvalidRequest`: as `check_way_in`, and code `redirect_not_allowed` as for
    any other ticket; `PlatformNotConfigured`; and `TooManyRequests`.
    """
    connection = check_way_in(here, token)
    here.registry.get(connection.platform)
    with here.store.read() as session:
        # Most visits find what they want, and hold nobody up.
        waiting = open_tickets.find_link_ticket(session, connection.id)
        if waiting is not None and waiting.redirect_url == redirect_url:
            return waiting
    with here.store.write() as session:
        # Held until the ticket is written: of several visits at once the first makes it.
        connection = connections.lock_connection(session, connection.id)
        here.reauth_links.open(token).check(connection)
        _check_redirect(here, session, connection.workspace_id, redirect_url)
        waiting = open_tickets.find_link_ticket(session, connection.id)
        if waiting is not None:
            waiting.redirect_url = redirect_url
            return waiting
        open_tickets.check_room(
            session, connection.workspace_id, limit=here.settings.open_tickets_per_workspace
        )
        ticket = tickets.create_ticket(
            session,
            workspace_id=connection.workspace_id,
            platform=connection.platform,
            redirect_url=redirect_url,
            callback_url=callback_url(here, connection.platform),
            expires_at=now() + LIFETIME,
            connection_id=connection.id,
            is_from_link=True,
        )
    _start(here, ticket)
    return ticket


def confirm_ticket(here: Context, workspace_id: WorkspaceId, ticket_id: str) -> Ticket:
    """Make what a ticket connected active. Idempotent; it needs no Temporal.

    Raises as `activities.access.confirming.confirm`.
    """
    with here.store.write() as session:
        return confirm(session, here.vault, workspace_id, ticket_id)


def check_way_in(here: Context, token: str) -> Connection:
    """The connection to which a link leads.

    Raises `InvalidRequest`: code `link_done`, `link_ended` or `link_unreadable`.
    """
    way_in = here.reauth_links.open(token)
    with here.store.read() as session:
        connection = connections.get_connection_by_id(session, way_in.connection_id)
    way_in.check(connection)
    return connection


def authorize_url(here: Context, ticket: Ticket) -> str:
    """The address to open in the browser of whoever owns the channel."""
    return f"{here.settings.url}/api/v1/oauth/{ticket.platform}/authorize?ticket={ticket.id}"


def callback_url(here: Context, platform: str) -> str:
    """The redirect URI of `/api/v1`, to be registered with the platform."""
    return f"{here.settings.url}/api/v1/oauth/{platform}/callback"


def small_callback_url(here: Context) -> str:
    """The redirect URI of `/api/youtube`, to be registered with Google beside the other one."""
    return f"{here.settings.url}/api/youtube/auth/callback/"


def _start(here: Context, ticket: Ticket) -> None:
    try:
        on_loop(here.lifecycles.start_ticket, ticket_input(ticket))
    except Unavailable:
        log.warning("ticket %s waits for Temporal", ticket.id)


def _check_redirect(here: Context, session: Session, workspace_id: str, url: str | None) -> None:
    if url is None:
        return
    workspace = workspaces.get_workspace(session, workspace_id)
    if is_allowed(url, [*workspace.redirect_prefixes, here.settings.url + DONE]):
        return
    if here.settings.emulator_url is not None and is_loopback(url):
        return
    sentence = (
        "This address is not on the workspace's allow-list. Add its prefix with "
        "`castline workspaces allow`."
    )
    raise InvalidRequest("redirect_not_allowed", sentence, details={"redirectUrl": [sentence]})
