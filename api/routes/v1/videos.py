"""Videos: registered by their address, looked at before the answer."""

from fastapi import APIRouter

from api.auth import Caller
from api.context import Here
from api.routes.paging import Limit, PageNumber, PathId
from api.schemas.problem import answers
from api.schemas.v1.videos import VideoList, VideoRequest, VideoView
from api.services.videos import register_upload, register_video
from domain.errors import Conflict, NotFound, Unavailable
from store.queries.publishing import videos
from store.queries.rows import PAGE_LIMIT

router = APIRouter(prefix="/videos", tags=["Videos"])


@router.post("", status_code=201, responses=answers(NotFound, Conflict, Unavailable))
def create(here: Here, workspace_id: Caller, wanted: VideoRequest) -> VideoView:
    """Register a video. Its bytes stay where they are until they are published."""
    if wanted.upload_id is not None:
        video = register_upload(
            here,
            workspace_id,
            upload_id=wanted.upload_id,
            title=wanted.title,
            description=wanted.description,
        )
    else:
        video = register_video(
            here,
            workspace_id,
            source_url=wanted.source_url or "",
            title=wanted.title,
            description=wanted.description,
        )
    return VideoView.model_validate(video)


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
