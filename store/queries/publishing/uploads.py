"""Uploads of the resumable intake: announced, received, kept or expired.

What a workspace has stored is exact here: an upload counts in full from its announcement to
its deletion. A row is deleted before its file, so a file without a row is garbage.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, func
from sqlmodel import Session, col, delete, select, update

from domain.errors import Conflict, InsufficientStorage, NotFound, Remedy
from domain.states import AssignmentState
from media.upload import upload_url
from store.queries.rows import PAGE_LIMIT, Page, found, lock_row, paginate
from store.tables import Assignment, AttachmentRow, Upload, Video, Workspace, now

_NOT_FOUND = "upload_not_found"
_UNSETTLED = [state for state in AssignmentState if not state.is_settled]


def create_upload(
    session: Session,
    *,
    workspace_id: str,
    file_name: str,
    size: int,
    quota: int,
    max_open: int,
    expires_at: datetime,
) -> Upload:
    """Announce an upload of `size` bytes. A retry makes another one.

    Raises `InsufficientStorage` with `storage_quota_exceeded` where the workspace would keep
    more than its own quota, or else `quota`, and with `too_many_uploads` where it has
    `max_open` of which no video was registered.
    """
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    limit = quota if workspace.storage_quota is None else workspace.storage_quota
    if stored_bytes(session, workspace_id) + size > limit:
        raise InsufficientStorage(
            "storage_quota_exceeded",
            f"The uploads of this workspace may have {limit} bytes in total. "
            "Terminate uploads that are not needed any more.",
            remedy=Remedy.CHANGE,
        )
    if _count_open(session, workspace_id) >= max_open:
        raise InsufficientStorage(
            "too_many_uploads",
            f"This workspace has {max_open} uploads that are not registered as videos. "
            "Register or terminate some of them.",
            remedy=Remedy.CHANGE,
        )
    upload = Upload(
        workspace_id=workspace_id,
        file_name=file_name,
        size=size,
        finished_at=None if size else now(),
        expires_at=expires_at,
    )
    session.add(upload)
    session.flush()
    return upload


def stored_bytes(session: Session, workspace_id: str) -> int:
    """Bytes that the workspace's uploads were announced with."""
    query = select(func.sum(Upload.size)).where(Upload.workspace_id == workspace_id)
    return int(session.scalar(query) or 0)


def get_upload(session: Session, workspace_id: str, upload_id: str) -> Upload:
    """Raises `NotFound`, alike for an unknown, a foreign and an expired one."""
    query = select(Upload).where(Upload.id == upload_id, Upload.workspace_id == workspace_id)
    upload = found(session.exec(query).one_or_none(), code=_NOT_FOUND)
    if upload.expires_at is not None and upload.expires_at <= now():
        raise _gone()
    return upload


def find_open_uploads(
    session: Session,
    workspace_id: str,
    *,
    is_complete: bool = False,
    page: int = 1,
    limit: int = PAGE_LIMIT,
) -> Page[Upload]:
    """A workspace's unfinished uploads, or those that are complete and not registered; newest
    first."""
    query = select(Upload).where(
        Upload.workspace_id == workspace_id,
        col(Upload.expires_at) > now(),
        (col(Upload.received) >= Upload.size) if is_complete else (Upload.received < Upload.size),
    )
    ordered = query.order_by(col(Upload.created_at).desc(), col(Upload.id).desc())
    return paginate(session, ordered, page=page, limit=limit)


def advance_upload(
    session: Session, upload: Upload, received: int, *, expires_at: datetime
) -> None:
    """Write that the file is on the disk up to `received`; `upload` tells what was known before.

    Raises `NotFound` when it was terminated or has expired meanwhile, and `Conflict` (code
    `upload_busy`) when another request has written since.
    """
    is_complete = received == upload.size
    changes = {"received": received, "finished_at": now() if is_complete else None}
    if upload.expires_at is not None:
        changes["expires_at"] = expires_at
    written = session.execute(
        update(Upload)
        .where(col(Upload.id) == upload.id, col(Upload.received) == upload.received)
        .values(changes)
    )
    if _count(written):
        return
    if session.get(Upload, upload.id) is None:
        raise _gone()
    raise Conflict("upload_busy", "Another request adds to this upload.")


def keep_upload(session: Session, workspace_id: str, upload_id: str) -> Upload:
    """Let an upload expire no more, because something was made of it. Idempotent.

    Raises `NotFound` when it has expired or was terminated.
    """
    upload = lock_row(session, Upload, upload_id, code=_NOT_FOUND)
    get_upload(session, workspace_id, upload_id)
    upload.expires_at = None
    return upload


def hold_bytes(session: Session, upload_id: str) -> None:
    """Keep an upload from being terminated until this transaction ends.

    Raises `Conflict` (code `upload_terminated`) when it was terminated before.
    """
    try:
        lock_row(session, Upload, upload_id, code=_NOT_FOUND)
    except NotFound:
        raise Conflict(
            "upload_terminated",
            "The upload of this video was terminated. Upload the file again.",
        ) from None


def delete_upload(session: Session, workspace_id: str, upload_id: str) -> None:
    """Terminate an upload: its file is garbage from the commit on.

    Raises `NotFound`, and `Conflict` (code `upload_in_use`) while an assignment that has not
    ended needs its bytes.
    """
    get_upload(session, workspace_id, upload_id)
    upload = lock_row(session, Upload, upload_id, code=_NOT_FOUND)
    unsettled = select(Assignment.id).where(col(Assignment.state).in_(_UNSETTLED))
    as_video = unsettled.join(Video, col(Video.id) == Assignment.video_id).where(
        Video.upload_id == upload_id
    )
    as_attachment = unsettled.join(
        AttachmentRow, col(AttachmentRow.assignment_id) == Assignment.id
    ).where(AttachmentRow.source_digest == digest_of(upload_url(upload_id)))
    for needed in (as_video, as_attachment):
        if session.exec(needed.limit(1)).first() is not None:
            raise Conflict(
                "upload_in_use",
                "This upload is to be published. Cancel its assignments first.",
            )
    session.delete(upload)


def digest_of(url: str) -> str:
    """Hex SHA-256 of an address: it names an attachment where the address itself lies sealed."""
    return hashlib.sha256(url.encode()).hexdigest()


def list_expired_uploads(session: Session, *, before: datetime, limit: int) -> Sequence[Upload]:
    """Uploads that expired before then, oldest first."""
    query = select(Upload).where(col(Upload.expires_at) < before)
    return session.exec(query.order_by(col(Upload.expires_at)).limit(limit)).all()


def delete_expired_upload(session: Session, upload_id: str, *, before: datetime) -> bool:
    """Delete an upload unless something was added to it or made of it meanwhile."""
    return bool(
        _count(
            session.execute(
                delete(Upload).where(col(Upload.id) == upload_id, col(Upload.expires_at) < before)
            )
        )
    )


def known_uploads(session: Session, upload_ids: Collection[str]) -> set[str]:
    """Those of the ids that have a row."""
    return set(session.exec(select(Upload.id).where(col(Upload.id).in_(upload_ids))))


def _count_open(session: Session, workspace_id: str) -> int:
    query = select(func.count()).where(
        col(Upload.workspace_id) == workspace_id, col(Upload.expires_at).is_not(None)
    )
    return session.scalar(query) or 0


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount


def _gone() -> NotFound:
    return NotFound(_NOT_FOUND, "There is no such upload.")
