"""What reading back after a restore leaves in the rows, and what it has to know of other rows.

A video of the account belongs to one assignment at most. So a video that another row has is no
candidate, and a row that takes one holds the account's connections until it is written.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from domain.errors import Unavailable
from domain.states import AssignmentState
from store.queries.publishing.unsettled import DUE_AT, IS_UNSETTLED
from store.tables import Assignment, Orphan, Video

MOST_RIVALS = 500


def list_unread(session: Session, *, after: str, limit: int) -> Sequence[tuple[datetime, str]]:
    """A page of the open rows that may have a video in the gap, in the order of their ids.

    Of each when it was to go on, and its id.
    """
    query = select(DUE_AT, Assignment.id).where(
        IS_UNSETTLED,
        col(Assignment.read_back_from).is_not(None),
        col(Assignment.platform_id).is_(None),
        col(Assignment.id) > after,
    )
    found = session.exec(query.order_by(col(Assignment.id)).limit(limit))
    return [(due_at, id) for due_at, id in found]


def find_owned(
    session: Session, connection_ids: Collection[str], platform_ids: Collection[str]
) -> set[str]:
    """Those of an account's videos that assignments have, or had before their rows were lost."""
    found: set[str] = set()
    for table in (Assignment, Orphan):
        query = select(table.platform_id).where(
            col(table.connection_id).in_(connection_ids), col(table.platform_id).in_(platform_ids)
        )
        found.update(one for one in session.exec(query) if one is not None)
    return found


def list_rivals(
    session: Session,
    row: Assignment,
    connection_ids: Collection[str],
    *,
    created_before: datetime,
    durations: tuple[int, int],
) -> Sequence[Assignment]:
    """Other rows whose video may have been published in the same gap, and be of that length.

    `durations` in milliseconds, both included. A row of the same file is no rival: it does not
    matter which of the two has the video.
    """
    query: SelectOfScalar[Assignment] = (
        select(Assignment)
        .join(Video, col(Video.id) == col(Assignment.video_id))
        .where(
            col(Assignment.connection_id).in_(connection_ids),
            Assignment.id != row.id,
            Assignment.video_id != row.video_id,
            Assignment.type == row.type,
            Assignment.state != AssignmentState.PUBLISHED,
            col(Assignment.platform_id).is_(None),
            col(Assignment.created_at) < created_before,
            col(Video.duration_ms).between(*durations),
        )
        .limit(MOST_RIVALS)
    )
    return session.exec(query).all()


def is_unread(row: Assignment) -> bool:
    """True where the video may be there since the backup, and the row does not know it."""
    return row.read_back_from is not None and row.platform_id is None


def require_read(row: Assignment) -> None:
    """Raise `Unavailable` (code `gap_not_read`) for a row that is unread.

    That is what a run of before the restore meets where it relies on something that the row lacks.
    """
    if is_unread(row):
        raise Unavailable(
            "gap_not_read",
            "The database was restored from a backup, and what was done since is not in it yet. "
            "Reconcile takes it over from Temporal.",
        )


def forget_gap(row: Assignment) -> None:
    """Let nothing be read back before it is sent."""
    row.read_back_from = None
    row.candidates = []
