"""Connections that need a person, and whether somebody waits for one."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from domain.health import BROKEN
from store.queries.access.connections import lock_connection
from store.tables import Connection


def mark_reauth_started(session: Session, connection_id: str) -> Connection:
    """Write that somebody waits for the person that this connection needs. Idempotent."""
    connection = lock_connection(session, connection_id)
    if connection.health in BROKEN:
        connection.is_reauth_started = True
    return connection


def list_unasked(session: Session, *, broken_before: datetime, limit: int) -> Sequence[str]:
    """The ids of connections that need a person while no workflow waits for one."""
    query = (
        select(Connection.id)
        .where(
            # What needs a person is never due: the index on it leaves few rows to look at.
            col(Connection.check_due_at).is_(None),
            col(Connection.health).in_(tuple(BROKEN)),
            col(Connection.is_reauth_started).is_(False),
            col(Connection.health_since) < broken_before,
        )
        .limit(limit)
    )
    return session.exec(query).all()
