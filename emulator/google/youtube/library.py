"""The videos, captions and playlists there are.

Of a file only its length and its SHA-256 remain. What a client set is kept as it was
set (`snippet`, `status`, …), so that reading a video back shows what was written.
"""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What processing will make of a video."""

    PROCESSED = "processed"
    FAILED = "failed"
    REJECTED = "rejected"
    STUCK = "stuck"
    TERMINATED = "terminated"


@dataclass(slots=True)
class Caption:
    """A caption track."""

    id: str
    language: str
    name: str
    is_draft: bool
    bytes: int
    sha256: str
    updated_at: float


@dataclass(slots=True)
class Video:
    """An uploaded video."""

    id: str
    owner: str
    snippet: dict[str, Any]
    status: dict[str, Any]
    bytes: int
    sha256: str
    uploaded_at: float
    processing_seconds: float
    file_name: str = "unknown"
    content_type: str = "application/octet-stream"
    localizations: dict[str, Any] = field(default_factory=dict)
    recording: dict[str, Any] = field(default_factory=dict)
    fate: Fate = Fate.PROCESSED
    reason: str | None = None
    thumbnail_sha256: str | None = None
    captions: list[Caption] = field(default_factory=list)


@dataclass(slots=True)
class PlaylistItem:
    """A place in a playlist."""

    id: str
    video: str
    added_at: float
    note: str = ""


@dataclass(slots=True)
class Playlist:
    """A playlist that somebody made; the uploads playlist is not stored but derived."""

    id: str
    owner: str
    title: str
    description: str = ""
    privacy: str = "private"
    made_at: float = 0.0
    items: list[PlaylistItem] = field(default_factory=list)
    language: str | None = None
    localizations: dict[str, Any] = field(default_factory=dict)
    podcast: str | None = None


@dataclass(slots=True)
class Library:
    """All videos and playlists by id, oldest first."""

    videos: dict[str, Video] = field(default_factory=dict)
    playlists: dict[str, Playlist] = field(default_factory=dict)

    def uploads_of(self, channel: str) -> list[Video]:
        """Return a channel's videos, newest first."""
        return [video for video in reversed(self.videos.values()) if video.owner == channel]

    def caption(self, caption_id: str) -> tuple[Video, Caption] | None:
        """Return a caption track and the video it belongs to."""
        for video in self.videos.values():
            for caption in video.captions:
                if caption.id == caption_id:
                    return video, caption
        return None


def new_video_id() -> str:
    """Return eleven characters, as YouTube's ids have."""
    return secrets.token_urlsafe(9)[:11]


def new_playlist_id() -> str:
    """Return an id in the shape of a playlist's."""
    return "PL" + secrets.token_urlsafe(24)[:32]


def new_item_id() -> str:
    """Return an id in the shape of a playlist item's or a caption's."""
    return secrets.token_urlsafe(36)
