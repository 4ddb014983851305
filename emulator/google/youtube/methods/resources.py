"""How videos and lists are written, part by part."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.clock import timestamp
from emulator.google.youtube.library import Video
from emulator.google.youtube.metadata import publish_moment
from emulator.google.youtube.processing import Progress, progress
from emulator.google.youtube.service import Service

OWNER_PARTS = frozenset({"fileDetails", "processingDetails", "suggestions"})


def etag(content: object) -> str:
    """Return a tag that changes with the content."""
    return hashlib.sha256(repr(content).encode()).hexdigest()[:27]


def resource(
    kind: str, of: str, parts: Iterable[str], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Write a resource with the parts asked for; parts without content are left out."""
    content = {part: known[part] for part in parts if known.get(part)}
    return {"kind": f"youtube#{kind}", "etag": etag((of, content)), "id": of, **content}


def listing(
    kind: str, items: Iterable[Mapping[str, Any]], about: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a list answer. `about` is what `paging.page` says of a list that has pages."""
    content = {**(about or {}), "items": list(items)}
    return {"kind": f"youtube#{kind}ListResponse", "etag": etag(content), **content}


def thumbnails(origin: str, of: str) -> dict[str, Any]:
    """Write a thumbnails object; the pictures themselves do not exist."""
    sizes = {"default": (120, 90), "medium": (320, 180), "high": (480, 360)}
    return {
        name: {"url": f"{origin}/vi/{of}/{name}.jpg", "width": width, "height": height}
        for name, (width, height) in sizes.items()
    }


def channel_title(service: Service, channel_id: str) -> str:
    """Return a channel's title, or nothing where the channel is gone."""
    channel = service.directory.channels.get(channel_id)
    return channel.title if channel else ""


def privacy(video: Video, now: float) -> str:
    """Return a video's privacy at a moment: a schedule makes it public in time."""
    moment = publish_moment(video.status)
    due = moment is not None and moment <= now
    return "public" if due else str(video.status["privacyStatus"])


def video_resource(
    service: Service, video: Video, parts: Iterable[str], origin: str, language: str | None = None
) -> dict[str, Any]:
    """Write a video. `language` is the one that `snippet.localized` is wanted in."""
    writer = _VideoWriter(service, video, origin, language)
    known = {part: _PARTS[part](writer) for part in parts if part in _PARTS}
    return resource("video", video.id, parts, known)


@dataclass(frozen=True, slots=True)
class _VideoWriter:
    """Writes one video, a method for each part."""

    service: Service
    video: Video
    origin: str
    language: str | None

    def snippet(self) -> dict[str, Any]:
        snippet = self.video.snippet
        return {
            "publishedAt": timestamp(self.video.uploaded_at),
            "channelId": self.video.owner,
            **snippet,
            "thumbnails": thumbnails(self.origin, self.video.id),
            "channelTitle": channel_title(self.service, self.video.owner),
            "liveBroadcastContent": "none",
            "localized": {
                "title": snippet["title"],
                "description": snippet.get("description", ""),
                **self.video.localizations.get(self.language or "", {}),
            },
        }

    def status(self) -> dict[str, Any]:
        now, stand = self.service.clock.now(), self._stand()
        status: dict[str, Any] = {"uploadStatus": stand.upload_status, **self.video.status}
        status["privacyStatus"] = privacy(self.video, now)
        if status["privacyStatus"] == "public":
            status.pop("publishAt", None)
        if stand.failure_reason:
            status["failureReason"] = stand.failure_reason
        if stand.rejection_reason:
            status["rejectionReason"] = stand.rejection_reason
        status["madeForKids"] = bool(self.video.status.get("selfDeclaredMadeForKids"))
        return status

    def content_details(self) -> dict[str, Any]:
        done = self._stand().upload_status == "processed"
        return {
            # The bytes are gone, so the length is made up; it is P0D until it is known.
            "duration": "PT10S" if done else "P0D",
            "dimension": "2d",
            "definition": "hd",
            "caption": "true" if self.video.captions else "false",
            "licensedContent": False,
            "contentRating": {},
            "projection": "rectangular",
        }

    def statistics(self) -> dict[str, Any]:
        return {"viewCount": "0", "likeCount": "0", "favoriteCount": "0", "commentCount": "0"}

    def processing_details(self) -> dict[str, Any]:
        return self._stand().details()

    def file_details(self) -> dict[str, Any]:
        return {
            "fileName": self.video.file_name,
            "fileSize": str(self.video.bytes),
            "fileType": "video",
            "container": self.video.content_type.partition("/")[2],
        }

    def suggestions(self) -> dict[str, Any]:
        invalid = self._stand().failure_reason == "invalidFile"
        return {"processingErrors": ["notAVideoFile"]} if invalid else {}

    def player(self) -> dict[str, Any]:
        return {"embedHtml": f'<iframe src="//www.youtube.com/embed/{self.video.id}"></iframe>'}

    def localizations(self) -> dict[str, Any]:
        return self.video.localizations

    def recording_details(self) -> dict[str, Any]:
        return self.video.recording

    def _stand(self) -> Progress:
        return progress(self.video, self.service.clock.now())


_PARTS: Mapping[str, Callable[[_VideoWriter], dict[str, Any]]] = {
    "snippet": _VideoWriter.snippet,
    "status": _VideoWriter.status,
    "contentDetails": _VideoWriter.content_details,
    "statistics": _VideoWriter.statistics,
    "processingDetails": _VideoWriter.processing_details,
    "fileDetails": _VideoWriter.file_details,
    "suggestions": _VideoWriter.suggestions,
    "player": _VideoWriter.player,
    "localizations": _VideoWriter.localizations,
    "recordingDetails": _VideoWriter.recording_details,
}
