"""`POST /video-upload/{version}/{video-id}`: the bytes of a Reel, as they come.

One request carries all that is left of the file, from the offset that the server has;
what arrives is kept, so that a broken request is gone on with where it broke (facts:
Facebook section 2 (c)). This host speaks in headers and answers errors in an envelope of
its own. Instead of a body it takes the header `file_url`, and fetches the file.
"""

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.calls import raise_ordered
from emulator.meta.graph.errors import GraphError, UploadError, json_answer
from emulator.meta.graph.params import params_of
from emulator.meta.publishing.intake.fetching import FetchError, fetch
from emulator.meta.publishing.intake.reading import body, discard, metered
from emulator.meta.publishing.intake.sessions import Session, State
from emulator.meta.publishing.library import Kind
from emulator.meta.publishing.service import Service
from emulator.parsing import whole_number

_ERRORS = {
    "OffsetInvalidError": (412, True, "Request starting offset is invalid"),
    "ProcessingFailedError": (400, False, "Request processing failed"),
    "PartialRequestError": (400, True, "Request is shorter than the file it announces"),
    "FileUrlProcessingError": (422, False, "Video URL cannot be fetched"),
    "ParameterValidationError": (400, False, "Header {} not convertable to unsigned long"),
    "NotAuthorizedError": (403, False, "User not authorized to perform this request"),
}


class UploadHost:
    """Takes bytes."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def post(self, call: Call) -> web.StreamResponse:
        """Store the rest of a file, or refuse it and store nothing."""
        # A refusal is answered before the body is read: it may be the rest of a large file.
        session = self._admitted(call, self._find(call))
        address = call.request.headers.get("file_url")
        offset = 0 if address else self._offset(call, session)
        if call.suffers("status", "stall"):
            await discard(call, body(call.request), session)
            return call.scripted() if call.suffers("status") else json_answer({"success": True})
        if address:
            await self._fetch(call, session, address)
            return json_answer({"success": True})
        await self._store(call, session, offset)
        if not session.is_whole:
            raise upload_error("PartialRequestError")
        return json_answer({"success": True})

    def _find(self, call: Call) -> Session | None:
        session = self._service.sessions.find(call.request.match_info["node"])
        if session and call.suffers("session_lost"):
            session.state = State.CANCELLED
            return None
        return session if session and session.kind is Kind.REEL else None

    def _admitted(self, call: Call, session: Session | None) -> Session:
        """Return the session that a call may fill, or raise why it may not."""
        raise_ordered(call)
        if call.suffers("upload_error"):
            raise upload_error(call.option("reason", "ProcessingFailedError"))
        if session is None:
            raise upload_error("NotAuthorizedError")
        try:
            self._service.tokens.page_of(call, params_of(call.request, {}), session.page)
        except GraphError:
            raise upload_error("NotAuthorizedError") from None
        return session

    def _offset(self, call: Call, session: Session) -> int:
        """Return the offset at which a request may store, or raise why it may not."""
        offset, size = number(call, "Offset"), number(call, "File_Size")
        if session.size not in (None, size) or offset > size:
            raise upload_error("ParameterValidationError", "File_Size")
        if offset != session.intake.stored:
            raise upload_error("OffsetInvalidError")
        if call.request.content_length not in (None, size - offset):
            raise upload_error("PartialRequestError")
        session.size = size
        return offset

    async def _fetch(self, call: Call, session: Session, address: str) -> None:
        """Fetch the whole file; it replaces the bytes that were stored before."""
        session.writer += 1
        mine, intake = session.writer, session.intake.emptied()
        session.intake, session.size = intake, None
        most = self._service.switches.most_video_bytes
        try:
            await fetch(call, address, intake, most, lambda: session.writer == mine)
        except (FetchError, GraphError):
            if session.writer == mine:
                session.intake = intake.emptied()
            raise upload_error("FileUrlProcessingError") from None
        session.size = intake.stored
        session.received += session.intake.stored
        call.world.transfer.bytes_stored += session.intake.stored

    async def _store(self, call: Call, session: Session, offset: int) -> None:
        session.writer += 1
        mine, room = session.writer, (session.size or 0) - offset
        async for piece in metered(call, body(call.request), session):
            if session.writer != mine:
                raise ConnectionAbortedError  # a newer request has taken over
            fitting = piece[:room]
            room -= len(fitting)
            session.intake.write(fitting)
            call.world.transfer.bytes_stored += len(fitting)


def upload_error(type: str, *words: str) -> UploadError:
    """Return one of the host's errors; a name that it does not have is a failed request."""
    status, retriable, message = _ERRORS.get(type, _ERRORS["ProcessingFailedError"])
    return UploadError(status, type, message.format(*words or ("Offset",)), retriable=retriable)


def number(call: Call, header: str) -> int:
    """Return the number in a header, or raise the host's error."""
    text = call.request.headers.get(header, "")
    try:
        return whole_number(text)
    except ValueError:
        raise upload_error("ParameterValidationError", header) from None
