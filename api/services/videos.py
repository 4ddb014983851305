"""Registering videos.

The bytes are looked at before the answer, so that a file which is missing, empty, not a
video or out of bounds is refused at once; what was seen is pinned, and the transfer
refuses bytes that changed since.
"""

from api.context import Context
from domain.errors import InvalidRequest
from domain.ids import WorkspaceId
from media.facts import inspect
from media.source import VideoFacts
from platforms.protocol import Platform
from store.queries import videos
from store.tables import Video


def register_video(
    here: Context,
    workspace_id: WorkspaceId,
    *,
    source_url: str,
    title: str | None,
    description: str | None,
) -> Video:
    """Inspect the source and write its video. A retry makes another one.

    Raises `SourceUnusable` and `SourceUnreachable` before anything is written.
    """
    facts = inspect(source_url, here.policy)
    with here.store.write() as session:
        return videos.create_video(
            session,
            workspace_id=workspace_id,
            source_url=source_url,
            facts=facts,
            title=title,
            description=description,
        )


def check_fits(platform: Platform, facts: VideoFacts | Video, field: str) -> None:
    """Raise `InvalidRequest` (code `video_too_large`) for a video that the platform never takes."""
    limits = platform.capabilities
    size = facts.size if isinstance(facts, Video) else facts.pin.size
    if size > limits.max_bytes:
        sentence = f"The video is larger than the {limits.max_bytes} bytes that are taken."
    elif (facts.duration_ms or 0) > limits.max_duration_seconds * 1000:
        sentence = f"The video is longer than the {limits.max_duration_seconds} s that are taken."
    else:
        return
    raise InvalidRequest("video_too_large", sentence, details={field: [sentence]})
