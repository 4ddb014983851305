"""Connections: the channels and Pages that may be published to."""

from fastapi import APIRouter

from api.auth import Caller
from api.context import Here
from api.routes.paging import Filter, Limit, PageNumber
from api.schemas.problem import answers
from api.schemas.v1.connections import ChannelView, ConnectionList, ConnectionPatch, ConnectionView
from api.services.connections import disconnect, read_channel, refresh
from domain.errors import Conflict, NotFound, PlatformUnavailable, QuotaExhausted
from store.queries.access import connections
from store.queries.rows import PAGE_LIMIT

router = APIRouter(prefix="/connections", tags=["Connections"])

_PLATFORM_ERRORS = answers(NotFound, Conflict, QuotaExhausted, PlatformUnavailable)


@router.get("")
def read_all(
    here: Here,
    workspace_id: Caller,
    platform: Filter = None,
    organizationId: Filter = None,  # noqa: N803  # the surface's names
    externalId: Filter = None,  # noqa: N803
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
            include_inactive=includeInactive,
            page=page,
            limit=limit,
        )
    return ConnectionList.model_validate(found)


@router.get("/{connection_id}", responses=answers(NotFound))
def read(here: Here, workspace_id: Caller, connection_id: str) -> ConnectionView:
    """One connection and its health."""
    with here.store.read() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
    return ConnectionView.model_validate(connection)


@router.patch("/{connection_id}", responses=answers(NotFound, Conflict))
def change(
    here: Here, workspace_id: Caller, connection_id: str, changes: ConnectionPatch
) -> ConnectionView:
    """Rename it, label it, or switch it off and on."""
    with here.store.write() as session:
        connection = connections.update_connection(
            session, workspace_id, connection_id, **changes.changes
        )
    return ConnectionView.model_validate(connection)


@router.delete("/{connection_id}", status_code=204, responses=_PLATFORM_ERRORS)
def end(here: Here, workspace_id: Caller, connection_id: str) -> None:
    """End the grant at the platform and erase the credential. Doing it again changes nothing.

    A consent that is known to cover several connections ends with the last of them. Google ends
    everything that this account has granted to your app, including what other connections use.
    """
    disconnect(here, workspace_id, connection_id)


@router.post("/{connection_id}/refresh-token", responses=_PLATFORM_ERRORS)
def refresh_token(here: Here, workspace_id: Caller, connection_id: str) -> ConnectionView:
    """Get a new access token now. No person is needed."""
    return ConnectionView.model_validate(refresh(here, workspace_id, connection_id))


@router.get("/{connection_id}/channel", responses=_PLATFORM_ERRORS)
def channel(here: Here, workspace_id: Caller, connection_id: str) -> ChannelView:
    """The channel or Page as the platform shows it now."""
    with here.store.read() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
    return ChannelView.model_validate(read_channel(here, connection))
