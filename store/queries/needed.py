"""Which of the things that running workflows name still need them, a page of ids at a time."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from domain.states import AssignmentState, TicketState
from store.tables import Assignment, Connection, Endpoint, Ticket

_SETTLED = tuple(state for state in AssignmentState if state.is_settled)
_ENDED = tuple(state for state in TicketState if state.has_outcome)


def find_assignments(
    session: Session, ids: Collection[str], *, settled_after: datetime
) -> Mapping[str, int]:
    """The attempts of those that have not ended, or did so after that moment, by their ids."""
    is_recent = col(Assignment.updated_at) > settled_after
    query = select(Assignment.id, Assignment.attempt).where(
        col(Assignment.id).in_(ids), or_(col(Assignment.state).not_in(_SETTLED), is_recent)
    )
    return dict(session.exec(query).all())


def find_accepted(session: Session, ids: Collection[str]) -> Collection[str]:
    """Those assignments that have a row, settled or not."""
    return session.exec(select(Assignment.id).where(col(Assignment.id).in_(ids))).all()


def find_tickets(
    session: Session, ids: Collection[str], *, expired_after: datetime
) -> Collection[str]:
    """Those that have no outcome, or would have expired after that moment."""
    is_recent = col(Ticket.expires_at) > expired_after
    query = select(Ticket.id).where(
        col(Ticket.id).in_(ids), or_(col(Ticket.state).not_in(_ENDED), is_recent)
    )
    return session.exec(query).all()


def find_connections(session: Session, ids: Collection[str]) -> Collection[str]:
    """Those that exist: whether one needs a person, its own workflow looks."""
    return session.exec(select(Connection.id).where(col(Connection.id).in_(ids))).all()


def find_endpoints(session: Session, ids: Collection[str]) -> Collection[str]:
    """Those that exist: a line ends by itself when it has delivered everything."""
    return session.exec(select(Endpoint.id).where(col(Endpoint.id).in_(ids))).all()
