"""Videos: registered by their address, looked at before the answer."""

from functools import partial

from api.auth import Caller
from api.context import Context, Here
from api.routes.paging import Limit, PageNumber, PathId
from api.routes.strict import Asked, checked, json_router
from api.schemas.problem import answers
from api.schemas.v1.videos import VideoList, VideoRequest, VideoView
from api.services.videos import inspect_source, register_video
from domain.errors import Conflict, NotFound, TooManyRequests, Unavailable
from domain.ids import WorkspaceId
from media.upload import upload_url
from store.queries.publishing import videos
from store.queries.rows import PAGE_LIMIT
from store.tables import Video

router = json_router("/videos", "Videos")


def _check_new(asked: Asked) -> None:
    source_url, upload_id = asked.given.get("source_url"), asked.given.get("upload_id")
    look = partial(
        inspect_source,
        asked.here,
        asked.workspace_id,
        allow_truncated=asked.given.get("allow_truncated", False),
    )
    with asked.faults.of(("sourceUrl", "")):
        if source_url is not None:
            look(source_url)
    with asked.faults.of(("uploadId", "")):
        if upload_id is not None:
            look(upload_url(upload_id))


@router.post(
    "", status_code=201, responses=answers(NotFound, Conflict, TooManyRequests, Unavailable)
)
@checked(_check_new)
async def create(here: Here, workspace_id: Caller, wanted: VideoRequest) -> VideoView:
    """Register a video. Its bytes stay where they are until they are published.

    429 `too_many_source_reads` when too many requests of the workspace read a source already.
    """
    call = partial(_register, here, workspace_id, wanted)
    return VideoView.model_validate(await here.source_reads.run(workspace_id, call))


@router.get("")
def read_all(
    here: Here, workspace_id: Caller, page: PageNumber = 1, limit: Limit = PAGE_LIMIT
) -> VideoList:
    """The workspace's videos, newest first."""
    with here.store.read() as session:
        found = videos.find_videos(session, workspace_id, page=page, limit=limit)
    return VideoList.model_validate(found)


@router.get("/{video_id}", responses=answers(NotFound))
def read(here: Here, workspace_id: Caller, video_id: PathId) -> VideoView:
    """One video and its facts."""
    with here.store.read() as session:
        return VideoView.model_validate(videos.get_video(session, workspace_id, video_id))


def _register(here: Context, workspace_id: WorkspaceId, wanted: VideoRequest) -> Video:
    return register_video(
        here,
        workspace_id,
        source_url=wanted.source_url or upload_url(wanted.upload_id or ""),
        title=wanted.title,
        description=wanted.description,
        allow_truncated=wanted.allow_truncated,
    )
