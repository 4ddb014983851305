"""Connections whose first consent awaits its confirmation.

Such a row has no credential and is not active: for everything else it is a disconnected one,
with the reason `unconfirmed` until `health_until`.
"""

from datetime import datetime

from sqlmodel import Session, select

from domain.health import UNCONFIRMED, Health
from domain.states import ConnectionHealth
from store.queries.access.connections import is_unconfirmed, lock_connection
from store.queries.rows import insert_new
from store.queries.workspaces import get_organization
from store.tables import Connection, Ticket, now


def ensure_unconfirmed(
    session: Session,
    *,
    workspace_id: str,
    platform: str,
    account_id: str,
    name: str,
    handle: str | None,
    thumbnail_url: str | None,
    grant_id: str | None,
    organization_id: str | None,
    until: datetime,
) -> Connection:
    """The connection of an account that is confirmed later. One that is there stays as it is.

    Writes no event: that follows when the connection is confirmed. Idempotent.
    """
    if organization_id is not None:
        get_organization(session, workspace_id, organization_id)
    fresh = Connection(
        workspace_id=workspace_id,
        platform=platform,
        account_id=account_id,
        grant_id=grant_id or account_id,
        name=name,
        handle=handle,
        thumbnail_url=thumbnail_url,
        organization_id=organization_id,
        is_active=False,
        health=ConnectionHealth.DISCONNECTED,
        health_reason=UNCONFIRMED,
        health_until=until,
    )
    if insert_new(session, fresh):
        return fresh
    query = select(Connection.id).where(
        Connection.workspace_id == workspace_id,
        Connection.platform == platform,
        Connection.account_id == account_id,
    )
    known = lock_connection(session, session.exec(query).one())
    if is_unconfirmed(known):
        known.health_until = max(until, known.health_until or until)
    return known


def remove_unconfirmed(session: Session, connection_id: str) -> None:
    """Delete one that nobody confirmed in time. One that another ticket confirms later stays.

    One that a ticket names stays as a disconnected one. Idempotent.
    """
    if session.get(Connection, connection_id) is None:
        return
    connection = lock_connection(session, connection_id)
    waits = connection.health_until is not None and connection.health_until > now()
    if not is_unconfirmed(connection) or waits:
        return
    if session.exec(
        select(Ticket.id).where(Ticket.connection_id == connection_id).limit(1)
    ).first():
        connection.health_reason = Health(ConnectionHealth.DISCONNECTED).reason
        connection.health_until = None
    else:
        session.delete(connection)
