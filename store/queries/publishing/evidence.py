"""Evidence: what was observed of an upload, written in the transaction that acts on it.

Entries are only ever added, so two workers at one upload each leave what they saw. They are
cheap: one insert beside the writes that a step makes anyway. What a retry sees again it writes
again, because that it was seen again is evidence, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, insert, select

from domain.evidence import EvidenceKind, Range, Told, joined
from store.tables import Assignment, Evidence, now

_OPEN = (EvidenceKind.FINISH_SENT, EvidenceKind.FORCED)
_ENDS = (EvidenceKind.SESSION_OPENED, EvidenceKind.SESSION_DISCARDED, EvidenceKind.IDENTIFIED)
_WORDS = (Told.HELD, Told.FINISHED)
"""What settles a finish: the platform's word on the upload, or that another one was begun."""


@dataclass(frozen=True, slots=True)
class Observation:
    """An entry that is not written yet. Nothing secret may be in its data."""

    kind: EvidenceKind
    data: Mapping[str, Any] = field(default_factory=dict)
    noted_at: datetime = field(default_factory=now)


def add_evidence(session: Session, row: Assignment, seen: Iterable[Observation]) -> None:
    """Write what was observed during the row's current attempt, in its order."""
    entries = [
        {
            "assignment_id": row.id,
            "attempt": row.attempt,
            "kind": one.kind,
            "data": dict(one.data),
            "noted_at": one.noted_at,
        }
        for one in seen
    ]
    if entries:
        # Past the session, which would keep them for nobody.
        session.connection().execute(insert(Evidence), entries)


def find_ranges(session: Session, assignment_id: str) -> list[Range] | None:
    """What was hashed of the bytes on the latest session, the range written last being last.

    None: its opening is no evidence, so neither is anything that was sent on it since.
    """
    of_assignment = select(Evidence).where(Evidence.assignment_id == assignment_id)
    latest = col(Evidence.id).desc()
    opened = session.exec(
        of_assignment.where(Evidence.kind == EvidenceKind.SESSION_OPENED).order_by(latest).limit(1)
    ).one_or_none()
    if opened is None:
        return None
    confirmed = session.exec(
        of_assignment.where(
            Evidence.kind == EvidenceKind.CONFIRMED, col(Evidence.id) > opened.id
        ).order_by(col(Evidence.id))
    )
    return joined(Range.read(row.data["range"]) for row in confirmed if "range" in row.data)


def is_forced(session: Session, row: Assignment) -> bool:
    """True when a person ended the reading in this attempt."""
    query = select(Evidence.id).where(
        Evidence.assignment_id == row.id,
        Evidence.attempt == row.attempt,
        Evidence.kind == EvidenceKind.FORCED,
    )
    return session.exec(query.limit(1)).first() is not None


def has_open_finish(session: Session, assignment_id: str) -> bool:
    """True when a request that may have completed the upload left, and its outcome is not known."""
    return _last_of_finish(session, assignment_id) in _OPEN


def has_forced_finish(session: Session, assignment_id: str) -> bool:
    """True when a person ended the reading of such a request, and nothing has settled it since."""
    return _last_of_finish(session, assignment_id) == EvidenceKind.FORCED


def _last_of_finish(session: Session, assignment_id: str) -> str | None:
    """The latest that was seen of a finish: it left, its reading was ended, or it was settled."""
    kind, told = col(Evidence.kind), col(Evidence.data)["told"].as_string()
    latest = session.exec(
        select(Evidence.kind)
        .where(Evidence.assignment_id == assignment_id)
        .where(or_(kind.in_([*_OPEN, *_ENDS]), told.in_(_WORDS)))
        .order_by(col(Evidence.id).desc())
        .limit(1)
    )
    return latest.one_or_none()
