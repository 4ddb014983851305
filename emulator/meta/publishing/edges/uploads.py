"""The Resumable Upload API: `/{app-id}/uploads` and `/upload:{session}`.

    POST /{app}/uploads → POST /upload:{session} → handle → POST /{page}/videos

The bytes come as the body, from the offset that the header `file_offset` names; a broken request
is gone on with from the offset that GET tells. The token has to be in the header (facts: Facebook
section 2 (b)). In which words a wrong offset is refused is not known: here it is what the upload
host says, whose envelope this address shares.
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
from emulator.meta.publishing.edges.upload_host import upload_error
from emulator.meta.publishing.intake.reading import body, discard, metered
from emulator.meta.publishing.intake.uploads import TYPES, Arriving, Upload, Uploads
from emulator.meta.publishing.service import Service


class FileUploads:
    """Sessions opened, filled and asked about."""

    def __init__(self, service: Service, uploads: Uploads, arriving: Arriving) -> None:
        self._service = service
        self._uploads = uploads
        self._arriving = arriving

    async def open(self, call: Call) -> web.StreamResponse:
        """Open a session of an app, for a person who uses it."""
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
        """Tell the offset from which to go on."""
        upload = self._find(call)
        return json_answer(
            {"id": f"upload:{upload.id}", "file_offset": self._arriving.offset(upload)}
        )

    async def fill(self, call: Call) -> web.StreamResponse:
        """Take the rest of a file; when it is whole, give its handle."""
        raise_ordered(call)
        upload = self._find(call)
        offset = call.request.headers.get("file_offset", "")
        if not offset.isdecimal():
            raise upload_error("ParameterValidationError", "File_Offset")
        if call.suffers("status"):
            await discard(call, body(call.request))
            return call.scripted()
        if upload.handle is not None:
            return json_answer({"h": upload.handle})
        stored = self._arriving.of(upload).stored
        if int(offset) != stored:
            raise upload_error("OffsetInvalidError")
        if (call.request.content_length or 0) > upload.length - stored:
            raise graph_error("100", "(#100) The file is larger than its file_length.")
        await self._store(call, upload)
        if self._arriving.of(upload).stored < upload.length:
            raise upload_error("PartialRequestError")
        handle = self._arriving.complete(upload)
        call.world.promise()
        return json_answer({"h": handle})

    async def _store(self, call: Call, upload: Upload) -> None:
        writer, intake = self._arriving.take_over(upload), self._arriving.of(upload)
        async for piece in metered(call, body(call.request)):
            if not self._arriving.writes(upload, writer):
                raise ConnectionAbortedError  # a newer request has taken over
            fitting = piece[: upload.length - intake.stored]
            intake.write(fitting)
            call.world.transfer.bytes_stored += len(fitting)

    def _find(self, call: Call) -> Upload:
        """Return the session of an address, for whom it belongs to."""
        upload = self._uploads.known.get(call.request.match_info["session"])
        try:
            identity = self._service.tokens.caller(header_only(call.request))
        except GraphError:
            raise upload_error("NotAuthorizedError") from None
        if upload is None or upload.app != identity.app_id:
            raise upload_error("NotAuthorizedError")
        return upload


def header_only(request: web.Request) -> Params:
    """Return what a request says whose token counts in its header alone."""
    return Params({}, token_of(request.headers, {}))
