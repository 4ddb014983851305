"""The resumable intake: tus 1.0 with creation and termination.

A finished upload is registered as a video by its `uploadId`, the last part of its
address. Any tus client works; the key goes with every request.
"""

import base64
import binascii
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.auth import Caller
from api.context import Here
from api.problems import problem
from api.routes.paging import PathId
from api.schemas.problem import Problem, answers
from api.services.intake import (
    MAX_SIZE,
    append,
    create_upload,
    discard_upload,
    get_upload,
)
from domain.errors import CastlineError, Conflict, NotFound

VERSION = "1.0.0"
PIECES = "application/offset+octet-stream"


class TusRoute(APIRoute):
    """A route that speaks one version of tus, in its errors too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def spoken(request: Request) -> Response:
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
router = APIRouter(
    prefix="/videos/files",
    tags=["Resumable intake"],
    route_class=TusRoute,
    responses=_REFUSALS,
)

Metadata = Annotated[str, Header(max_length=4096)]
Bytes = Annotated[int, Header(ge=0, le=2**53)]


@router.options("", status_code=204)
async def describe() -> Response:
    """What this server can do."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,termination",
            "Tus-Max-Size": str(MAX_SIZE),
        },
    )


@router.post("", status_code=201, response_class=Response)
def create(
    here: Here,
    workspace_id: Caller,
    upload_length: Bytes,
    upload_metadata: Metadata = "",
) -> Response:
    """Announce an upload of `Upload-Length` bytes; `filename` is read from the metadata."""
    upload = create_upload(
        here, workspace_id, size=upload_length, file_name=_file_name(upload_metadata)
    )
    location = f"{here.settings.url}/api/v1/videos/files/{upload.id}"
    return Response(status_code=201, headers={"Location": location})


@router.head("/{upload_id}", responses=answers(NotFound), response_class=Response)
def read(here: Here, workspace_id: Caller, upload_id: PathId) -> Response:
    """How many bytes have arrived: go on from there."""
    upload = get_upload(here, workspace_id, upload_id)
    return Response(
        headers={
            "Upload-Offset": str(upload.offset),
            "Upload-Length": str(upload.size),
            "Cache-Control": "no-store",
        }
    )


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses=answers(NotFound, Conflict),
    openapi_extra={
        "requestBody": {"content": {PIECES: {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def add(
    here: Here, request: Request, workspace_id: Caller, upload_id: PathId, upload_offset: Bytes
) -> Response:
    """Add bytes at `Upload-Offset`, which must be where the upload ends so far."""
    if request.headers.get("Content-Type") != PIECES:
        raise HTTPException(415)
    upload = await to_thread.run_sync(get_upload, here, workspace_id, upload_id)
    try:
        offset = await append(upload, offset=upload_offset, pieces=request.stream())
    except ClientDisconnect:
        # Nobody hears this; what has arrived is kept, and HEAD tells how much that is.
        offset = upload.offset
    return Response(status_code=204, headers={"Upload-Offset": str(offset)})


@router.delete("/{upload_id}", status_code=204, responses=answers(NotFound))
def terminate(here: Here, workspace_id: Caller, upload_id: PathId) -> Response:
    """Forget an upload and its bytes, also those of a video that is not published yet."""
    discard_upload(here, workspace_id, upload_id)
    return Response(status_code=204)


def _file_name(metadata: str) -> str:
    """The `filename` of tus's `key base64, key base64`; empty where there is none."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return ""
    return ""
