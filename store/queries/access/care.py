"""Which connections Care looks at, and what it writes down of each look.

A connection is due when its row says so; whoever looks at it moves that moment on, whatever
came of it, so a sweep never meets the same one twice. One without such a moment, because it
needs a person or was disconnected, is left alone.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from domain.health import is_of_testing
from domain.states import ConnectionHealth
from store.queries.access.connections import clocks_of, lock_connection
from store.tables import Connection, now


def make_due(session: Session, moment: datetime, *, after: str, limit: int) -> Sequence[str]:
    """Let living connections be due by then, from beyond an id. Idempotent.

    Returns the ids; none when there are no more. They are held in the order of their ids, as
    everything that changes several of them holds them.
    """
    later = (
        select(Connection.id)
        .where(col(Connection.check_due_at) > moment, col(Connection.id) > after)
        .order_by(col(Connection.id))
        .limit(limit)
        .with_for_update(key_share=True)
    )
    page = session.exec(later).all()
    session.connection().execute(
        update(Connection).where(col(Connection.id).in_(page)).values(check_due_at=moment)
    )
    return page


def claim(session: Session, connection_id: str, *, due_by: datetime, until: datetime) -> bool:
    """Take a connection that is due, so that no other sweep looks at it before `until`.

    False: another one has taken it, or nobody needs to look at it any more.
    """
    taken = (
        update(Connection)
        .where(col(Connection.id) == connection_id, col(Connection.check_due_at) <= due_by)
        .values(check_due_at=until)
    )
    return session.connection().execute(taken).rowcount == 1


def list_due(session: Session, *, by: datetime, limit: int) -> Sequence[str]:
    """The ids of connections that are due, those that have waited longest first."""
    query = (
        select(Connection.id)
        .where(col(Connection.check_due_at) <= by)
        # By nothing else: the index has this order, and a hundred thousand may be due at once.
        .order_by(col(Connection.check_due_at))
        .limit(limit)
    )
    return session.exec(query).all()


def note_checked(session: Session, connection_id: str, *, due_at: datetime) -> None:
    """A look has told how it is: look again then, if nobody but a person is to be waited for."""
    connection = lock_connection(session, connection_id)
    connection.checked_at = now()
    connection.failed_checks = 0
    if connection.check_due_at is not None:
        connection.check_due_at = due_at


def note_blip(session: Session, connection_id: str, *, due_at: datetime) -> None:
    """A look has told nothing: its health stays what it is, and the next look comes then."""
    connection = lock_connection(session, connection_id)
    connection.failed_checks += 1
    if connection.check_due_at is not None:
        connection.check_due_at = due_at


def count_by_health(session: Session) -> dict[ConnectionHealth, int]:
    """How many connections of all workspaces there are, by their health."""
    query = select(Connection.health, func.count()).group_by(Connection.health)
    return {ConnectionHealth(health): count for health, count in session.exec(query)}


def count_of_testing(session: Session) -> int:
    """How many living connections were granted to an app that is still in Testing."""
    # Few have an end at all, and Google lets a hundred people consent to such an app.
    limited = select(Connection).where(
        col(Connection.grant_expires_at).is_not(None),
        col(Connection.health).in_([ConnectionHealth.HEALTHY, ConnectionHealth.EXPIRING]),
    )
    return sum(is_of_testing(clocks_of(row), row.connected_at) for row in session.exec(limited))
