"""Attachments: the small files of an assignment, as they were accepted.

A pin belongs to an address and stays when a payload no longer names it. So it is written before
the edit that brings it, and an edit that is refused leaves nothing to undo.
"""

from collections.abc import Iterable

from sqlmodel import Session

from media.attachments import AttachmentPin
from media.upload import upload_id_of
from store.queries.publishing.uploads import digest_of, keep_upload
from store.tables import Assignment, AttachmentRow, now


def pin_attachments(session: Session, assignment_id: str, pins: Iterable[AttachmentPin]) -> None:
    """Write what was accepted. The latest look at an address counts. Idempotent.

    An upload that an address names is kept from then on. Raises `NotFound` when it has expired or
    was terminated.
    """
    assignment = session.get_one(Assignment, assignment_id)
    for pin in pins:
        upload_id = upload_id_of(pin.url)
        if upload_id is not None:
            keep_upload(session, assignment.workspace_id, upload_id)
        session.merge(
            AttachmentRow(
                assignment_id=assignment_id,
                source_digest=digest_of(pin.url),
                field=pin.field,
                size=pin.size,
                version=pin.version,
                sha256=pin.sha256,
                media_type=pin.media_type,
                accepted_at=now(),
            )
        )


def find_accepted_sha256(session: Session, assignment_id: str, url: str) -> str | None:
    """Hex SHA-256 of the bytes that were accepted at an address. None: it was never looked at."""
    row = session.get(AttachmentRow, (assignment_id, digest_of(url)))
    return None if row is None else row.sha256
