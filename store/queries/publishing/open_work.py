"""Assignments that have not ended: how many in each state, and which are due and do not move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from domain.states import AssignmentState
from store.queries.publishing.unsettled import IS_UNSETTLED
from store.tables import Assignment, now

LATE = timedelta(minutes=15)
"""How long after its time an assignment has begun on a busy installation, at the latest."""
SILENT = timedelta(minutes=30)
"""A running transfer writes its progress every few seconds; a slow source is waited for."""
UNDECIDED = timedelta(days=1)
"""Platforms process for hours, and some outcomes show only after hours."""


@dataclass(frozen=True, slots=True)
class OpenState:
    """How many assignments are in a state, and since when the oldest exists and has not moved."""

    state: AssignmentState
    wait_reason: str | None
    count: int
    oldest: datetime
    longest_unmoved: datetime


def count_open(session: Session) -> Sequence[OpenState]:
    query = (
        select_columns(
            col(Assignment.state),
            col(Assignment.wait_reason),
            func.count(),
            func.min(Assignment.created_at),
            func.min(Assignment.updated_at),
        )
        .where(IS_UNSETTLED)
        .group_by(col(Assignment.state), col(Assignment.wait_reason))
        .order_by(col(Assignment.state), col(Assignment.wait_reason))
    )
    return [
        OpenState(AssignmentState(state), reason, count, oldest, unmoved)
        for state, reason, count, oldest, unmoved in session.connection().execute(query)
    ]


def count_stuck(session: Session) -> int:
    query = select(func.count()).select_from(Assignment).where(IS_UNSETTLED, _is_stuck(now()))
    return session.exec(query).one()


def list_stuck(session: Session, *, limit: int) -> Sequence[Assignment]:
    """Those that are due and have not moved, the longest unmoved first."""
    query = select(Assignment).where(IS_UNSETTLED, _is_stuck(now()))
    return session.exec(query.order_by(col(Assignment.updated_at)).limit(limit)).all()


def _is_stuck(at: datetime) -> ColumnElement[bool]:
    state, unmoved = col(Assignment.state), col(Assignment.updated_at)
    is_late = or_(
        and_(
            state == AssignmentState.PENDING,
            # One in the queue waits for a transfer of its workspace to end.
            col(Assignment.queued_at).is_(None),
            func.coalesce(Assignment.scheduled_at, Assignment.created_at) < at - LATE,
        ),
        and_(state == AssignmentState.WAITING, col(Assignment.wait_until) < at - LATE),
    )
    return or_(
        and_(is_late, unmoved < at - LATE),
        and_(
            state.in_((AssignmentState.UPLOADING, AssignmentState.UPLOADED)), unmoved < at - SILENT
        ),
        and_(
            state.in_((AssignmentState.PROCESSING, AssignmentState.UNCONFIRMED)),
            unmoved < at - UNDECIDED,
        ),
    )
