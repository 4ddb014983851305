"""Work that a connection's health decides on: what is parked on it, what ends with it.

Parked is what waits until a connection is authorized again. Stoppable is what has not ended and
cannot have made a video yet: once the request that completes an upload has left, the video may
exist, and the assignment only ends as it will. Stranded is what is past stopping and waits for a
connection that is gone. Lists are read in pages by the number of the last row seen, because
their rows leave them meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, not_, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from domain.states import AssignmentState, ConnectionHealth, WaitReason
from store.tables import Assignment, Connection, Transfer

_UNSETTLED = tuple(state for state in AssignmentState if not state.is_settled)
_WELL = (ConnectionHealth.HEALTHY, ConnectionHealth.EXPIRING)
_IS_PARKED = (
    col(Assignment.state) == AssignmentState.WAITING,
    col(Assignment.wait_reason) == WaitReason.CONNECTION,
)
_IS_UNSETTLED = col(Assignment.state).in_(_UNSETTLED)
_HAS_NO_VIDEO = and_(
    col(Assignment.platform_id).is_(None),
    ~select(Transfer.assignment_id)
    .where(
        Transfer.assignment_id == Assignment.id,
        col(Transfer.finish_sent_at).is_not(None),
    )
    .exists(),
)
_IS_GONE = col(Connection.health) == ConnectionHealth.DISCONNECTED


def count_parked(session: Session, connection_id: str) -> int:
    """How many assignments wait for this connection to be authorized again."""
    query = select(func.count()).where(Assignment.connection_id == connection_id, *_IS_PARKED)
    return session.exec(query).one()


def count_unsettled(session: Session, connection_id: str) -> int:
    """How many assignments of this connection have not ended."""
    query = select(func.count()).where(Assignment.connection_id == connection_id, _IS_UNSETTLED)
    return session.exec(query).one()


def list_parked(
    session: Session, connection_id: str, *, after: int, limit: int
) -> Sequence[Assignment]:
    """Those that wait for this connection, from beyond a number."""
    return session.exec(_page(connection_id, after, limit).where(*_IS_PARKED)).all()


def list_stoppable(
    session: Session, connection_id: str, *, after: int, limit: int
) -> Sequence[Assignment]:
    """Those that can still be cancelled, from beyond a number; none while it is connected."""
    query = _page(connection_id, after, limit).join(Connection)
    return session.exec(query.where(_IS_GONE, _IS_UNSETTLED, _HAS_NO_VIDEO)).all()


def list_stranded(
    session: Session, connection_id: str, *, after: int, limit: int
) -> Sequence[Assignment]:
    """Those that wait in vain behind their last byte, from beyond a number."""
    query = _page(connection_id, after, limit).join(Connection)
    return session.exec(query.where(_IS_GONE, *_IS_PARKED, not_(_HAS_NO_VIDEO))).all()


def count_past_stopping(session: Session, connection_id: str) -> int:
    """How many have not ended and can be cancelled no more."""
    query = select(func.count()).where(
        Assignment.connection_id == connection_id, _IS_UNSETTLED, not_(_HAS_NO_VIDEO)
    )
    return session.exec(query).one()


def count_stoppable(session: Session, connection_id: str) -> int:
    """How many can still be cancelled."""
    query = select(func.count()).where(
        Assignment.connection_id == connection_id, _IS_UNSETTLED, _HAS_NO_VIDEO
    )
    return session.exec(query).one()


def list_unsettled_connections(
    session: Session, *, settled_before: datetime, limit: int
) -> Sequence[str]:
    """Connections that are well or gone while work still stands still for them, longest first."""
    stands_still = or_(
        and_(col(Connection.health).in_(_WELL), *_IS_PARKED),
        and_(_IS_GONE, or_(and_(*_IS_PARKED), _HAS_NO_VIDEO)),
    )
    query = (
        select(Assignment.connection_id)
        .join(Connection)
        .where(
            _IS_UNSETTLED,
            stands_still,
            col(Connection.health_since) < settled_before,
            col(Assignment.updated_at) < settled_before,
        )
        .group_by(col(Assignment.connection_id), col(Connection.health_since))
        .order_by(col(Connection.health_since))
        .limit(limit)
    )
    return session.exec(query).all()


def _page(connection_id: str, after: int, limit: int) -> SelectOfScalar[Assignment]:
    return (
        select(Assignment)
        .where(Assignment.connection_id == connection_id, col(Assignment.number) > after)
        .order_by(col(Assignment.number))
        .limit(limit)
    )
