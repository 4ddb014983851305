"""Video jobs: the videos of `/api/v1`, by their number."""

from functools import partial
from typing import Annotated

from fastapi import Path

from api.auth import Caller
from api.context import Here
from api.routes.paging import Limit, PageNumber
from api.routes.slashes import both
from api.routes.strict import Asked, checked, json_router
from api.schemas.base import MAX_NUMBER
from api.schemas.problem import answers
from api.schemas.youtube import JobAnswer, JobRequest
from api.services.videos import inspect_source, register_video
from domain.errors import NotFound, TooManyRequests, Unavailable
from store.queries.publishing import videos
from store.queries.rows import PAGE_LIMIT

router = json_router("/video-jobs", "Video jobs")


def _check_new(asked: Asked) -> None:
    if "source_url" in asked.given:
        with asked.faults.of(("source_url", "")):
            inspect_source(asked.here, asked.workspace_id, asked.given["source_url"])


@both(router.post, "/", status_code=201, responses=answers(TooManyRequests, Unavailable))
@checked(_check_new)
async def create(here: Here, workspace_id: Caller, wanted: JobRequest) -> JobAnswer:
    """Register a finished video. It is looked at before the answer.

    429 `too_many_source_reads` when too many requests of the workspace read a source already.
    """
    call = partial(
        register_video,
        here,
        workspace_id,
        source_url=wanted.source_url,
        title=wanted.title,
        description=wanted.description,
    )
    return JobAnswer.of(await here.source_reads.run(workspace_id, call))


@both(router.get, "/")
def read_all(
    here: Here, workspace_id: Caller, page: PageNumber = 1, limit: Limit = PAGE_LIMIT
) -> list[JobAnswer]:
    """The workspace's jobs, newest first."""
    with here.store.read() as session:
        found = videos.find_videos(session, workspace_id, page=page, limit=limit)
    return [JobAnswer.of(video) for video in found.items]


@both(router.get, "/{job_id}/", responses=answers(NotFound))
def read(
    here: Here, workspace_id: Caller, job_id: Annotated[int, Path(ge=1, le=MAX_NUMBER)]
) -> JobAnswer:
    """One job."""
    with here.store.read() as session:
        return JobAnswer.of(videos.get_video_by_number(session, workspace_id, job_id))
