"""Uploads in one request: `multipart` (metadata and file) and `media` (file alone)."""

from collections.abc import AsyncIterator
from email.message import Message

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.api.calls import written
from emulator.google.errors import GoogleError
from emulator.google.uploads.intake import Intake
from emulator.google.uploads.methods import UploadMethod, check_media, draft_of, mark, metadata_of
from emulator.google.uploads.reading import discard, pieces
from emulator.google.uploads.related import Related
from emulator.google.uploads.session import HEAD_BYTES, Stored
from emulator.google.youtube.access import Access


def upload_type_of(request: web.Request) -> str:
    """Return `uploadType`; without one, a body of `multipart/related` says that it is multipart.

    aiogoogle sends none with its multipart uploads (aiogoogle 5.19, `aiohttp_session`).
    """
    given = request.query.get("uploadType", "")
    return given or ("multipart" if request.content_type == "multipart/related" else "")


async def upload(call: Call, method: UploadMethod, access: Access) -> web.StreamResponse:
    """Take a file in one request and answer the resource."""
    try:
        return await _upload(call, method, access)
    except GoogleError:
        await discard(call)
        raise


async def without_file(call: Call, method: UploadMethod, access: Access) -> web.StreamResponse:
    """Take a call that is not at an upload address and so brings metadata at most."""
    caller, draft = draft_of(call, method, access)
    if call.request.content_type == "application/json":
        draft.body = metadata_of(await call.request.read())
    else:
        await discard(call)
    method.begin(call, caller, draft)
    return written(call.request, draft.arguments, method.finish(draft, None))


async def _upload(call: Call, method: UploadMethod, access: Access) -> web.StreamResponse:
    caller, draft = draft_of(call, method, access)
    mark(call, draft)
    draft.content_type = call.request.headers.get("Content-Type", draft.content_type)
    if upload_type_of(call.request) == "multipart":
        if call.request.content_type != "multipart/related":
            raise bad_requests.unsupported_media_type(draft.content_type)
        related = Related(pieces(call), _boundary(call.request))
        draft.body = metadata_of(await related.metadata())
        draft.content_type = await related.media_type()
        media = related.media()
    else:
        media = pieces(call)
    check_media(method, draft.content_type)
    method.begin(call, caller, draft)
    file = await _store(call, media)
    check_media(method, draft.content_type, file.size)
    return written(call.request, draft.arguments, method.finish(draft, file))


async def _store(call: Call, media: AsyncIterator[memoryview]) -> Stored:
    intake, head = Intake(), b""
    async for piece in media:
        head = head or bytes(piece[:HEAD_BYTES])
        intake.write(piece)
    call.world.transfer.bytes_stored += intake.stored
    return Stored(intake.stored, intake.sha256, head)


def _boundary(request: web.Request) -> str:
    header: Message[str, str] = Message()
    header["Content-Type"] = request.headers["Content-Type"]
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise errors.bad_request("badContent", "Multipart content has no boundary.")
    return boundary
