"""Places for transfers: how many of a workspace's move bytes, and which are queued for a place.

A transfer holds a place while its row is `uploading`, whatever became of its worker, unless nothing
was heard of it for so long that its workflow must be gone. There are two
lanes, one of them for slow sources, each with places of its own. A row is admitted under the lock
of its workspace, which every change of a state takes before it commits: so no two rows take the
last place, and a row that finds none has been queued before the one that leaves looks for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column
from sqlmodel import Session, col, select

from domain.states import AssignmentState
from domain.wakes import TransferPlaceFree
from store.queries.rows import lock_row
from store.tables import Assignment, Workspace, now

SILENCE = timedelta(hours=1)
"""A transfer under way writes to its row every two seconds, and its retries follow each other
within a minute. One whose workflow was terminated writes nothing, and must not keep its place."""

# In full: a partial index serves no comparison with a parameter.
_IS_UPLOADING = col(Assignment.state) == literal_column(f"'{AssignmentState.UPLOADING}'")
_IS_QUEUED = col(Assignment.queued_at).is_not(None)


def has_place(session: Session, row: Assignment, *, places: int) -> bool:
    """True when a held row may move bytes. Its workspace is held from here to the commit."""
    if row.state == AssignmentState.UPLOADING:
        return True  # an attempt that was cut off has kept its place
    lock_row(session, Workspace, row.workspace_id, code="workspace_not_found")
    return count_uploading(session, row.workspace_id, is_slow=row.is_slow) < places


def count_uploading(session: Session, workspace_id: str, *, is_slow: bool) -> int:
    """How many places of a workspace's lane are taken."""
    query = select(func.count()).where(
        Assignment.workspace_id == workspace_id,
        Assignment.is_slow == is_slow,
        _IS_UPLOADING,
        col(Assignment.updated_at) > now() - SILENCE,
    )
    return session.exec(query).one()


def list_queued(session: Session, workspace_id: str, *, is_slow: bool, limit: int) -> Sequence[str]:
    """The ids of the assignments that wait for a place of a workspace's lane, longest first."""
    query = (
        select(Assignment.id)
        .where(Assignment.workspace_id == workspace_id, Assignment.is_slow == is_slow, _IS_QUEUED)
        .order_by(col(Assignment.queued_at), col(Assignment.number))
        .limit(limit)
    )
    return session.exec(query).all()


def list_queues(session: Session, *, queued_before: datetime) -> list[TransferPlaceFree]:
    """Every lane for whose places an assignment has waited since before that moment."""
    query = (
        select(Assignment.workspace_id, Assignment.is_slow)
        .where(_IS_QUEUED, col(Assignment.queued_at) < queued_before)
        .distinct()
    )
    return [TransferPlaceFree(*lane) for lane in session.exec(query)]
