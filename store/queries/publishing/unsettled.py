"""What is compared between the rows and Temporal: ids and moments, never whole rows.

Settled rows stay for good, so these queries read the index of the unsettled ones alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from store.tables import Assignment
from store.tables.publishing import UNSETTLED

IS_UNSETTLED = text(UNSETTLED)

DUE_AT = func.coalesce(Assignment.wait_until, Assignment.scheduled_at, Assignment.created_at)
"""When an assignment was to go on."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    id: str
    is_started: bool
    due_at: datetime
    """When it was to go on."""
    moved_at: datetime
    """When its row was last written."""


def list_unsettled(session: Session, *, after: str, limit: int) -> Sequence[Unsettled]:
    """A page of the assignments that have not ended, in the order of their ids."""
    query = (
        select(Assignment.id, Assignment.is_started, DUE_AT, Assignment.updated_at)
        .where(IS_UNSETTLED, col(Assignment.id) > after)
        .order_by(col(Assignment.id))
        .limit(limit)
    )
    return [Unsettled(*row) for row in session.exec(query)]
