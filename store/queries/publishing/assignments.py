"""Assignments: accepted, listed, edited.

Accepting is one transaction, and numbers what it makes in the order of the commits. The row
follows the workflow and never leads it; once settled it stays as it is until a person begins
the next attempt.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain import ids
from domain.states import AssignmentState
from store.queries.access.connections import get_connection
from store.queries.publishing.uploads import hold_bytes
from store.queries.publishing.videos import get_video
from store.queries.rows import (
    PAGE_LIMIT,
    Page,
    find_by_number,
    found,
    lock_row,
    paginate,
)
from store.queries.telling.events import note_assignment
from store.sealed import seal_into, seal_payload_into
from store.tables import Assignment, Workspace, now

_NOT_FOUND = "assignment_not_found"


def create_assignment(
    session: Session,
    *,
    workspace_id: str,
    connection_id: str,
    video_id: str,
    platform: str,
    type: str = "video",
    payload: Mapping[str, Any],
    scheduled_at: datetime | None = None,
    external_id: str | None = None,
    callback_url: str | None = None,
    origin: str = "v1",
    group_id: str | None = None,
    warnings: Mapping[str, str] | None = None,
) -> Assignment:
    """Accept an assignment under the workspace's next number. A retry makes another one.

    Raises `NotFound` for a connection or video that is not the workspace's own, and `Conflict`
    (code `upload_terminated`) for a video whose bytes were terminated.
    """
    get_connection(session, workspace_id, connection_id)
    video = get_video(session, workspace_id, video_id)
    if video.upload_id is not None:
        hold_bytes(session, video.upload_id)
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    workspace.last_upload_number += 1
    assignment = Assignment(
        workspace_id=workspace_id,
        number=workspace.last_upload_number,
        group_id=group_id or ids.new_group_id(),
        connection_id=connection_id,
        video_id=video_id,
        platform=platform,
        type=type,
        scheduled_at=scheduled_at,
        external_id=external_id,
        origin=origin,
        bytes_total=video.size,
        warnings=dict(warnings or {}),
    )
    seal_payload_into(session, assignment, payload=payload)
    seal_into(session, assignment, callback_url=callback_url)
    session.add(assignment)
    session.flush()
    note_assignment(session, assignment)
    return assignment


def get_assignment(session: Session, workspace_id: str, assignment_id: str) -> Assignment:
    query = select(Assignment).where(
        Assignment.id == assignment_id, Assignment.workspace_id == workspace_id
    )
    return found(session.exec(query).one_or_none(), code=_NOT_FOUND)


def get_assignment_by_id(session: Session, assignment_id: str) -> Assignment:
    """For work that a workflow was given, never for an id that a request brought."""
    return found(session.get(Assignment, assignment_id), code=_NOT_FOUND)


def get_assignment_by_number(session: Session, workspace_id: str, number: int) -> Assignment:
    return found(find_by_number(session, Assignment, workspace_id, number), code=_NOT_FOUND)


def find_assignments(
    session: Session,
    workspace_id: str,
    *,
    state: AssignmentState | None = None,
    connection_id: str | None = None,
    group_id: str | None = None,
    external_id: str | None = None,
    origin: str | None = None,
    page: int = 1,
    limit: int = PAGE_LIMIT,
) -> Page[Assignment]:
    """A workspace's assignments, newest first."""
    wanted = {
        Assignment.state: state,
        Assignment.connection_id: connection_id,
        Assignment.group_id: group_id,
        Assignment.external_id: external_id,
        Assignment.origin: origin,
    }
    query = select(Assignment).where(Assignment.workspace_id == workspace_id)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return paginate(session, query.order_by(col(Assignment.number).desc()), page=page, limit=limit)


def list_group(session: Session, workspace_id: str, group_id: str) -> Sequence[Assignment]:
    """The assignments of one request, in the order of its connections."""
    query = select(Assignment).where(
        Assignment.workspace_id == workspace_id, Assignment.group_id == group_id
    )
    return session.exec(query.order_by(col(Assignment.number))).all()


def mark_started(session: Session, assignment_id: str, *, attempt: int) -> None:
    """Write that Temporal has taken an attempt over. Idempotent; a later attempt is left alone."""
    row = lock_assignment(session, assignment_id)
    if row.attempt == attempt:
        row.is_started = True


def request_cancel(session: Session, assignment_id: str) -> None:
    """Write that the running attempt is to give up, before its workflow is asked. Idempotent.

    An assignment that has ended is left alone.
    """
    row = lock_assignment(session, assignment_id)
    if not AssignmentState(row.state).is_settled:
        row.cancel_requested_at = row.cancel_requested_at or now()


def lock_assignment(session: Session, assignment_id: str) -> Assignment:
    """The row, held against other writers until the end of the transaction."""
    return lock_row(session, Assignment, assignment_id, code=_NOT_FOUND)
