"""How an assignment stands: what is under way, and what was decided.

A running activity notes what it is doing, a workflow records what it decided. Both write the
same columns, and neither moves a row that has ended, so the row tells one story whoever
crashed in between.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from domain.errors import Conflict
from domain.states import AssignmentState, KnownBy, WaitReason
from domain.wakes import TransferPlaceFree
from store import outbox
from store.queries.publishing.assignments import lock_assignment
from store.queries.publishing.edits import discard_edits
from store.queries.publishing.lanes import has_place
from store.queries.publishing.read_backs import require_read
from store.queries.publishing.transfers import find_transfer
from store.queries.telling.events import note_assignment
from store.tables import Assignment, now


def begin_uploading(session: Session, row: Assignment, *, places: int) -> bool:
    """Write that the bytes of a row that is held move from now on. Idempotent.

    False: its workspace has so many `places` in its lane, and all are taken. The row is then
    queued, and remains so until it is admitted or another state is decided. A row that moves
    already keeps its place.
    """
    discard_edits(session, row.id)
    if has_place(session, row, places=places):
        _go_on(session, row, AssignmentState.UPLOADING)
        return True
    since = row.queued_at or now()
    _go_on(session, row, AssignmentState.PENDING)
    row.queued_at = since
    return False


def move_to_slow_lane(session: Session, row: Assignment) -> None:
    """Write that a row that is held moves in the slow lane from now on. Idempotent."""
    if not row.is_slow:
        _go_on(session, row, AssignmentState.PENDING)
        row.is_slow = True


def require_current(session: Session, assignment_id: str, *, attempt: int) -> Assignment:
    """The row, held, if this attempt is the current one and has not ended.

    Raises `Conflict` (code `superseded`) otherwise.
    """
    row = lock_assignment(session, assignment_id)
    require_running(row, attempt=attempt)
    return row


def require_running(row: Assignment, *, attempt: int) -> None:
    """Raise `Conflict` (code `superseded`) unless this attempt is the current one and runs."""
    if attempt != row.attempt or AssignmentState(row.state).is_settled:
        raise _superseded()


def note_sent(
    session: Session,
    assignment_id: str,
    bytes_sent: int,
    *,
    bytes_summed: int,
    known: int | None = None,
) -> None:
    """Write how far the bytes are, which goes back where the platform kept fewer, and of how many
    the block sums are known. `known` as in `note_summed`."""
    row = lock_assignment(session, assignment_id)
    if _is_latest(session, assignment_id, known):
        row.bytes_sent = bytes_sent
        row.bytes_summed = bytes_summed
        row.updated_at = now()


def note_summed(
    session: Session, assignment_id: str, bytes_summed: int, *, known: int | None = None
) -> None:
    """Write of how many of the bytes from the first one on the block sums are known.

    Nothing is written when something was decided about the upload since version `known`: the
    bytes may belong to a session that is no more. None: whatever was.
    """
    row = lock_assignment(session, assignment_id)
    if _is_latest(session, assignment_id, known):
        row.bytes_summed = bytes_summed


def note_finished(
    session: Session, assignment_id: str, *, platform_id: str, known_by: KnownBy
) -> Assignment:
    """Write which video the platform made of the bytes, and how that is known. Idempotent."""
    row = lock_assignment(session, assignment_id)
    row.platform_id = platform_id
    row.known_by = known_by
    row.candidates = []
    row.bytes_sent = row.bytes_total
    row.waiting_since = None
    row.waiting_looks = 0
    _go_on(session, row, AssignmentState.UPLOADED)
    return row


def note_processing(session: Session, assignment_id: str, percent: int | None) -> None:
    """Write how far the platform's processing is; it may go backwards."""
    row = lock_assignment(session, assignment_id)
    row.processing_percent = percent
    _go_on(session, row, AssignmentState.PROCESSING)


def record_state(
    session: Session,
    assignment_id: str,
    *,
    state: AssignmentState,
    attempt: int | None = None,
    wait_reason: WaitReason | None = None,
    wait_until: datetime | None = None,
    waiting_since: datetime | None = None,
    waiting_looks: int = 0,
    error_code: str | None = None,
    error: str | None = None,
    remedy: str | None = None,
    warnings: Mapping[str, str],
    platform_url: str | None = None,
) -> Assignment:
    """Write what the workflow decided. What is not given is cleared, but for the URL.

    Idempotent. Raises `Conflict` (code `superseded`) when another attempt is the current one,
    or when this one has ended otherwise, and `Unavailable` (code `gap_not_read`) for the end of a
    run that knows a video which a restored row does not.
    """
    row = lock_assignment(session, assignment_id)
    if attempt is not None and attempt != row.attempt:
        raise _superseded()
    if AssignmentState(row.state).is_settled and state != row.state:
        raise _superseded()
    is_published = state is AssignmentState.PUBLISHED
    if is_published:
        require_read(row)
    before = row.state, row.wait_reason
    if state.is_settled:
        discard_edits(session, row.id)
    if state is not AssignmentState.UNCONFIRMED:
        # Who says that may not have heard yet that a person ended the reading.
        row.is_started = True
    row.state = state
    row.wait_reason = wait_reason
    row.wait_until = wait_until
    row.waiting_since = waiting_since
    row.waiting_looks = waiting_looks
    row.error_code = error_code
    row.error = error
    row.remedy = remedy
    row.warnings = dict(warnings)
    row.platform_url = platform_url or row.platform_url
    row.queued_at = None
    row.updated_at = now()
    if is_published:
        # Steps that are done again later do not publish it again.
        row.published_at = row.published_at or row.updated_at
        row.processing_percent = 100
    _tell(session, row, before)
    return row


def _go_on(session: Session, row: Assignment, state: AssignmentState) -> None:
    """Move a row that nothing holds up any more; one that has ended stays as it is."""
    before = row.state, row.wait_reason
    row.is_started = True
    if not AssignmentState(row.state).is_settled:
        row.state = state
        row.wait_reason = None
        row.wait_until = None
        row.error_code = None
        row.error = None
        row.remedy = None
        row.queued_at = None
    row.updated_at = now()
    _tell(session, row, before)


def _tell(session: Session, row: Assignment, before: tuple[str, str | None]) -> None:
    """Note an event if the state or the reason changed, and wake for a place that is free."""
    if (row.state, row.wait_reason) != before:
        note_assignment(session, row)
    if before[0] == AssignmentState.UPLOADING != row.state:
        outbox.wake(session, TransferPlaceFree(row.workspace_id, row.is_slow))


def _is_latest(session: Session, assignment_id: str, known: int | None) -> bool:
    transfer = find_transfer(session, assignment_id)
    return known is None or transfer is None or transfer.version == known


def _superseded() -> Conflict:
    return Conflict("superseded", "This attempt has ended, or a later one has taken over.")
