"""The Resumable Upload API: `/{app-id}/uploads` and `/upload:{session}`.

    POST /{app}/uploads → POST /upload:{session} → handle → POST /{page}/videos

The body of the POST is the file, from the offset in the header `file_offset`. GET returns the
offset from which an interrupted upload continues. The token must be in the header (facts: Facebook
section 2 (b)). Meta's error for a wrong offset is not known; the emulator sends the upload host's
`debug_info`.
"""

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.calls import raise_ordered
from emulator.meta.graph.errors import (
    GraphError,
    graph_error,
    json_answer,
    missing_parameter,
    no_such_object,
)
from emulator.meta.graph.params import Params, read, token_of
from emulator.meta.login.records import Kind
from emulator.meta.publishing.edges.upload_host import number, upload_error
from emulator.meta.publishing.intake.reading import body, discard, metered
from emulator.meta.publishing.intake.uploads import TYPES, PartialUploads, Upload, Uploads
from emulator.meta.publishing.service import Service


class FileUploads:
    """Opens sessions, stores their bytes, and reports their offsets."""

    def __init__(self, service: Service, uploads: Uploads, partial: PartialUploads) -> None:
        self._service = service
        self._uploads = uploads
        self._partial = partial

    async def open(self, call: Call) -> web.StreamResponse:
        """Open a session of an app, with the token of one of its users."""
        params, app = await read(call), call.request.match_info["node"]
        identity = self._service.tokens.caller(params)
        if app != identity.app_id:
            raise no_such_object(app, "post")
        if identity.kind is not Kind.USER:
            raise graph_error("100", "(#100) A user access token is required.")
        length = params.number("file_length")
        if length is None or length <= 0:
            raise missing_parameter("file_length")
        if params.need("file_type") not in TYPES:
            raise graph_error("100", "(#100) Param file_type is not a supported MIME type.")
        if length > self._service.switches.most_video_bytes:
            raise graph_error("6000/1363023")
        upload = self._uploads.open(app, identity.person_id, length, params.need("file_type"))
        return json_answer({"id": f"upload:{upload.id}"})

    async def show(self, call: Call) -> web.StreamResponse:
        """Return the offset from which the upload continues."""
        upload = self._find(call)
        return json_answer(
            {"id": f"upload:{upload.id}", "file_offset": self._partial.offset(upload)}
        )

    async def fill(self, call: Call) -> web.StreamResponse:
        """Store the rest of a file; return its handle when it is complete."""
        raise_ordered(call)
        upload = self._find(call)
        offset = number(call, "File_Offset")
        if call.suffers("status"):
            await discard(call, body(call.request))
            return call.scripted()
        if upload.handle is not None:
            return json_answer({"h": upload.handle})
        stored = self._partial.of(upload).stored
        if offset != stored:
            raise upload_error("OffsetInvalidError")
        if (call.request.content_length or 0) > upload.length - stored:
            raise graph_error("100", "(#100) The file is larger than its file_length.")
        await self._store(call, upload)
        if self._partial.of(upload).stored < upload.length:
            raise upload_error("PartialRequestError")
        handle = self._partial.complete(upload)
        call.world.promise()
        return json_answer({"h": handle})

    async def _store(self, call: Call, upload: Upload) -> None:
        writer, intake = self._partial.take_over(upload), self._partial.of(upload)
        async for piece in metered(call, body(call.request)):
            if not self._partial.writes(upload, writer):
                raise ConnectionAbortedError  # a newer request has taken over
            fitting = piece[: upload.length - intake.stored]
            intake.write(fitting)
            call.world.transfer.bytes_stored += len(fitting)

    def _find(self, call: Call) -> Upload:
        """Return the session in the path, if it belongs to the caller's app."""
        upload = self._uploads.known.get(call.request.match_info["session"])
        try:
            identity = self._service.tokens.caller(header_only(call.request))
        except GraphError:
            raise upload_error("NotAuthorizedError") from None
        if upload is None or upload.app != identity.app_id:
            raise upload_error("NotAuthorizedError")
        return upload


def header_only(request: web.Request) -> Params:
    """Return the token in a request's header, without any other parameter."""
    return Params({}, token_of(request.headers, {}))
