"""What connections have in common: one consent may be behind several of them.

A platform ends a grant as a whole: Google all that a person's channel has granted to the app,
Meta all Pages of a person. So a grant is revoked only with the last connection that uses it, in
the whole installation.

Whoever changes several connections in one transaction holds them first, always in the order of
their ids. So a consent, and the end of a connection that rests on it, wait for each other and
never block each other.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from domain.states import ConnectionHealth
from store.queries.access.connections import is_unconfirmed
from store.tables import Connection, now

LIFELESS = (ConnectionHealth.NEEDS_REAUTH, ConnectionHealth.DISCONNECTED)
"""A connection whose token is dead needs another consent anyway."""


def list_sharing(session: Session, connection: Connection) -> Sequence[Connection]:
    """The other connections that use the same grant, of every workspace.

    All of the grant are held until the transaction ends: of two that leave it at once, one is
    the last.
    """
    return [
        other
        for other in _of_grant(session, connection.platform, connection.grant_id)
        if other.id != connection.id and _uses_grant(other)
    ]


def is_used(session: Session, platform: str, grant_id: str) -> bool:
    """True when a connection of any workspace uses the grant. Held as by `list_sharing`."""
    return any(map(_uses_grant, _of_grant(session, platform, grant_id)))


def check_soon(session: Session, platform: str, grant_id: str) -> None:
    """Have Care look at all that rested on a revoked consent: it may have ended with it."""
    for other in _of_grant(session, platform, grant_id):
        if other.check_due_at is not None:
            other.check_due_at = now()


def hold_accounts(
    session: Session, workspace_id: str, platform: str, account_ids: Sequence[str]
) -> Sequence[Connection]:
    """The connections of these accounts, held until the transaction ends."""
    return _hold(
        session,
        col(Connection.workspace_id) == workspace_id,
        col(Connection.platform) == platform,
        col(Connection.account_id).in_(account_ids),
    )


def hold_everywhere(session: Session, platform: str, account_id: str) -> Sequence[Connection]:
    """The connections of an account in every workspace, held until the transaction ends."""
    return _hold(
        session,
        col(Connection.platform) == platform,
        col(Connection.account_id) == account_id,
    )


def _uses_grant(connection: Connection) -> bool:
    if is_unconfirmed(connection):
        # Its credential lies in a ticket, for as long as that can be confirmed.
        return connection.health_until is not None and connection.health_until > now()
    return connection.health not in LIFELESS


def _of_grant(session: Session, platform: str, grant_id: str) -> Sequence[Connection]:
    """All that rests on a consent, held until the transaction ends."""
    return _hold(
        session, col(Connection.platform) == platform, col(Connection.grant_id) == grant_id
    )


def _hold(session: Session, *which: ColumnElement[bool]) -> Sequence[Connection]:
    query = select(Connection).where(*which).order_by(Connection.id)
    held = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.exec(held).all()
