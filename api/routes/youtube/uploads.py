"""Uploads: the assignments of `/api/v1` that this surface made, by their number."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import anyio
from anyio import to_thread
from fastapi import Header, Path, Response

from api.auth import Caller
from api.context import Context, Here
from api.routes.keys import KeyHeader, key_of
from api.routes.paging import Limit, PageNumber
from api.routes.slashes import both
from api.routes.strict import Asked, checked, json_router
from api.schemas.base import MAX_NUMBER
from api.schemas.problem import answers
from api.schemas.youtube import Status, UploadAnswer, UploadRequest, UploadStatus
from api.services.assignments import accept
from api.services.connections import get_latest_connection
from api.services.faults import Faults
from api.services.orders import Order, check_order
from domain.errors import NotFound, NotYet, Unprocessable
from domain.ids import WorkspaceId
from domain.states import PlatformName
from store.queries.publishing import assignments, videos
from store.queries.rows import PAGE_LIMIT
from store.tables import Video

router = json_router("/youtube", "YouTube")

MAX_WAIT = 60
LOOK_EVERY = 0.5
"""Seconds between two looks at a row that is waited for."""


def _check_new(asked: Asked) -> None:
    order = _order_of(asked.here, asked.workspace_id, asked.given, asked.faults)
    check_order(asked.here, asked.workspace_id, order, asked.faults)


@both(router.post, "/upload/", responses=answers(NotFound, NotYet, Unprocessable))
@checked(_check_new)
async def upload(
    here: Here,
    workspace_id: Caller,
    wanted: UploadRequest,
    response: Response,
    idempotency_key: KeyHeader = None,
    prefer: Annotated[str, Header(max_length=200)] = "",
) -> UploadAnswer:
    """Publish a job's video on the connected channel. Public unless said otherwise.

    With an idempotency key the same body is published once and answered alike, with 200, and 409
    `in_flight` until it is accepted. `Prefer: wait=N` waits up to N seconds, 60 at most, for
    `youtube_video_id`: a repetition waits for the same upload and tells how it stands then.
    """
    answer = await to_thread.run_sync(_accept, here, workspace_id, wanted, idempotency_key)
    seconds = _seconds_to_wait(prefer)
    if seconds is not None:
        response.headers["Preference-Applied"] = f"wait={seconds}"
        answer = await _once_it_has_an_id(here, workspace_id, answer, seconds)
    return answer


@both(router.get, "/uploads/")
def read_all(
    here: Here, workspace_id: Caller, page: PageNumber = 1, limit: Limit = PAGE_LIMIT
) -> list[UploadStatus]:
    """The uploads of this surface, newest first."""
    with here.store.read() as session:
        found = assignments.find_assignments(
            session, workspace_id, origin="youtube", page=page, limit=limit
        )
    return [UploadStatus.of(row) for row in found.items]


@both(router.get, "/uploads/{upload_id}/status/", responses=answers(NotFound))
def read(
    here: Here, workspace_id: Caller, upload_id: Annotated[int, Path(ge=1, le=MAX_NUMBER)]
) -> UploadStatus:
    """How an upload stands: PROCESSING until the video is published."""
    with here.store.read() as session:
        return UploadStatus.of(
            assignments.get_assignment_by_number(session, workspace_id, upload_id)
        )


def _accept(
    here: Context, workspace_id: WorkspaceId, wanted: UploadRequest, header: str | None
) -> UploadAnswer:
    """The upload as it was accepted, now or by the first request with the key."""
    key = key_of(header, wanted, lambda group: UploadAnswer.of(group[0]).model_dump(mode="json"))
    accepted = accept(here, workspace_id, key, partial(_order_of, here, workspace_id, dict(wanted)))
    if accepted.first_answer is not None:
        return UploadAnswer.model_validate(accepted.first_answer)
    return UploadAnswer.of(accepted.group[0])


def _order_of(
    here: Context, workspace_id: WorkspaceId, given: Mapping[str, Any], faults: Faults
) -> Order:
    """What is wanted by a body, of which only the right fields need be given."""
    connections, video = [], None
    with faults.of(("connection", "")):
        connections = [get_latest_connection(here, workspace_id, PlatformName.YOUTUBE).id]
    if "job_id" in given:
        with faults.of(("job_id", "")), here.store.read() as session:
            video = videos.get_video_by_number(session, workspace_id, given["job_id"])
    title = _or_default(given, "title", video)
    if title is None and ("title" not in given or video is None):
        title = _UNJUDGED
    payload = {
        "title": title,
        "description": _or_default(given, "description", video),
        "tags": given.get("tags"),
        "privacy": given.get("privacy_status"),
    }
    return Order(
        connection_ids=connections,
        video_id=None if video is None else video.id,
        media_url=None,
        type="video",
        payload={field: value for field, value in payload.items() if value is not None},
        origin="youtube",
        video_field="job_id",
        payload_prefix="",
    )


def _or_default(given: Mapping[str, Any], field: str, video: Video | None) -> Any:
    """The field, or the job's; None where neither is known."""
    is_open = field in given and given[field] is None
    return getattr(video, field) if is_open and video is not None else given.get(field)


_UNJUDGED = "-"
"""In the place of a title that has a fault already, or that only an unknown job has."""


def _seconds_to_wait(prefer: str) -> int | None:
    """The `wait` of RFC 7240's Prefer, at most `MAX_WAIT`; None when it is not asked for."""
    asked = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})", prefer, re.IGNORECASE)
    return None if asked is None else min(int(asked[1]), MAX_WAIT)


async def _once_it_has_an_id(
    here: Context, workspace_id: WorkspaceId, answer: UploadAnswer, seconds: int
) -> UploadAnswer:
    """The upload once the platform has named the video, the work has ended or the time is up."""

    def look() -> UploadAnswer:
        with here.store.read() as session:
            return UploadAnswer.of(
                assignments.get_assignment_by_number(session, workspace_id, answer.upload_id)
            )

    with anyio.move_on_after(seconds):
        while True:
            answer = await to_thread.run_sync(look)
            if answer.youtube_video_id is not None or answer.status is not Status.PROCESSING:
                break
            await anyio.sleep(LOOK_EVERY)
    return answer
