"""What there is to tell of a video: that it is processed, and that it has a post.

Both follow from the clock, like everything else about a video. `secret` and `no_story` videos
are not told of (facts: Facebook section 3). The value of `feed` is that of Meta's Webhooks
reference for Pages; the value of `videos` is from memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emulator.meta.people import Page
from emulator.meta.publishing.library import Video
from emulator.meta.publishing.processing import (
    is_processed,
    is_published,
    live_moment,
    video_status,
)

TOLD = frozenset({"feed", "videos"})
"""The fields that have changes here."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field that changed, when, and what about it is told."""

    field: str
    moment: float
    value: dict[str, Any]


def changes_of(video: Video, page: Page, now: float) -> Iterable[Change]:
    """Return what has changed about a video until now."""
    if video.post is None:
        return
    if is_processed(video, now):
        status = {"video_status": video_status(video, now)}
        yield Change(
            "videos",
            video.finished_at + video.processing_seconds,
            {"id": video.id, "status": status},
        )
    moment = live_moment(video)
    if moment is not None and is_published(video, now):
        told = {
            "from": {"id": page.id, "name": page.name},
            "item": "video",
            "verb": "add",
            "post_id": video.post,
            "video_id": video.id,
            "link": f"https://www.facebook.com{video.address}",
            "message": video.description,
            "published": 1,
            "created_time": int(moment),
        }
        yield Change("feed", moment, told)
