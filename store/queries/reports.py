"""What an operator is told of the maintenance: numbers and a few names, never whole rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from store.queries.publishing.unsettled import IS_UNSETTLED
from store.tables import Assignment, Orphan

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


def count_unread(session: Session) -> int:
    """Open assignments that are to be read back after a restore before anything is sent."""
    query = (
        select(func.count())
        .select_from(Assignment)
        .where(col(Assignment.read_back_from).is_not(None), IS_UNSETTLED)
    )
    return session.exec(query).one()
