"""Connections that need a person, and whether somebody waits for one."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from domain.health import BROKEN
from store.queries.access.connections import lock_connection
from store.tables import Connection


def note_reauth_look(session: Session, connection_id: str) -> Connection:
    """Write whether somebody waits for a person: who looks does, if one is needed. Idempotent."""
    connection = lock_connection(session, connection_id)
    connection.is_reauth_started = connection.health in BROKEN
    return connection


def list_unasked(session: Session, *, broken_before: datetime, limit: int) -> Sequence[str]:
    """The ids of connections that need a person while nobody waits for one, longest first."""
    query = (
        select(Connection.id)
        .where(
            # What needs a person is never due: the index on it leaves few rows to look at.
            col(Connection.check_due_at).is_(None),
            col(Connection.health).in_(tuple(BROKEN)),
            col(Connection.is_reauth_started).is_(False),
            col(Connection.health_since) < broken_before,
        )
        .order_by(col(Connection.health_since))
        .limit(limit)
    )
    return session.exec(query).all()


def list_asked(
    session: Session, *, after: str, broken_after: datetime, limit: int
) -> Sequence[str]:
    """A page of the connections for which somebody waits, in the order of their ids."""
    query = (
        select(Connection.id)
        .where(
            col(Connection.check_due_at).is_(None),
            col(Connection.health).in_(tuple(BROKEN)),
            col(Connection.is_reauth_started).is_(True),
            col(Connection.health_since) > broken_after,
            col(Connection.id) > after,
        )
        .order_by(col(Connection.id))
        .limit(limit)
    )
    return session.exec(query).all()


def list_waited_in_vain(session: Session, *, settled_before: datetime, limit: int) -> Sequence[str]:
    """The ids of connections that need nobody while somebody is still waited for, longest first."""
    query = (
        select(Connection.id)
        .where(
            col(Connection.is_reauth_started).is_(True),
            col(Connection.health).not_in(tuple(BROKEN)),
            col(Connection.health_since) < settled_before,
        )
        .order_by(col(Connection.health_since))
        .limit(limit)
    )
    return session.exec(query).all()
