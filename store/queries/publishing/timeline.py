"""What happened to an assignment: its events and the evidence of its upload as one story.

Everything is read from our own tables, so it can be told when Temporal has forgotten the
workflow, or is away. A page is cut by the database, in an order in which what is added comes last;
what is summed up is read by kind, and of the newest entries alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, and_, cast, func, literal, null, or_, union_all
from sqlalchemy import select as columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from domain.evidence import EvidenceKind, Proof, Told, proof_by_sums
from store.queries.rows import Page
from store.tables import Assignment, Event, Evidence, Video


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    attempt: int
    kind: str
    """An `EvidenceKind`, or the type of an event."""
    data: Mapping[str, Any]
    times: int
    latest_at: datetime
    """When it was seen last: `at` is the first of its `times`."""
    turn: int | None = None
    """Of an event: how many of its type its attempt has had with it."""


_ENTRY = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Summary:
    """What the evidence comes to."""

    sessions_opened: int
    finishes_sent: int
    read_backs: int
    """How often the platform was asked what it has."""
    reconciliations: int
    confirmed_bytes: int
    last_answer: Entry | None
    proof: Proof
    sha256: str | None
    """Of the bytes that were sent, where the proof is whole."""


def page_timeline(session: Session, row: Assignment, *, page: int, limit: int) -> Page[Entry]:
    """A page of the assignment's story, oldest first. A page beyond the end is empty.

    Evidence stands in the order in which it was written, events come in between by their moments.
    A run writes what it has seen a while later, and that moves nothing that was there.
    """
    attempt = col(Event.data)["attempt"].as_integer()
    turn = func.row_number().over(partition_by=(Event.type, attempt), order_by=col(Event.number))
    told: Any = (
        columns(
            col(Event.happened_at).label("at"),
            attempt.label("attempt"),
            cast(Event.type, String).label("kind"),
            col(Event.data).label("data"),
            literal(1).label("times"),
            col(Event.happened_at).label("latest_at"),
            turn.label("turn"),
            col(Event.happened_at).label("placed_at"),
            literal(0).label("rank"),
            col(Event.number).label("number"),
        )
        .where(col(Event.workspace_id) == row.workspace_id)
        .where(col(Event.subject_id) == row.id)
    )
    seen = columns(
        col(Evidence.noted_at),
        col(Evidence.attempt),
        cast(Evidence.kind, String),
        col(Evidence.data),
        col(Evidence.times),
        col(Evidence.latest_at),
        cast(null(), Integer),
        func.max(col(Evidence.noted_at)).over(order_by=col(Evidence.id)),
        literal(1),
        col(Evidence.id),
    ).where(col(Evidence.assignment_id) == row.id)
    both = union_all(told, seen).subquery()
    total = session.connection().scalar(columns(func.count()).select_from(both)) or 0
    found = session.connection().execute(
        columns(*(both.c[name] for name in _ENTRY))
        .order_by(both.c.placed_at, both.c.rank, both.c.number)
        .offset((page - 1) * limit)
        .limit(limit)
    )
    return Page(items=[Entry(*row) for row in found], total=total, page=page, limit=limit)


def sum_up(session: Session, row: Assignment) -> Summary:
    """What the evidence of all attempts comes to."""
    counts = _count(session, row.id)
    proof, sha256 = _prove(session, row)
    return Summary(
        sessions_opened=counts.get(EvidenceKind.SESSION_OPENED, 0),
        finishes_sent=counts.get(EvidenceKind.FINISH_SENT, 0),
        read_backs=counts.get(EvidenceKind.ASKED, 0),
        reconciliations=counts.get(EvidenceKind.RECONCILED, 0)
        + counts.get(EvidenceKind.READ_BACK, 0),
        confirmed_bytes=_confirmed(session, row),
        last_answer=_find_last_answer(session, row.id),
        proof=proof,
        sha256=sha256,
    )


def _count(session: Session, assignment_id: str) -> Mapping[str, int]:
    query = (
        columns(col(Evidence.kind), func.sum(Evidence.times))
        .where(col(Evidence.assignment_id) == assignment_id)
        .group_by(col(Evidence.kind))
    )
    return {row.kind: row[1] for row in session.connection().execute(query)}


def _prove(session: Session, row: Assignment) -> tuple[Proof, str | None]:
    """What is known of the bytes of the video that it became, or of what is under way."""
    latest = _find_latest(session, row.id, EvidenceKind.IDENTIFIED, EvidenceKind.SESSION_OPENED)
    if latest is not None and latest.data.get("proof") == Proof.SHA256:
        return Proof.SHA256, latest.data["sha256"]
    # The SHA-256 may have become known since then.
    sha256 = session.exec(select(Video.sha256).where(Video.id == row.video_id)).one()
    proof = proof_by_sums(row.bytes_summed, row.bytes_total, sha256)
    return proof, sha256 if proof is Proof.BLOCKS else None


def _confirmed(session: Session, row: Assignment) -> int:
    """By the platform's last word on the session that was opened last."""
    if row.platform_id is not None:
        return row.bytes_total
    is_held = col(Evidence.data)["told"].as_string() == Told.HELD
    query = _by_moment(row.id).where(
        or_(
            col(Evidence.kind).in_([EvidenceKind.CONFIRMED, EvidenceKind.SESSION_OPENED]),
            and_(col(Evidence.kind).in_([EvidenceKind.ASKED, EvidenceKind.ANSWERED]), is_held),
        )
    )
    found = session.exec(query.limit(1)).first()
    if found is None or found.kind == EvidenceKind.SESSION_OPENED:
        return 0
    offsets: Sequence[int] = found.data.get("offsets") or [found.data["offset"]]
    return offsets[-1]


def _find_last_answer(session: Session, assignment_id: str) -> Entry | None:
    answers = (EvidenceKind.CONFIRMED, EvidenceKind.ASKED, EvidenceKind.ANSWERED)
    query = _by_moment(assignment_id).where(col(Evidence.kind).in_(answers))
    found = session.exec(query.limit(1)).first()
    if found is None:
        return None
    return Entry(
        found.noted_at, found.attempt, found.kind, found.data, found.times, found.latest_at
    )


def _find_latest(session: Session, assignment_id: str, *kinds: EvidenceKind) -> Evidence | None:
    query = select(Evidence).where(Evidence.assignment_id == assignment_id)
    query = query.where(col(Evidence.kind).in_(kinds)).order_by(col(Evidence.id).desc())
    return session.exec(query.limit(1)).first()


def _by_moment(assignment_id: str) -> SelectOfScalar[Evidence]:
    """What was seen last first: of what is counted, that is not what was written last."""
    query = select(Evidence).where(Evidence.assignment_id == assignment_id)
    return query.order_by(col(Evidence.latest_at).desc(), col(Evidence.id).desc())
