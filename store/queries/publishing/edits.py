"""Edits of assignments: proposed by the API, applied when their workflow finds them in time.

A proposal has a version, which is all that the workflow is given. It is applied at most once,
and never after it was withdrawn. What a crash left is deleted with the next proposal, or when
the transfer begins.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete

from domain.errors import Conflict
from domain.states import MISSING_WARNINGS, AssignmentState
from store.queries.publishing.assignments import lock_assignment
from store.sealed import seal_payload_into
from store.tables import ProposedEdit, now

ABANDONED_AFTER = timedelta(hours=1)
"""A request waits for seconds: a proposal of that age has nobody who waits for it."""


def propose_edit(
    session: Session,
    assignment_id: str,
    *,
    payload: Mapping[str, Any] | None = None,
    scheduled_at: datetime | None = None,
    clears_schedule: bool = False,
) -> int:
    """Store an edit, and return its version. None leaves things as they are.

    A retry makes another proposal. Raises `Conflict` (code `too_late`) for what has ended.
    """
    row = lock_assignment(session, assignment_id)
    if AssignmentState(row.state).is_settled:
        raise Conflict("too_late", "The assignment has ended; nothing was changed.")
    abandoned = delete(ProposedEdit).where(
        col(ProposedEdit.assignment_id) == assignment_id,
        col(ProposedEdit.applied_at).is_(None),
        col(ProposedEdit.created_at) < now() - ABANDONED_AFTER,
    )
    session.execute(abandoned)
    row.last_edit += 1
    edit = ProposedEdit(
        assignment_id=assignment_id,
        version=row.last_edit,
        scheduled_at=scheduled_at,
        clears_schedule=clears_schedule,
    )
    if payload is not None:
        seal_payload_into(session, edit, payload=payload)
    session.add(edit)
    return row.last_edit


def apply_edit(session: Session, assignment_id: str, version: int) -> bool:
    """Write a proposed edit to its assignment. Idempotent; False: it was withdrawn."""
    row = lock_assignment(session, assignment_id)
    edit = session.get(ProposedEdit, (assignment_id, version), populate_existing=True)
    if edit is None:
        return False
    if edit.applied_at is not None:
        return True
    if edit.payload is not None:
        seal_payload_into(session, row, payload=edit.payload)
        # An edit takes only files that are there.
        row.warnings = {
            code: said for code, said in row.warnings.items() if code not in MISSING_WARNINGS
        }
    if edit.scheduled_at is not None or edit.clears_schedule:
        row.scheduled_at = edit.scheduled_at
    row.updated_at = edit.applied_at = now()
    edit.clear_payload = edit.sealed_payload = None
    return True


def withdraw_edit(session: Session, assignment_id: str, version: int) -> bool:
    """See to it that a proposed edit is never applied. False: it was applied already."""
    lock_assignment(session, assignment_id)
    edit = session.get(ProposedEdit, (assignment_id, version), populate_existing=True)
    if edit is None:
        return True
    if edit.applied_at is not None:
        return False
    session.delete(edit)
    return True


def discard_edits(session: Session, assignment_id: str) -> None:
    """Forget every proposal of an assignment that takes no more edits. Idempotent."""
    session.execute(delete(ProposedEdit).where(col(ProposedEdit.assignment_id) == assignment_id))
