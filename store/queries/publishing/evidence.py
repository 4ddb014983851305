"""Evidence: what was observed of an upload, written in the transaction that acts on it.

Entries are only ever added, so two workers at one upload each leave what they saw. They are
cheap: one insert beside the writes that a step makes anyway. What a retry sees again it writes
again, because that it was seen again is evidence, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, insert, select

from domain.evidence import EvidenceKind, Range, joined
from store.tables import Assignment, Evidence, now


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


def list_evidence(session: Session, assignment_id: str) -> Sequence[Evidence]:
    """Everything that was observed, oldest first."""
    query = select(Evidence).where(Evidence.assignment_id == assignment_id)
    return session.exec(query.order_by(col(Evidence.id))).all()
