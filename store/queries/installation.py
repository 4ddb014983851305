"""The installation's row: its generation, and what a restore from a backup changes.

Work that was done between a backup and its restore is missing in the database and may be there
on the platforms. So a restore marks every open assignment to be read back before anything is
sent, and keeps away from all numbers that may have been given out since the backup.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, update
from sqlmodel import Session, col, select

from domain.clocks import CLOCK_MARGIN
from store.queries.publishing.unsettled import IS_UNSETTLED
from store.queries.rows import insert_new, lock_row
from store.tables import Assignment, Installation, Process, Workspace, now

NUMBER_JUMP = 1_000_000
"""Added to each counter by a restore, so that no number stands for two things: more than any
workspace counts between a backup and its restore."""


@dataclass(frozen=True, slots=True)
class Restore:
    """The latest restore of a database."""

    epoch: int
    restored_at: datetime
    gap_from: datetime
    """Since when work may be missing."""
    earliest_gap_from: datetime
    """The same of all restores."""
    histories_read_at: datetime | None
    """None: Temporal may know of work in the gap that is not in the database."""


def find_installation(session: Session) -> Installation | None:
    """The row. None: this database was never used."""
    return session.get(Installation, 1, populate_existing=True)


def ensure_installation(session: Session) -> Installation:
    """The row, held until the end of the transaction, and made where there is none. Idempotent."""
    if session.get(Installation, 1) is None:
        insert_new(session, Installation())
    return lock_row(session, Installation, 1, code="installation_not_found")


def note_generation(session: Session) -> Installation:
    """Raise the generation by one: everything up to now is in this database."""
    row = ensure_installation(session)
    row.generation += 1
    row.noted_at = now()
    return row


def find_gap_start(session: Session, *, not_after: datetime | None = None) -> datetime:
    """Since when work may be missing in a database that turned out to be older than the world.

    It is the latest moment that the database can have been copied at, at the earliest, less a
    margin for clocks. `not_after` is a moment that the copy is known to have come after.
    """
    row = find_installation(session)
    if row is not None and row.noted_at is not None:
        latest = row.noted_at
    else:
        seen = session.exec(select(func.max(Process.seen_at))).one()
        updated = session.exec(select(func.max(Assignment.updated_at))).one()
        latest = max(filter(None, (seen, updated)), default=now())
    return min(latest, not_after or latest) - CLOCK_MARGIN


def begin_restore(session: Session, gap_from: datetime, *, generation: int = 0) -> int:
    """Begin the next epoch: this database has no record of what was done since `gap_from`.

    Every open assignment is read back on its platform before anything is sent for it. The
    counters of videos, assignments and events jump. `generation` is what the file beside the key
    set holds. Returns how many assignments are open. A retry begins one more epoch, which costs
    numbers and one more look at the platforms.
    """
    row = ensure_installation(session)
    row.epoch += 1
    row.generation = max(row.generation, generation) + 1
    row.noted_at = row.restored_at = now()
    row.gap_from = gap_from
    row.earliest_gap_from = min(gap_from, row.earliest_gap_from or gap_from)
    row.histories_read_at = None
    session.flush()
    connection = session.connection()
    before = col(Assignment.read_back_from)
    earlier = case((before < gap_from, before), else_=gap_from)
    marked = connection.execute(update(Assignment).where(IS_UNSETTLED).values({before: earlier}))
    # In this order: every transaction locks an assignment before its workspace.
    connection.execute(
        update(Workspace).values(
            {
                column: column + NUMBER_JUMP
                for column in (
                    col(Workspace.last_video_number),
                    col(Workspace.last_upload_number),
                    col(Workspace.last_event_number),
                )
            }
        )
    )
    return marked.rowcount


def find_restored(session: Session) -> Restore | None:
    """The latest restore of this database. None: it was never restored."""
    row = find_installation(session)
    if row is None or row.restored_at is None:
        return None
    assert row.gap_from is not None, "a restore writes it"
    assert row.earliest_gap_from is not None, "a restore writes it"
    return Restore(
        row.epoch, row.restored_at, row.gap_from, row.earliest_gap_from, row.histories_read_at
    )


def require_read_back(session: Session, row: Assignment) -> None:
    """Mark a row that is to be sent again if it may have been published in a gap. Idempotent.

    That is so where it had ended before a restore: in the gap a person may have retried it.
    """
    restored = find_restored(session)
    if restored is not None and row.updated_at < restored.restored_at:
        gap_from = restored.earliest_gap_from
        row.read_back_from = min(gap_from, row.read_back_from or gap_from)


def mark_histories_read(session: Session) -> None:
    """Write that nothing of the gap is left in Temporal that is not in the database."""
    ensure_installation(session).histories_read_at = now()
