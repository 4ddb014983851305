"""Connections: the channels and Pages that may be published to."""

from api.auth import Caller
from api.context import Context, Here
from api.routes.paging import Filter, Limit, PageNumber, PathId
from api.routes.strict import Asked, checked, json_router
from api.schemas.problem import answers
from api.schemas.v1.connections import (
    ChannelView,
    ConnectionList,
    ConnectionPatch,
    ConnectionView,
    DisconnectedView,
)
from api.services.connections import find_way_in, read_channel, refresh
from api.services.disconnecting import disconnect
from domain.errors import Conflict, NotFound, PlatformUnavailable, QuotaExhausted
from domain.states import ConnectionHealth
from store.queries import workspaces
from store.queries.access import connections
from store.queries.rows import PAGE_LIMIT
from store.tables import Connection

router = json_router("/connections", "Connections")

_PLATFORM_ERRORS = answers(NotFound, Conflict, QuotaExhausted, PlatformUnavailable)


@router.get("")
def read_all(
    here: Here,
    workspace_id: Caller,
    platform: Filter = None,
    organizationId: Filter = None,  # noqa: N803  # the surface's names
    externalId: Filter = None,  # noqa: N803
    health: ConnectionHealth | None = None,
    includeInactive: bool = False,  # noqa: N803
    page: PageNumber = 1,
    limit: Limit = PAGE_LIMIT,
) -> ConnectionList:
    """The workspace's connections, oldest first."""
    with here.store.read() as session:
        found = connections.find_connections(
            session,
            workspace_id,
            platform=platform,
            organization_id=organizationId,
            external_id=externalId,
            health=health,
            include_inactive=includeInactive,
            page=page,
            limit=limit,
        )
    return ConnectionList(
        items=[_view(here, connection) for connection in found.items],
        total=found.total,
        page=found.page,
        limit=found.limit,
    )


@router.get("/{connection_id}", responses=answers(NotFound))
def read(here: Here, workspace_id: Caller, connection_id: PathId) -> ConnectionView:
    """One connection and its health."""
    with here.store.read() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
    return _view(here, connection)


def _check_change(asked: Asked) -> None:
    if (organization_id := asked.given.get("organization_id")) is not None:
        with asked.faults.of(("organizationId", "")), asked.here.store.read() as session:
            workspaces.get_organization(session, asked.workspace_id, organization_id)


@router.patch("/{connection_id}", responses=answers(NotFound, Conflict))
@checked(_check_change)
def change(
    here: Here, workspace_id: Caller, connection_id: PathId, changes: ConnectionPatch
) -> ConnectionView:
    """Rename it, label it, or switch it off and on."""
    with here.store.write() as session:
        connection = connections.update_connection(
            session, workspace_id, connection_id, **changes.changes
        )
    return _view(here, connection)


@router.delete("/{connection_id}", responses=_PLATFORM_ERRORS)
def end(here: Here, workspace_id: Caller, connection_id: PathId) -> DisconnectedView:
    """End the grant at the platform, erase the credential, cancel what is on its way.

    The grant is revoked with the last connection of the installation that uses it, because a
    platform ends a grant as a whole. The answer tells nothing of other workspaces' connections.
    When the platform cannot be reached nothing is changed. Doing it again changes nothing.
    """
    return DisconnectedView.model_validate(disconnect(here, workspace_id, connection_id))


@router.post("/{connection_id}/refresh-token", responses=_PLATFORM_ERRORS)
def refresh_token(here: Here, workspace_id: Caller, connection_id: PathId) -> ConnectionView:
    """Get a new access token now. 409 where only a person helps: `details.reauthUrl` is the way."""
    return _view(here, refresh(here, workspace_id, connection_id))


@router.get("/{connection_id}/channel", responses=_PLATFORM_ERRORS)
def channel(here: Here, workspace_id: Caller, connection_id: PathId) -> ChannelView:
    """The channel or Page as the platform shows it now."""
    with here.store.read() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
    return ChannelView.model_validate(read_channel(here, connection))


def _view(here: Context, connection: Connection) -> ConnectionView:
    shown = ConnectionView.model_validate(connection)
    return shown.model_copy(update={"reauth_url": find_way_in(here, connection)})
