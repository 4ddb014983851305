"""The resumable intake: tus 1.0 with creation, expiration and termination.

A finished upload is registered as a video by its `uploadId`, the last part of its
address. Any tus client works; the key goes with every request. What is not finished, or
not registered, expires.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Coroutine
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import Header, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.auth import Caller
from api.context import Here
from api.problems import problem
from api.routes.paging import Limit, PageNumber, PathId
from api.routes.strict import JsonRoute, json_router
from api.schemas.problem import Problem, answers
from api.schemas.v1.videos import UploadList
from api.services.intake import (
    MAX_SIZE,
    append,
    create_upload,
    discard_upload,
    get_upload,
)
from domain.errors import CastlineError, Conflict, InsufficientStorage, NotFound, Unavailable
from store.queries.publishing import uploads
from store.queries.rows import PAGE_LIMIT
from store.tables import Upload

VERSION = "1.0.0"
PIECES = "application/offset+octet-stream"


class TusRoute(JsonRoute):
    """A route that speaks one version of tus, in its errors too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def spoken(request: Request) -> Response:
            # The list of uploads is ours and not a part of tus.
            if request.method == "GET":
                return await handle(request)
            if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
                raise HTTPException(412, headers={"Tus-Version": VERSION})
            try:
                response = await handle(request)
            except CastlineError as error:
                response = problem(error)
            response.headers["Tus-Resumable"] = VERSION
            return response

        return spoken


_REFUSALS: dict[int | str, dict[str, Any]] = {
    412: {"model": Problem, "description": "Another version of tus."},
    415: {"model": Problem, "description": "Another media type than that of tus's pieces."},
}
router = json_router("/videos/files", "Resumable intake", route_class=TusRoute, responses=_REFUSALS)

Metadata = Annotated[str, Header(max_length=4096)]
Bytes = Annotated[int, Header(ge=0, le=2**53)]


@router.options("", status_code=204)
async def describe() -> Response:
    """What this server can do."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,expiration,termination",
            "Tus-Max-Size": str(MAX_SIZE),
        },
    )


@router.post("", status_code=201, response_class=Response, responses=answers(InsufficientStorage))
def create(
    here: Here,
    workspace_id: Caller,
    upload_length: Bytes,
    upload_metadata: Metadata = "",
) -> Response:
    """Announce an upload of `Upload-Length` bytes; `filename` is read from the metadata.

    507 `storage_quota_exceeded`, `too_many_uploads` or `disk_full` where it finds no room.
    """
    upload = create_upload(
        here, workspace_id, size=upload_length, file_name=_file_name(upload_metadata)
    )
    location = f"{here.settings.url}/api/v1/videos/files/{upload.id}"
    return Response(status_code=201, headers={"Location": location, **_expires(upload)})


@router.get("")
def read_all(
    here: Here,
    workspace_id: Caller,
    finished: bool = False,
    page: PageNumber = 1,
    limit: Limit = PAGE_LIMIT,
) -> UploadList:
    """The workspace's unfinished uploads, newest first.

    With `finished=true` those that are complete and not registered as a video yet.
    """
    with here.store.read() as session:
        found = uploads.find_open_uploads(
            session, workspace_id, is_complete=finished, page=page, limit=limit
        )
    return UploadList.model_validate(found)


@router.head("/{upload_id}", responses=answers(NotFound), response_class=Response)
def read(here: Here, workspace_id: Caller, upload_id: PathId) -> Response:
    """How many bytes are stored: go on from there."""
    upload = get_upload(here, workspace_id, upload_id)
    return Response(
        headers={
            "Upload-Offset": str(upload.received),
            "Upload-Length": str(upload.size),
            "Cache-Control": "no-store",
            **_expires(upload),
        }
    )


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses=answers(NotFound, Conflict, Unavailable, InsufficientStorage),
    openapi_extra={
        "requestBody": {"content": {PIECES: {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def add(
    here: Here, request: Request, workspace_id: Caller, upload_id: PathId, upload_offset: Bytes
) -> Response:
    """Add bytes at `Upload-Offset`, which must be where the upload ends so far.

    What is answered is on the disk. What came before an error is kept; HEAD tells how much.
    """
    if request.headers.get("Content-Type") != PIECES:
        raise HTTPException(415)
    declared = request.headers.get("Content-Length", "")
    upload = await append(
        here,
        workspace_id,
        upload_id,
        offset=upload_offset,
        length=int(declared) if declared.isdecimal() else None,
        pieces=_until_disconnect(request),
    )
    headers = {"Upload-Offset": str(upload.received), **_expires(upload)}
    return Response(status_code=204, headers=headers)


@router.delete("/{upload_id}", status_code=204, responses=answers(NotFound, Conflict))
def terminate(here: Here, workspace_id: Caller, upload_id: PathId) -> Response:
    """Forget an upload and its bytes. 409 `upload_in_use` while it is to be published."""
    discard_upload(here, workspace_id, upload_id)
    return Response(status_code=204)


async def _until_disconnect(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        # Nobody hears the answer; what has arrived is kept.
        return


def _expires(upload: Upload) -> dict[str, str]:
    """Of an upload that does not stay: when it is deleted."""
    if upload.expires_at is None:
        return {}
    return {"Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}


def _file_name(metadata: str) -> str:
    """The `filename` of tus's `key base64, key base64`; empty where there is none."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode(errors="replace")
            except (binascii.Error, ValueError):
                return ""
    return ""
