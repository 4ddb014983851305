"""Uploads in one request: `multipart` (metadata and file) and `media` (file alone)."""

from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.errors import GoogleError, json_answer
from emulator.google.uploads.intake import Intake
from emulator.google.uploads.methods import UploadMethod, mark, metadata_of
from emulator.google.uploads.reading import HEAD_BYTES, discard, pieces
from emulator.google.uploads.session import Draft, Stored
from emulator.google.youtube.access import Access

_PIECE = 1 << 18


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
        content_type=call.request.content_type,
        file_name=call.request.headers.get("Slug", "unknown"),
    )
    mark(call, draft)
    if call.request.content_type.startswith("multipart/"):
        reader = await call.request.multipart()
        metadata = await _next_part(reader)
        draft.body = metadata_of(await metadata.text())
        method.begin(call, caller, draft)
        media = await _next_part(reader)
        draft.content_type = media.headers.get("Content-Type", "application/octet-stream")
        file = await _take_part(call, media)
    else:
        method.begin(call, caller, draft)
        file = await _take_body(call)
    resource: Any = method.finish(draft, file)
    return json_answer(resource)


async def _next_part(reader: MultipartReader) -> BodyPartReader:
    part = await reader.next()
    if not isinstance(part, BodyPartReader):
        raise errors.bad_request("mediaBodyRequired", "The request does not include a file.")
    return part


async def _take_part(call: Call, part: BodyPartReader) -> Stored:
    intake, head = Intake(), b""
    while data := await part.read_chunk(_PIECE):
        call.world.transfer.bytes_received += len(data)
        head = head or bytes(data[:HEAD_BYTES])
        intake.write(memoryview(data))
    call.world.transfer.bytes_stored += intake.stored
    return Stored(intake.stored, intake.sha256, head)


async def _take_body(call: Call) -> Stored:
    intake, head = Intake(), b""
    async for piece in pieces(call):
        head = head or bytes(piece[:HEAD_BYTES])
        intake.write(piece)
    call.world.transfer.bytes_stored += intake.stored
    return Stored(intake.stored, intake.sha256, head)
