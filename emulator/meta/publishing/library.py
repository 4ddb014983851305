"""The videos and Reels that were finished.

Of a file only its length and its SHA-256 remain. A video enters the library with its
finish call, under the id that it has had since its start; before that it is a session.
"""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The two kinds of video that a Page has."""

    VIDEO = "video"
    REEL = "reel"


class Fate(StrEnum):
    """What processing will make of a video; the names are those of the fault kinds."""

    READY = "ready"
    PROCESSING_ERROR = "processing_error"
    NEVER_READY = "never_ready"
    LEFT_AS_DRAFT = "left_as_draft"
    COPYRIGHT = "copyright"


class Intent(StrEnum):
    """What the client wants to become of a video."""

    PUBLISHED = "published"
    DRAFT = "draft"
    SCHEDULED = "scheduled"


@dataclass(frozen=True, slots=True)
class Plan:
    """An intent, and the moment before which it is not carried out."""

    intent: Intent = Intent.PUBLISHED
    moment: float = 0.0


@dataclass(slots=True)
class Video:
    """A finished video; `finishes` counts the finish calls that said so."""

    id: str
    page: str
    kind: Kind
    bytes: int
    sha256: str
    created_at: float
    finished_at: float
    processing_seconds: float
    seconds: float | None = None
    """How long it plays, where its file tells."""
    plan: Plan = field(default_factory=Plan)
    post_id: str = ""
    title: str = ""
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    fate: Fate = Fate.READY
    reason: str | None = None
    updated_at: float = 0.0
    thumbnail_sha256: str | None = None
    finishes: int = 1
    session_id: str | None = None
    received: int = 0

    @property
    def address(self) -> str:
        """The path of its public page, as in `permalink_url`: without a host."""
        if self.kind is Kind.REEL:
            return f"/reel/{self.id}/"
        return f"/{self.page}/videos/{self.id}/"

    @property
    def post(self) -> str | None:
        """The id of its post as the API takes it; None for a `secret` or `no_story` video."""
        if self.details.get("secret") or self.details.get("no_story"):
            return None
        return f"{self.page}_{self.post_id}"


@dataclass(slots=True)
class Library:
    """All finished videos by id, oldest first."""

    videos: dict[str, Video] = field(default_factory=dict)

    def of_session(self, session_id: str) -> Video | None:
        """Return what a session has become."""
        return next((v for v in self.videos.values() if v.session_id == session_id), None)

    def of_post(self, post: str) -> Video | None:
        """Return the video of a post."""
        return next((v for v in self.videos.values() if v.post == post), None)

    def of_page(self, page: str, kind: Kind) -> list[Video]:
        """Return a Page's videos of one kind, newest first."""
        videos = reversed(self.videos.values())
        return [video for video in videos if (video.page, video.kind) == (page, kind)]


def new_id() -> str:
    """Return a numeric string of the length that ids of videos and posts have."""
    return str(10**15 + secrets.randbelow(9 * 10**15))
