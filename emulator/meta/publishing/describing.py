"""Videos as `GET /_emulator/state` shows them: everything a test may ask, no secret."""

from typing import Any

from emulator.meta.publishing.library import Intent, Video
from emulator.meta.publishing.processing import is_published, publish_status, video_status


def described(video: Video, platform: str, now: float) -> dict[str, Any]:
    """Show a finished video."""
    scheduled = video.plan.intent is Intent.SCHEDULED
    return {
        "id": video.id,
        "platform": platform,
        "owner": video.page,
        "kind": video.kind,
        "title": video.title,
        "description": video.description,
        "bytes": video.bytes,
        "sha256": video.sha256,
        "published": is_published(video, now),
        "publish_status": publish_status(video, now),
        "video_status": video_status(video, now),
        "scheduled_publish_time": int(video.plan.moment) if scheduled else None,
        "thumbnail_sha256": video.thumbnail_sha256,
        "content_tags": video.details.get("content_tags", []),
        "targeting": video.details.get("targeting"),
        "is_ai_generated": video.details.get("is_ai_generated", False),
        "finishes": video.finishes,
    }
