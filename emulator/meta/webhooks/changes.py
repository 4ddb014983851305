"""The changes of a video that webhooks report: end of processing (`videos`), new post (`feed`).

Both are functions of the clock, like all of a video's state. `secret` and `no_story` videos have
no changes (facts: Facebook section 3). The values are written from memory, not from a source.
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


@dataclass(frozen=True, slots=True)
class Change:
    """A changed field, the moment of the change (Unix seconds), and the reported value."""

    field: str
    moment: float
    value: dict[str, Any]


def changes_of(video: Video, page: Page, now: float) -> Iterable[Change]:
    """Return the changes of a video until now."""
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
        post = {
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
        yield Change("feed", moment, post)
