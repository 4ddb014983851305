"""Resumable sessions: what the platform knows of a file that is on its way.

    OPEN → COMPLETE | CANCELLED | EXPIRED

A session is a bearer capability, so its id is never shown; `label` is. Finished sessions
survive a restart with their answer, open ones with the bytes they had confirmed.
"""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.google.api.arguments import Arguments, Query
from emulator.google.api.document import METHODS
from emulator.google.oauth.records import Person, digest
from emulator.google.uploads.intake import Intake
from emulator.google.youtube.library import Fate
from emulator.plain import TRANSIENT
from emulator.spool import Spools

HEAD_BYTES = 64
"""How much of the beginning of a file is remembered, to tell what it is."""


class SessionState(StrEnum):
    """Where a session stands."""

    OPEN = "open"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(slots=True)
class Draft:
    """What was said about a file before its bytes came."""

    method: str
    person: Person
    query: Query
    body: dict[str, Any]
    origin: str
    content_type: str = "application/octet-stream"
    file_name: str = "unknown"
    fate: Fate = Fate.PROCESSED
    reason: str | None = None
    locked_private: bool = False

    @property
    def arguments(self) -> Arguments:
        """The arguments of the call that began it; raises GoogleError if they will not do."""
        return Arguments.read(METHODS[self.method], self.query)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a file that arrived."""

    size: int
    sha256: str
    head: bytes = b""


@dataclass(slots=True)
class Finish:
    """The answer that ended a session, to be given again to whoever asks."""

    status: int
    text: str


@dataclass(slots=True)
class Record:
    """The part of a session that is kept and shown."""

    label: str
    owner: str
    method: str
    opened_at: float
    total: int | None
    state: SessionState = SessionState.OPEN
    stored: int = 0
    received: int = 0
    finish: Finish | None = None


@dataclass(slots=True)
class Session:
    """A session with what only an open one needs.

    `writer` names the request that may write: a newer one takes over from one whose
    client is gone without a word.
    """

    record: Record
    draft: Draft | None = None
    intake: Intake = field(default_factory=Intake, metadata=TRANSIENT)
    head: bytes = field(default=b"", metadata=TRANSIENT)
    writer: int = field(default=0, metadata=TRANSIENT)


@dataclass(slots=True)
class Sessions:
    """All sessions by their secret id."""

    spools: Spools
    by_id: dict[str, Session] = field(default_factory=dict)

    def open(self, draft: Draft, total: int | None, now: float) -> str:
        """Open a session and return its id."""
        session_id = "AJ" + secrets.token_urlsafe(72)
        record = Record(
            label=secrets.token_hex(4),
            owner=draft.person.key,
            method=draft.method,
            opened_at=now,
            total=total,
        )
        intake = Intake(self.spools.open(digest(session_id)))
        self.by_id[session_id] = Session(record, draft, intake)
        return session_id

    def find(self, session_id: str, now: float, lifetime: float) -> Session | None:
        """Return a session that is open or complete, and not too old."""
        session = self.by_id.get(session_id)
        if session is None or session.record.state in (
            SessionState.CANCELLED,
            SessionState.EXPIRED,
        ):
            return None
        if now >= session.record.opened_at + lifetime:
            session.record.state = SessionState.EXPIRED
            session.draft = None
            return None
        return session

    def describe(self) -> list[dict[str, Any]]:
        """Show the sessions without what would let anybody use them."""
        return [
            {
                "id": session.record.label,
                "platform": "youtube",
                "owner": session.record.owner,
                "method": session.record.method,
                "state": session.record.state,
                "stored": session.record.stored,
                "total": session.record.total,
                "received": session.record.received,
            }
            for session in self.by_id.values()
        ]

    def kept(self, now: float, lifetime: float) -> dict[str, Session]:
        """Return what survives a restart, and let go of the bytes of what does not."""
        for session_id, session in self.by_id.items():
            self.find(session_id, now, lifetime)
            if session.record.state is not SessionState.OPEN:
                session.intake.spool.drop()
        alive = (SessionState.OPEN, SessionState.COMPLETE)
        return {name: s for name, s in self.by_id.items() if s.record.state in alive}

    def restore(self, kept: dict[str, Session]) -> None:
        """Take the place of all sessions with what `kept` returned."""
        for session_id, session in kept.items():
            if session.record.state is SessionState.OPEN:
                spool = self.spools.open(digest(session_id))
                session.intake = Intake.restored(spool)
                session.head = bytes(next(spool.read(), memoryview(b""))[:HEAD_BYTES])
                session.record.stored = session.intake.stored
        self.by_id = kept
