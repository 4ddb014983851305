"""Evidence: what was observed of an upload, written in the transaction that acts on it.

Entries are never taken away, so two workers at one upload each leave what they saw, and they are
cheap: one statement beside the writes that a step makes anyway. What a retry sees again is
counted where it stands, unless there was news in between: an outage of a week leaves a handful of
rows. One moment is kept of the first time and one of the latest, and none of those between.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, case, func, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from domain.evidence import EvidenceKind, Told, is_news
from store.tables import Assignment, Evidence, now

_ENDS = (EvidenceKind.SESSION_OPENED, EvidenceKind.SESSION_DISCARDED, EvidenceKind.IDENTIFIED)
_WORDS = (Told.HELD, Told.FINISHED)
"""What settles a finish: the platform's word on the upload, or that another one was begun."""
_OF = "of_assignment"
"""The parameter by which the latest news is found."""


@dataclass(frozen=True, slots=True)
class Observation:
    """An entry that is not written yet. Nothing secret may be in its data."""

    kind: EvidenceKind
    data: Mapping[str, Any] = field(default_factory=dict)
    noted_at: datetime = field(default_factory=now)


def add_evidence(session: Session, row: Assignment, seen: Iterable[Observation]) -> None:
    """Write what was observed during the row's current attempt, in its order.

    What stands there since the latest news in the same words is counted up, by any number of
    workers at once.
    """
    entries = [
        {
            _OF: row.id,
            "assignment_id": row.id,
            "attempt": row.attempt,
            "kind": one.kind,
            "data": dict(one.data),
            "noted_at": one.noted_at,
            "latest_at": one.noted_at,
            "fingerprint": _find_fingerprint(row.attempt, one),
        }
        for one in seen
    ]
    if entries:
        # Past the session, which would keep them for nobody.
        connection = session.connection()
        connection.execute(_counting(connection.dialect.name), entries)


def _find_fingerprint(attempt: int, one: Observation) -> str | None:
    """Of everything it says but its moment; None: it is news."""
    if is_news(one.kind, one.data):
        return None
    said = json.dumps([attempt, one.kind, one.data], sort_keys=True)
    return sha256(said.encode()).hexdigest()


@cache
def _counting(dialect: str) -> Executable:
    """The insert of an entry, or one more of what is there. An index decides, so none is lost."""
    insert = postgresql.insert(Evidence) if dialect == "postgresql" else sqlite.insert(Evidence)
    news = aliased(Evidence)
    latest = (
        select(news.id)
        .where(news.assignment_id == bindparam(_OF), col(news.fingerprint).is_(None))
        .order_by(col(news.id).desc())
        .limit(1)
        # Of two workers that count the same rows in another order, one waits for the other here.
        .with_for_update(key_share=True)
    )
    there, fresh = col(Evidence.latest_at), insert.excluded.latest_at
    return insert.values(since=func.coalesce(latest.scalar_subquery(), 0)).on_conflict_do_update(
        index_elements=["assignment_id", "since", "fingerprint"],
        set_={
            "times": col(Evidence.times) + 1,
            # Who was slow to write does not turn back the clock.
            "latest_at": case((fresh > there, fresh), else_=there),
        },
    )


def is_forced(session: Session, row: Assignment) -> bool:
    """True when a person ended the reading in this attempt."""
    return _has_order(session, row.id, col(Evidence.attempt) == row.attempt)


def count_stops(session: Session, row: Assignment, code: str) -> int:
    """How often this attempt was stopped by the same trouble."""
    query = select(func.sum(Evidence.times)).where(
        Evidence.assignment_id == row.id,
        Evidence.attempt == row.attempt,
        Evidence.kind == EvidenceKind.STOPPED,
        col(Evidence.data)["code"].as_string() == code,
    )
    return session.exec(query).one() or 0


def count_losses(
    session: Session, assignment_id: str, since: datetime
) -> tuple[int, datetime | None]:
    """How often its workflow was lost since then, and when that was met last."""
    query = select(func.sum(Evidence.times), func.max(Evidence.latest_at)).where(
        Evidence.assignment_id == assignment_id,
        Evidence.kind == EvidenceKind.WORKFLOW_LOST,
        col(Evidence.latest_at) >= since,
    )
    count, latest = session.exec(query).one()
    return count or 0, latest


def has_open_finish(session: Session, assignment_id: str) -> bool:
    """True when a request that may have completed an upload left, and its outcome is not known."""
    kind, told = col(Evidence.kind), col(Evidence.data)["told"].as_string()
    latest = session.exec(
        select(Evidence.kind)
        .where(Evidence.assignment_id == assignment_id)
        .where(or_(kind.in_([EvidenceKind.FINISH_SENT, *_ENDS]), told.in_(_WORDS)))
        .order_by(col(Evidence.id).desc())
        .limit(1)
    ).one_or_none()
    return latest == EvidenceKind.FINISH_SENT or has_forced_finish(session, assignment_id)


def has_forced_finish(session: Session, assignment_id: str) -> bool:
    """True when a person ever ended the reading of such a request: no later upload settles it."""
    return _has_order(session, assignment_id)


def _has_order(session: Session, assignment_id: str, *which: ColumnElement[bool]) -> bool:
    query = select(Evidence.id).where(
        Evidence.assignment_id == assignment_id, Evidence.kind == EvidenceKind.FORCED, *which
    )
    return session.exec(query.limit(1)).first() is not None
