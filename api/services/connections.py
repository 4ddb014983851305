"""What is asked of a connection's platform, with its credential."""

from collections.abc import Iterator
from contextlib import contextmanager

from activities.access.packing import unpack
from api.context import Context
from domain.errors import NotFound, ReauthorizationNeeded
from domain.health import BROKEN
from domain.ids import WorkspaceId
from domain.states import ConnectionHealth
from platforms.protocol import Channel, Credential
from store.queries.access import connections, credentials
from store.tables import Connection


def get_latest_connection(here: Context, workspace_id: WorkspaceId, platform: str) -> Connection:
    """The active connection that was authorized last. Raises `NotFound` when there is none."""
    with here.store.read() as session:
        latest = connections.find_latest_connection(session, workspace_id, platform)
    if latest is None:
        raise NotFound("connection_not_found", f"No channel is connected to {platform} yet.")
    return latest


def read_channel(here: Context, connection: Connection) -> Channel:
    """What the channel looks like now. A token that the platform rejects is renewed once.

    Raises `ReauthorizationNeeded` when a person is needed; its details give the way in.
    """
    platform = here.registry.get(connection.platform)
    with _giving_way_in(here, connection.id):
        return here.credentials.use(connection.id, platform.channel)


def refresh(here: Context, workspace_id: WorkspaceId, connection_id: str) -> Connection:
    """Get a new access token, whatever the age of the present one. A retry gets another.

    Raises `ReauthorizationNeeded` when a person is needed; its details give the way in.
    """
    with here.store.read() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
    rejected = stored_credential(here, connection).access_token
    with _giving_way_in(here, connection.id):
        here.credentials.renew(connection.id, rejected)
    with here.store.read() as session:
        return connections.get_connection(session, workspace_id, connection_id)


def find_way_in(here: Context, connection: Connection) -> str | None:
    """The link to authorize it again, where a person is needed or will be."""
    is_asked_for = connection.health in (*BROKEN, ConnectionHealth.EXPIRING)
    return here.reauth_links.make(connection) if is_asked_for else None


@contextmanager
def _giving_way_in(here: Context, connection_id: str) -> Iterator[None]:
    """Where only a person helps, `details.reauthUrl` of the error is a list of one: the way in."""
    try:
        yield
    except ReauthorizationNeeded as error:
        with here.store.read() as session:
            connection = connections.get_connection_by_id(session, connection_id)
        way_in = find_way_in(here, connection)
        if way_in is not None:
            error.details["reauthUrl"] = [way_in]
        raise


def stored_credential(here: Context, connection: Connection) -> Credential:
    """The credential as it is, also one that has run out.

    Raises `ReauthorizationNeeded` (code `disconnected`) where there is none.
    """
    with here.store.read() as session:
        return unpack(credentials.get_credential(session, here.vault, connection.id).secret)
