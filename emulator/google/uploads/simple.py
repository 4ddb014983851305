"""Uploads in one request: `multipart` (metadata and file) and `media` (file alone)."""

from collections.abc import AsyncIterator
from email.message import Message

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.errors import GoogleError, json_answer
from emulator.google.uploads.intake import Intake
from emulator.google.uploads.methods import UploadMethod, mark, metadata_of
from emulator.google.uploads.reading import discard, pieces
from emulator.google.uploads.related import Related
from emulator.google.uploads.session import HEAD_BYTES, Draft, Stored
from emulator.google.youtube.access import Access


async def upload(call: Call, method: UploadMethod, access: Access) -> web.StreamResponse:
    """Take a file in one request and answer the resource."""
    try:
        return await _upload(call, method, access)
    except GoogleError:
        await discard(call)
        raise


async def _upload(call: Call, method: UploadMethod, access: Access) -> web.StreamResponse:
    caller = access.caller(call, method.name)
    draft = Draft(
        method=method.name,
        person=caller.person,
        query=dict(call.request.query),
        body={},
        origin=call.origin,
        content_type=call.request.content_type,
        file_name=call.request.headers.get("Slug", "unknown"),
    )
    mark(call, draft)
    if call.request.content_type == "multipart/related":
        related = Related(pieces(call), _boundary(call.request))
        draft.body = metadata_of((await related.metadata()).decode())
        draft.content_type = await related.media_type()
        media = related.media()
    else:
        media = pieces(call)
    method.begin(call, caller, draft)
    return json_answer(method.finish(draft, await _store(call, media)))


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
