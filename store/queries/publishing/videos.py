"""Videos: a source and the facts that a look at it gave."""

from sqlmodel import Session, col, select

from media.source import Pin, VideoFacts
from media.upload import upload_id_of
from store.queries.publishing.sums import add_sums
from store.queries.publishing.uploads import keep_upload
from store.queries.rows import PAGE_LIMIT, Page, find_by_number, found, lock_row, paginate
from store.sealed import seal_into
from store.tables import Video, Workspace

_NOT_FOUND = "video_not_found"


def create_video(
    session: Session,
    *,
    workspace_id: str,
    source_url: str,
    facts: VideoFacts,
    title: str | None = None,
    description: str | None = None,
) -> Video:
    """Register a video under the workspace's next number. A retry makes another one.

    An upload of the workspace that `source_url` names is kept from then on. Raises `NotFound`
    when it has expired or was terminated.
    """
    upload_id = upload_id_of(source_url)
    if upload_id is not None:
        keep_upload(session, workspace_id, upload_id)
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    workspace.last_video_number += 1
    video = Video(
        workspace_id=workspace_id,
        number=workspace.last_video_number,
        title=title,
        description=description,
        upload_id=upload_id,
        size=facts.pin.size,
        pin_version=facts.pin.version,
        file_name=facts.file_name,
        content_type=facts.content_type,
        container=facts.container,
        duration_ms=facts.duration_ms,
        width=facts.width,
        height=facts.height,
        sha256=facts.sha256,
        ranges=facts.ranges,
        is_truncated=facts.is_truncated,
    )
    seal_into(session, video, source_url=source_url)
    session.add(video)
    session.flush()
    if facts.block_sums is not None:
        add_sums(session, video.id, facts.block_sums)
    return video


def facts_of(video: Video) -> VideoFacts:
    """What was seen of its bytes when it was registered."""
    return VideoFacts(
        pin=Pin(video.size, video.pin_version),
        file_name=video.file_name,
        content_type=video.content_type,
        container=video.container,
        duration_ms=video.duration_ms,
        width=video.width,
        height=video.height,
        sha256=video.sha256,
        ranges=video.ranges,
        is_truncated=video.is_truncated,
    )


def get_video(session: Session, workspace_id: str, video_id: str) -> Video:
    query = select(Video).where(Video.id == video_id, Video.workspace_id == workspace_id)
    return found(session.exec(query).one_or_none(), code=_NOT_FOUND)


def get_video_by_id(session: Session, video_id: str) -> Video:
    """For work that a workflow was given, never for an id that a request brought."""
    return found(session.get(Video, video_id), code=_NOT_FOUND)


def get_video_by_number(session: Session, workspace_id: str, number: int) -> Video:
    return found(find_by_number(session, Video, workspace_id, number), code=_NOT_FOUND)


def find_videos(
    session: Session, workspace_id: str, *, page: int = 1, limit: int = PAGE_LIMIT
) -> Page[Video]:
    """A workspace's videos, newest first."""
    query = select(Video).where(Video.workspace_id == workspace_id)
    return paginate(session, query.order_by(col(Video.number).desc()), page=page, limit=limit)
