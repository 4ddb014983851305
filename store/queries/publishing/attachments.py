"""Attachments: the small files of an assignment, as they were accepted.

A pin belongs to an address and stays when a payload no longer names it. So it is written before
the edit that brings it, and an edit that is refused leaves nothing to undo.
"""

import hashlib
from collections.abc import Iterable

from sqlmodel import Session

from media.attachments import AttachmentPin
from store.tables import AttachmentRow, now


def pin_attachments(session: Session, assignment_id: str, pins: Iterable[AttachmentPin]) -> None:
    """Write what was accepted. The latest look at an address counts. Idempotent."""
    for pin in pins:
        session.merge(
            AttachmentRow(
                assignment_id=assignment_id,
                source_digest=_digest(pin.url),
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
    row = session.get(AttachmentRow, (assignment_id, _digest(url)))
    return None if row is None else row.sha256


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
