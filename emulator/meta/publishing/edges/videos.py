"""`POST /{page-id}/videos`: a file in chunks, or in one request.

    start → transfer, as often as the server asks → finish | cancel

The server chooses every range; bytes at another offset, or more of them than were asked
for, are refused with the range it wants (6001/1363037), and a chunk that breaks off
leaves nothing behind. A file in one request has no id before it is a video (facts:
Facebook section 2 (a)).
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.calls import ordered_error, raise_ordered
from emulator.meta.graph.errors import GraphError, graph_error, json_answer, missing_parameter
from emulator.meta.graph.params import Params
from emulator.meta.people import Page
from emulator.meta.publishing.edges.finishing import (
    Whole,
    concluded,
    finish,
    new_video,
    repeated,
)
from emulator.meta.publishing.edges.node import Nodes
from emulator.meta.publishing.intake.fetching import FetchError, fetch
from emulator.meta.publishing.intake.form import Form
from emulator.meta.publishing.intake.hashing import Intake
from emulator.meta.publishing.intake.reading import metered
from emulator.meta.publishing.intake.sessions import Session, State
from emulator.meta.publishing.library import Kind
from emulator.meta.publishing.schedule import video_plan
from emulator.meta.publishing.service import Service

SMALLEST = 1024
WRONG_OFFSET = 1363037

_Phase = Callable[[Call, Form], Awaitable[web.StreamResponse]]


class Videos:
    """All that is posted to a Page's videos."""

    def __init__(self, service: Service, nodes: Nodes) -> None:
        self._service = service
        self._nodes = nodes
        self._streaming: Mapping[str, _Phase] = {
            "page_videos.transfer": self._transfer,
            "page_videos.single": self._single,
        }
        self._plain: Mapping[str, _Phase] = {
            "page_videos.start": self._start,
            "page_videos.finish": self._finish,
            "page_videos.cancel": self._cancel,
        }

    async def operation(self, request: web.Request) -> str:
        """Tell what a call is, by its `upload_phase`; without one it brings a whole file."""
        phase = (await Form.of(request)).params.text("upload_phase")
        name = f"page_videos.{phase}"
        return name if name in {**self._streaming, **self._plain} else "page_videos.single"

    async def post(self, call: Call) -> web.StreamResponse:
        """Carry out a call, or the fault that strikes it before it does anything."""
        form = await Form.of(call.request)
        if call.operation in self._streaming:
            return await self._streaming[call.operation](call, form)
        await form.read_rest()
        if call.suffers("cut"):
            return call.cut()
        if call.suffers("status"):
            return call.scripted()
        raise_ordered(call)
        return await self._plain[call.operation](call, form)

    async def _start(self, call: Call, form: Form) -> web.StreamResponse:
        """Open a session; the video has its id from here on."""
        service, params = self._service, form.params
        page = service.publisher(call, params)
        if params.text("file_url"):
            raise graph_error("100", "(#100) file_url cannot be used with upload_phase.")
        size = params.number("file_size")
        if size is None:
            raise missing_parameter("file_size")
        if size < SMALLEST:
            raise graph_error("6000/1363022")
        if size > service.switches.most_video_bytes:
            raise graph_error("6000/1363023")
        session = service.sessions.open(page.id, Kind.VIDEO, service.clock.now(), size)
        ids = {"upload_session_id": session.session_id, "video_id": session.video_id}
        return json_answer({**ids, **self._range(session)})

    async def _transfer(self, call: Call, form: Form) -> web.StreamResponse:
        """Take one chunk, whole or not at all, and ask for the next range."""
        page = self._service.publisher(call, form.params)
        session = self._session(page, form.params)
        if call.suffers("session_lost"):
            session.state = State.CANCELLED
            await form.read_rest()
            session = self._session(page, form.params)
        start, end = form.params.number("start_offset"), self._end(session)
        branch = session.intake.branch()
        fits = start == branch.stored
        async for piece in metered(call, form.pieces(), session):
            fits = fits and branch.stored + len(piece) <= end
            if fits:
                branch.write(piece)
        if call.suffers("status"):
            return call.scripted()
        if call.suffers("graph_error"):
            raise self._ordered(call, session)
        if form.file is None:
            raise missing_parameter("video_file_chunk")
        # Another call may have moved the session on while this one was read.
        if call.suffers("offset_loop") or not fits or session.intake.stored != start:
            raise self._correction(session)
        if not call.suffers("stall"):
            call.world.transfer.bytes_stored += branch.stored - session.intake.stored
            session.intake = branch.joined()
        return json_answer(self._range(session))

    async def _finish(self, call: Call, form: Form) -> web.StreamResponse:
        """Make a video of the bytes, with what is said about it now."""
        service, params = self._service, form.params
        page = service.publisher(call, params)
        finished = service.library.of_session(params.need("upload_session_id"))
        if finished and finished.page == page.id:
            return repeated(finished)
        session = self._session(page, params)
        if call.suffers("session_lost"):
            session.state = State.CANCELLED
            session = self._session(page, params)
        plan = video_plan(params, service.clock.now())
        return concluded(call, finish(service, session, params, plan, form))

    async def _cancel(self, call: Call, form: Form) -> web.StreamResponse:
        """End a session for good."""
        page = self._service.publisher(call, form.params)
        self._session(page, form.params).state = State.CANCELLED
        return json_answer({"success": True})

    async def _single(self, call: Call, form: Form) -> web.StreamResponse:
        """Take a file in one request; the answer is the first to know its id.

        The file is in the request, at its `file_url`, or identified by an upload handle. The
        call may request `fields` of the video.
        """
        service, intake = self._service, Intake()
        async for piece in metered(call, form.pieces()):
            intake.write(piece)
        if call.suffers("status"):
            return call.scripted()
        raise_ordered(call)
        params = form.params
        page = service.publisher(call, params)
        if params.text("upload_phase"):
            raise graph_error("100", "(#100) Param upload_phase must be one of its values.")
        plan = video_plan(params, service.clock.now())
        file = intake if form.file else await self._elsewhere(call, params)
        video = new_video(service, page.id, Kind.VIDEO, params, plan, file)
        service.library.videos[video.id] = video
        call.world.transfer.bytes_stored += file.stored
        return json_answer(self._nodes.shown(call, video, params, "id"))

    async def _elsewhere(self, call: Call, params: Params) -> Whole:
        """Return the file of a request without one: fetched, or uploaded before."""
        address, handle = params.text("file_url"), params.text("fbuploader_video_file_chunk")
        if handle is not None:
            identity = self._service.tokens.caller(params)
            upload = self._service.uploads.of_handle(handle)
            if upload is None or upload.app != identity.app_id:
                raise graph_error("100", "(#100) The uploaded file handle is invalid.")
            if upload.type != "video/mp4":
                raise graph_error("352")
            return upload
        if address is None:
            raise graph_error("353")
        intake = Intake()
        try:
            await fetch(call, address, intake, self._service.switches.most_video_bytes)
        except FetchError:
            raise graph_error("389") from None
        return intake

    def _session(self, page: Page, params: Params) -> Session:
        session = self._service.sessions.find_by_id(params.need("upload_session_id"))
        if session is None or session.page != page.id:
            raise graph_error("100", "(#100) Param upload_session_id is not an open session.")
        return session

    def _end(self, session: Session) -> int:
        assert session.size is not None
        return min(session.intake.stored + self._service.switches.range_bytes, session.size)

    def _range(self, session: Session) -> dict[str, str]:
        """Return the range that is wanted next; it is empty when all is there."""
        return {
            "start_offset": str(session.intake.stored),
            "end_offset": str(self._end(session)),
        }

    def _correction(self, session: Session) -> GraphError:
        return graph_error(
            f"6001/{WRONG_OFFSET}",
            start_offset=session.intake.stored,
            end_offset=self._end(session),
        )

    def _ordered(self, call: Call, session: Session) -> GraphError:
        error = ordered_error(call)
        return self._correction(session) if error.subcode == WRONG_OFFSET else error
