"""What is asked of a connection's platform, with its credential."""

import logging

from activities.access.credentials import unpack
from api.context import Context
from domain.errors import NotFound, ReauthorizationNeeded
from domain.ids import WorkspaceId
from domain.states import ConnectionHealth
from platforms.protocol import Channel, Credential
from store.queries.access import connections, credentials
from store.tables import Connection

log = logging.getLogger("castline.api")


def get_latest_connection(here: Context, workspace_id: WorkspaceId, platform: str) -> Connection:
    """The active connection that was authorized last. Raises `NotFound` when there is none."""
    with here.store.read() as session:
        latest = connections.find_latest_connection(session, workspace_id, platform)
    if latest is None:
        raise NotFound("connection_not_found", f"No channel is connected to {platform} yet.")
    return latest


def read_channel(here: Context, connection: Connection) -> Channel:
    """What the channel looks like now. A token that the platform rejects is renewed once."""
    platform = here.registry.get(connection.platform)
    credential = here.credentials.current(connection.id)
    try:
        return platform.channel(credential)
    except ReauthorizationNeeded:
        return platform.channel(here.credentials.renew(connection.id, credential.access_token))


def refresh(here: Context, workspace_id: WorkspaceId, connection_id: str) -> Connection:
    """Get a new access token, whatever the age of the present one. A retry gets another."""
    with here.store.read() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
    here.credentials.renew(connection.id, _stored(here, connection).access_token)
    with here.store.read() as session:
        return connections.get_connection(session, workspace_id, connection_id)


def disconnect(here: Context, workspace_id: WorkspaceId, connection_id: str) -> None:
    """End the grant at the platform, then erase the credential here. Idempotent.

    A grant by which other connections live is left to them: only the credential is erased.
    Raises what the platform answers when it cannot be reached: nothing is erased then,
    since a token that is gone here could never be revoked there.
    """
    with here.store.write() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
        if connection.health == ConnectionHealth.DISCONNECTED:
            return
        if connections.shares_grant(session, connection):
            connections.disconnect(session, connection.id)
            log.info("connection %s leaves its grant to others", connection.id)
            return
    _revoke(here, connection)
    with here.store.write() as session:
        connections.disconnect(session, connection.id)


def _revoke(here: Context, connection: Connection) -> None:
    try:
        here.registry.get(connection.platform).revoke(_stored(here, connection))
    except ReauthorizationNeeded:
        log.info("connection %s had lost its grant already", connection.id)


def _stored(here: Context, connection: Connection) -> Credential:
    """The credential as it is, also one that has run out."""
    with here.store.read() as session:
        return unpack(credentials.get_credential(session, here.vault, connection.id).secret)
