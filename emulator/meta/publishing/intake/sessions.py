"""Uploads on their way: what the platform knows of a file before its finish call.

    OPEN → COMPLETE | CANCELLED

A video's id exists from the start, a chunked upload has a session id besides, which is
a secret and never shown. Open sessions survive a restart with the bytes they had confirmed;
a finished one is a video (see `library`).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.meta.publishing.intake.hashing import Intake
from emulator.meta.publishing.library import Kind, Library, new_id
from emulator.plain import TRANSIENT
from emulator.spool import Spools


class State(StrEnum):
    """Where a session stands."""

    OPEN = "open"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Session:
    """A file on its way to a Page.

    `received` counts every byte of the file that was read, also those that were not kept; the
    body of a Reel's refused request is not read.
    `writer` names the request that may write a Reel: a newer one takes over from one
    whose client is gone without a word.
    """

    video_id: str
    session_id: str
    page: str
    kind: Kind
    opened_at: float
    size: int | None
    state: State = State.OPEN
    intake: Intake = field(default_factory=Intake, metadata=TRANSIENT)
    received: int = 0
    writer: int = field(default=0, metadata=TRANSIENT)

    @property
    def is_whole(self) -> bool:
        """Tell whether every byte is there."""
        return self.size is not None and self.intake.stored == self.size


@dataclass(slots=True)
class Sessions:
    """All sessions that are open or were cancelled, by the id of their video."""

    spools: Spools
    by_video: dict[str, Session] = field(default_factory=dict)

    def open(self, page: str, kind: Kind, now: float, size: int | None = None) -> Session:
        """Open a session with ids of its own."""
        session = Session(new_id(), new_id(), page, kind, now, size)
        session.intake = Intake(self.spools.open(session.video_id))
        self.by_video[session.video_id] = session
        return session

    def find(self, video_id: str) -> Session | None:
        """Return the open session of a video."""
        session = self.by_video.get(video_id)
        return session if session and session.state is State.OPEN else None

    def find_by_id(self, session_id: str) -> Session | None:
        """Return the open session with this id."""
        sessions = self.by_video.values()
        found = next((s for s in sessions if s.session_id == session_id), None)
        return found if found and found.state is State.OPEN else None

    def close(self, session: Session) -> None:
        """Let go of a session that has become a video."""
        session.state = State.COMPLETE
        session.intake.spool.drop()
        del self.by_video[session.video_id]

    def kept(self) -> dict[str, Session]:
        """Return what survives a restart, and let go of the bytes of what does not."""
        for session in self.by_video.values():
            if session.state is not State.OPEN:
                session.intake.spool.drop()
        return {name: s for name, s in self.by_video.items() if s.state is State.OPEN}

    def restore(self, kept: dict[str, Session]) -> None:
        """Take the place of all sessions with what `kept` returned."""
        for video_id, session in kept.items():
            session.intake = Intake.restored(self.spools.open(video_id))
        self.by_video = kept

    def describe(self, library: Library, platform: str) -> list[dict[str, Any]]:
        """Show all sessions, complete ones first, without what would let anybody use them."""
        complete = [
            _shown(platform, video.id, video.page, video.kind, State.COMPLETE, video.bytes)
            | {"received": video.received, "stored": video.bytes, "finished": True}
            for video in library.videos.values()
            if video.session_id
        ]
        others = [
            _shown(platform, open_.video_id, open_.page, open_.kind, open_.state, open_.size)
            | {"received": open_.received, "stored": open_.intake.stored, "finished": False}
            for open_ in self.by_video.values()
        ]
        return complete + others


def _shown(
    platform: str, video_id: str, page: str, kind: Kind, state: State, size: int | None
) -> dict[str, Any]:
    return {
        "id": video_id,
        "platform": platform,
        "owner": page,
        "kind": kind,
        "state": state,
        "size": size,
    }
