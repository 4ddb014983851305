"""Another address for the video of an assignment.

Of one upload all bytes come from one file, whatever is replaced meanwhile. Where the file is the
registered one, only its address changes, for every assignment of the video, and uploads continue
at their byte. Any other file becomes a video of its own, for this assignment alone, and what was
sent of the old one is dropped with its session; so it is taken only while nothing is being sent
and no video can be there. The session's row counts the decision, so a worker that was taken for
dead neither finishes the old session nor stores one.
"""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from domain.errors import Conflict
from domain.evidence import EvidenceKind
from domain.states import AssignmentState, WaitReason
from domain.wakes import SourceReplaced
from media.source import VideoFacts
from media.upload import upload_id_of
from store import outbox
from store.queries.publishing.assignments import get_assignment, lock_assignment
from store.queries.publishing.attachments import missing_among
from store.queries.publishing.evidence import Observation, add_evidence
from store.queries.publishing.transfers import clear_session, find_transfer
from store.queries.publishing.uploads import keep_upload
from store.queries.publishing.videos import create_video, gives_same_file, lock_video
from store.sealed import seal_into
from store.tables import Assignment, Video, now

_NOT_SENDING = frozenset(
    {
        AssignmentState.PENDING,
        AssignmentState.WAITING,
        AssignmentState.FAILED,
        AssignmentState.CANCELLED,
    }
)


def require_replaceable(row: Assignment) -> None:
    """Raise `Conflict` (code `too_late`) once the platform has every byte. Pure."""
    if row.platform_id is not None or row.state == AssignmentState.PUBLISHED:
        raise Conflict("too_late", "The platform has every byte; nothing was changed.")


def replace_source(
    session: Session,
    workspace_id: str,
    assignment_id: str,
    *,
    source_url: str,
    facts: VideoFacts,
    warnings: Mapping[str, str],
) -> Assignment:
    """Write where the video lies from now on, and wake what waits for it. Idempotent.

    `facts` are of the file at `source_url`, and `warnings` those of the platform on it. Raises
    `NotFound`, and `Conflict`: `too_late` once the platform has every byte, `source_differs` for
    another file while bytes are sent or a video may be there.
    """
    get_assignment(session, workspace_id, assignment_id)
    row = lock_assignment(session, assignment_id)
    require_replaceable(row)
    video = lock_video(session, row.video_id)
    is_same = gives_same_file(video, facts)
    if not is_same:
        _drop_session(session, row)
    seen = Observation(EvidenceKind.SOURCE_REPLACED, {"same": is_same})
    add_evidence(session, row, [seen])
    if row.wait_reason == WaitReason.SOURCE:
        # A run that is made of the row does not wait, either.
        row.wait_until = now()
    row.updated_at = now()
    if not AssignmentState(row.state).is_settled:
        outbox.wake(session, SourceReplaced(row.id))
    if is_same:
        _move(session, video, source_url, facts)
    else:
        # Last: it holds the workspace.
        _take_other(session, row, video, source_url, facts, warnings)
    return row


def _move(session: Session, video: Video, source_url: str, facts: VideoFacts) -> None:
    """Write the other address of the same file, for every assignment of the video."""
    upload_id = upload_id_of(source_url)
    if upload_id is not None:
        keep_upload(session, video.workspace_id, upload_id)
    seal_into(session, video, source_url=source_url)
    video.upload_id = upload_id
    video.pin_version = facts.pin.version
    video.ranges = facts.ranges
    waiting = select(Assignment.id).where(
        Assignment.video_id == video.id,
        Assignment.state == AssignmentState.WAITING,
        col(Assignment.wait_reason) == WaitReason.SOURCE,
    )
    for assignment_id in session.exec(waiting):
        outbox.wake(session, SourceReplaced(assignment_id))


def _take_other(
    session: Session,
    row: Assignment,
    video: Video,
    source_url: str,
    facts: VideoFacts,
    warnings: Mapping[str, str],
) -> None:
    other = create_video(
        session,
        workspace_id=row.workspace_id,
        source_url=source_url,
        facts=facts,
        title=video.title,
        description=video.description,
    )
    row.video_id = other.id
    row.bytes_total = other.size
    row.bytes_sent = row.bytes_summed = 0
    row.warnings = {**missing_among(row.warnings), **warnings}


def _drop_session(session: Session, row: Assignment) -> None:
    """Forget the session of the old file. Raises `Conflict` (code `source_differs`)."""
    transfer = find_transfer(session, row.id)
    may_exist = row.read_back_from is not None or (
        transfer is not None
        and (transfer.finish_sent_at is not None or transfer.lost_at is not None)
    )
    if may_exist or AssignmentState(row.state) not in _NOT_SENDING:
        raise Conflict(
            "source_differs",
            "The file at this address is not the one that was registered, which is being uploaded "
            "or may be uploaded already. Give an address of the registered file, or cancel this "
            "assignment and publish the other file.",
        )
    has_session = transfer is not None and transfer.sealed_session is not None
    clear_session(session, row.id)
    if has_session:
        add_evidence(session, row, [Observation(EvidenceKind.SESSION_DISCARDED)])
