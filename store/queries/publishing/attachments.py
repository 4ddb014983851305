"""Attachments: the small files of an assignment, as they were accepted.

A pin belongs to an address and stays when a payload no longer names it. So it is written before
the edit that brings it, and an edit that is refused leaves nothing to undo.
"""

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from domain.states import MISSING_WARNINGS
from media.attachments import AttachmentPin, NamedAttachment
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


def note_missing(session: Session, assignment_id: str, named: Iterable[NamedAttachment]) -> None:
    """Write that files were accepted which their origins refused then. Idempotent."""
    for one in named:
        session.merge(
            AttachmentRow(
                assignment_id=assignment_id,
                source_digest=digest_of(one.url),
                field=one.field,
                size=0,
                version="",
                sha256=None,
                media_type="",
                accepted_at=now(),
            )
        )


def missing_among(warnings: Mapping[str, str]) -> dict[str, str]:
    """Of an assignment's warnings those of files that were not there at acceptance. Pure.

    They hold until the step has looked, whatever becomes of the video's file.
    """
    return {code: said for code, said in warnings.items() if code in MISSING_WARNINGS}


def find_accepted(session: Session, assignment_id: str, url: str) -> AttachmentRow | None:
    """What was accepted at an address. None: it was never looked at."""
    return session.get(AttachmentRow, (assignment_id, digest_of(url)))
