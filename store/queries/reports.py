"""What an operator is told of the maintenance: numbers and a few names, never whole rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.states import TicketState
from store.queries.publishing.unsettled import IS_UNSETTLED
from store.tables import Assignment, Orphan, Ticket

_LATEST = 5


@dataclass(frozen=True, slots=True)
class Orphans:
    count: int
    latest: Sequence[str]
    """Ids of workflows, the latest first."""


def find_orphans(session: Session, *, since: datetime) -> Orphans:
    """The workflows that were ended since then because no open row was theirs."""
    is_recent = col(Orphan.found_at) > since
    count = session.exec(select(func.count()).select_from(Orphan).where(is_recent)).one()
    latest = select(Orphan.workflow_id).where(is_recent).order_by(col(Orphan.found_at).desc())
    return Orphans(count, session.exec(latest.limit(_LATEST)).all())


@dataclass(frozen=True, slots=True)
class EndedConsents:
    platform: str
    detail: str
    count: int


def count_ended_consents(
    session: Session, details: Sequence[str], *, since: datetime
) -> Sequence[EndedConsents]:
    """Consents whose ticket would have expired since then and that ended for one of these."""
    group = (col(Ticket.platform), col(Ticket.error_detail))
    query = (
        select(*group, func.count())
        .where(
            col(Ticket.state).in_((TicketState.REFUSED, TicketState.FAILED)),
            col(Ticket.expires_at) > since,
            col(Ticket.error_detail).in_(details),
        )
        .group_by(*group)
        .order_by(*group)
    )
    found = session.exec(query).all()
    return [EndedConsents(platform, detail or "", count) for platform, detail, count in found]


def count_unread(session: Session) -> int:
    """Open assignments that are to be read back after a restore before anything is sent."""
    query = (
        select(func.count())
        .select_from(Assignment)
        .where(col(Assignment.read_back_from).is_not(None), IS_UNSETTLED)
    )
    return session.exec(query).one()
