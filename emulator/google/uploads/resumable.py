"""The resumable protocol, to the letter (facts: YouTube sections 3.1 and 3.2).

`start` opens a session; `transfer` takes bytes and answers 308 with what is stored, or
the resource when the file is complete; a question `bytes */N` answers the same without
bytes; `cancel` ends it. Whatever ended a session is answered again to whoever asks.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.errors import GoogleError, json_text
from emulator.google.switches import Switches
from emulator.google.uploads import content_range
from emulator.google.uploads.content_range import ContentRange, Unparsable
from emulator.google.uploads.methods import (
    UploadMethod,
    check_media,
    draft_of,
    mark,
    metadata_of,
)
from emulator.google.uploads.reading import Superseded, discard, take
from emulator.google.uploads.session import Finish, Session, Sessions, SessionState, Stored
from emulator.google.youtube.access import REFUSING_KINDS, Access
from emulator.parsing import whole_number

_BREAKING = REFUSING_KINDS | {"cut", "status", "session_lost"}
_SERVER = {"Server": "UploadServer", "Vary": "Origin,X-Origin,Referer"}


class Resumable:
    """Sessions at work."""

    def __init__(
        self,
        sessions: Sessions,
        methods: Mapping[str, UploadMethod],
        access: Access,
        switches: Switches,
    ) -> None:
        self._sessions = sessions
        self._methods = methods
        self._access = access
        self._switches = switches

    async def start(self, call: Call, method: UploadMethod) -> web.StreamResponse:
        """Check everything that can be checked before the bytes, and open a session."""
        request = call.request
        caller, draft = draft_of(call, method, self._access)
        draft.content_type = request.headers.get("X-Upload-Content-Type", draft.content_type)
        total = _length(request.headers.get("X-Upload-Content-Length"))
        check_media(method, draft.content_type, total)
        draft.body = metadata_of(await request.read())
        mark(call, draft)
        method.begin(call, caller, draft)
        session_id = self._sessions.open(draft, total, call.world.clock.now())
        query = urlencode([*request.query.items(), ("upload_id", session_id)])
        headers = {
            "Location": f"{call.origin}{request.path}?{query}",
            "X-GUploader-UploadID": session_id,
            **_SERVER,
        }
        return web.Response(headers=headers)

    async def transfer(self, call: Call) -> web.StreamResponse:
        """Take bytes for a session, or tell what it has."""
        session = self._find(call)
        try:
            return await self._transfer(call, session)
        except Superseded:
            return call.cut()
        except Unparsable:
            await discard(call, session)
            return _plain(400, "Failed to parse Content-Range header.")
        except GoogleError as refusal:
            await discard(call, session)
            return refusal.answer()

    async def cancel(self, call: Call) -> web.StreamResponse:
        """End a session for good."""
        session = self._find(call)
        if call.suffers("session_lost"):
            self._forget(call)
            session = None
        if session is None:
            return self._lost(call)
        self._authorize(call, session)
        session.record.state = SessionState.CANCELLED
        session.draft = None
        return web.Response(status=499, reason="Client Closed Request", headers=_SERVER)

    async def _transfer(self, call: Call, session: Session | None) -> web.StreamResponse:
        if session is None:
            await discard(call)
            return self._lost(call)
        if not call.suffers(*REFUSING_KINDS):
            self._authorize(call, session)
        sent = content_range.parse(
            call.request.headers.get("Content-Range"), call.request.content_length
        )
        if session.draft:
            mark(call, session.draft)
        if call.suffers(*_BREAKING) and not call.option("after_finish"):
            return await self._break(call, session, sent)
        if session.record.finish:
            await discard(call, session)
            return _finished(session.record.finish, 200)
        if sent.query or _is_question(call, session, sent):
            return self._tell(call, session, sent)
        if call.suffers("stall"):
            if part := call.option("after_bytes", 0):
                await take(call, session, sent, part)
            await discard(call, session)
            return self._progress(call, session)
        if sent.first > session.intake.stored:
            await discard(call, session)
            return _plain(self._switches.gap_status, _GAP.format(sent.first, session.intake.stored))
        if session.record.total is not None and sent.total not in (None, session.record.total):
            raise Unparsable(sent.total)
        if await take(call, session, sent):
            if call.suffers("hold_back"):
                return self._progress(call, session)
            finished = self._finish(call, session)
            return call.scripted() if call.suffers("status_after") else finished
        return self._progress(call, session)

    async def _break(self, call: Call, session: Session, sent: ContentRange) -> web.StreamResponse:
        """Carry out a fault that ends this call, after the bytes it lets through."""
        limit = call.option("after_bytes", 0)
        fits = session.record.finish is None and sent.first <= session.intake.stored
        if limit and fits and not sent.query:
            await take(call, session, sent, limit)
        if call.suffers("cut"):
            return call.cut()
        await discard(call, session)
        if call.suffers("status"):
            return call.scripted()
        if call.suffers("session_lost"):
            self._forget(call)
            return self._lost(call)
        raise self._access.ordered_refusal(call) or errors.invalid_credentials()

    def _tell(self, call: Call, session: Session, sent: ContentRange) -> web.StreamResponse:
        """Answer `bytes */N`, which also ends a file whose length was unknown before."""
        stored = session.intake.stored
        if call.suffers("hold_back"):
            return self._progress(call, session)
        if sent.total == stored > 0 and session.record.total in (None, stored):
            return self._finish(call, session)
        return self._progress(call, session)

    def _finish(self, call: Call, session: Session) -> web.StreamResponse:
        assert session.draft is not None
        stored = session.intake.stored
        file = Stored(stored, session.intake.sha256, session.head)
        method = self._methods[session.record.method]
        try:
            check_media(method, session.draft.content_type, stored)
            resource = method.finish(session.draft, file)
            text = session.draft.arguments.write(resource)
            answer = Finish(self._switches.final_status, text)
        except GoogleError as refusal:
            answer = Finish(refusal.code, json_text({"error": refusal.body}))
        session.record.finish = answer
        session.record.total = session.record.stored = stored
        session.record.state = SessionState.COMPLETE
        session.draft = None
        call.world.promise()
        if call.suffers("session_lost"):
            self._forget(call)
            return self._lost(call)
        return _finished(answer, answer.status)

    def _progress(self, call: Call, session: Session) -> web.Response:
        # While bytes still come in, only what would survive a break is promised.
        whole = session.intake.stored == session.record.total
        stored = session.intake.stored if whole else session.intake.settled
        headers = dict(_SERVER)
        if stored:
            headers["Range"] = f"bytes=0-{stored - 1}"
        if call.request.headers.get("X-GUploader-No-308", "").lower() == "yes":
            return web.Response(headers={**headers, "X-HTTP-Status-Code-Override": "308"})
        return web.Response(status=308, reason="Resume Incomplete", headers=headers)

    def _find(self, call: Call) -> Session | None:
        lifetime = self._switches.session_ttl_seconds
        return self._sessions.find(
            call.request.query["upload_id"], call.world.clock.now(), lifetime
        )

    def _authorize(self, call: Call, session: Session) -> None:
        if self._switches.require_bearer_on_put or call.suffers(*REFUSING_KINDS):
            self._access.caller(call, session.record.method)

    def _forget(self, call: Call) -> None:
        session = self._sessions.by_id.get(call.request.query["upload_id"])
        if session:
            session.record.state = SessionState.EXPIRED
            session.draft = None

    def _lost(self, call: Call) -> web.Response:
        return _plain(call.option("status", self._switches.lost_session_status), "Not Found")


_GAP = (
    "Invalid request.  According to the Content-Range header, the upload offset is {} byte(s), "
    "which exceeds already uploaded size of {} byte(s)."
)


def _is_question(call: Call, session: Session, sent: ContentRange) -> bool:
    """An empty body without a range is the end of an empty file, or else a question."""
    return sent.whole and call.request.content_length == 0 and bool(session.record.total)


def _finished(finish: Finish, success: int) -> web.Response:
    return web.Response(
        status=success if finish.status < 300 else finish.status,
        text=finish.text,
        content_type="application/json",
        headers=_SERVER,
    )


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=_SERVER)


def _length(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return whole_number(text)
    except ValueError:
        raise errors.bad_request(
            "badRequest", "Invalid value for X-Upload-Content-Length."
        ) from None
