"""What connections have in common: one consent may be behind several of them.

Whoever changes several connections in one transaction holds them first, always in the order of
their ids. So a consent, and the end of a connection that rests on it, wait for each other and
never block each other.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from domain.states import ConnectionHealth
from store.tables import Connection, now

_LIFELESS = (ConnectionHealth.NEEDS_REAUTH, ConnectionHealth.DISCONNECTED)


def shares_grant(session: Session, connection: Connection) -> bool:
    """True when another connection lives by the same consent, in whichever workspace.

    One whose token is dead needs another consent anyway. All of the consent are held until
    the transaction ends: of two that leave it at once, one is the last.
    """
    return any(
        other.id != connection.id and other.health not in _LIFELESS
        for other in _of_grant(session, connection)
    )


def check_soon(session: Session, revoked: Connection) -> None:
    """Have Care look at all that rested on a revoked consent: it may have ended with it."""
    for other in _of_grant(session, revoked):
        if other.check_due_at is not None:
            other.check_due_at = now()


def hold_accounts(
    session: Session, workspace_id: str, platform: str, account_ids: Sequence[str]
) -> None:
    """Hold the connections of these accounts until the transaction ends."""
    session.exec(
        select(Connection.id)
        .where(
            Connection.workspace_id == workspace_id,
            Connection.platform == platform,
            col(Connection.account_id).in_(account_ids),
        )
        .order_by(Connection.id)
        .with_for_update(key_share=True)
    ).all()


def _of_grant(session: Session, connection: Connection) -> Sequence[Connection]:
    """All that rests on a connection's consent, held until the transaction ends."""
    if connection.grant_id is None:
        return []
    of_the_grant = (
        select(Connection)
        .where(
            Connection.platform == connection.platform,
            Connection.grant_id == connection.grant_id,
        )
        .order_by(Connection.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.exec(of_the_grant).all()
