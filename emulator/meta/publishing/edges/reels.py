"""`POST /{page-id}/video_reels`: start and finish of a Reel; its bytes go elsewhere.

The answer to the start names the address at the upload host (see `upload_host`). A Page
may publish 30 Reels in 24 hours, counted when they are finished; with which error Meta
refuses the next one is not known, so 613 stands for it (facts: Facebook section 2 (c)).
"""

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.calls import raise_ordered
from emulator.meta.graph.errors import graph_error, json_answer
from emulator.meta.graph.versions import asked_version
from emulator.meta.publishing.edges.finishing import concluded, finish, repeated
from emulator.meta.publishing.intake.form import Form
from emulator.meta.publishing.intake.sessions import State
from emulator.meta.publishing.library import Intent, Kind
from emulator.meta.publishing.schedule import DAY, reel_plan
from emulator.meta.publishing.service import Service


class Reels:
    """Both calls of a Reel at the Graph API."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def operation(self, request: web.Request) -> str:
        """Tell what a call is, by its `upload_phase`."""
        phase = (await Form.of(request)).params.text("upload_phase")
        return "reels.finish" if phase == "finish" else "reels.start"

    async def post(self, call: Call) -> web.StreamResponse:
        """Carry out a call, or the fault that strikes it before it does anything."""
        form = await Form.of(call.request)
        await form.read_rest()
        if call.suffers("cut"):
            return call.cut()
        if call.suffers("status"):
            return call.scripted()
        raise_ordered(call)
        return await (self._finish if call.operation == "reels.finish" else self._start)(call, form)

    async def _start(self, call: Call, form: Form) -> web.StreamResponse:
        """Open a session; the length of the file is told later, with its bytes."""
        page = self._service.publisher(call, form.params)
        if form.params.need("upload_phase") != "start":
            raise graph_error("100", "(#100) Param upload_phase must be one of its values.")
        session = self._service.sessions.open(page.id, Kind.REEL, self._service.clock.now())
        address = f"{call.origin}/video-upload/{asked_version(call.request)}/{session.video_id}"
        return json_answer({"video_id": session.video_id, "upload_url": address})

    async def _finish(self, call: Call, form: Form) -> web.StreamResponse:
        """Make a Reel of the bytes, with what is said about it now."""
        service, params = self._service, form.params
        page = service.publisher(call, params)
        video_id = params.need("video_id")
        finished = service.library.videos.get(video_id)
        if finished and (finished.page, finished.kind) == (page.id, Kind.REEL):
            return repeated(finished)
        session = service.sessions.find(video_id)
        if session and call.suffers("session_lost"):
            session.state = State.CANCELLED
            session = None
        if session is None or (session.page, session.kind) != (page.id, Kind.REEL):
            raise graph_error("100", "(#100) Param video_id is not a Reel that can be finished.")
        plan = reel_plan(params, service.clock.now())
        if plan.intent is not Intent.DRAFT:
            self._check_limit(page.id)
        return concluded(call, finish(service, session, params, plan, form))

    def _check_limit(self, page: str) -> None:
        since = self._service.clock.now() - DAY
        reels = self._service.library.of_page(page, Kind.REEL)
        recent = [r for r in reels if r.finished_at > since and r.plan.intent is not Intent.DRAFT]
        if len(recent) >= self._service.switches.reels_per_day:
            raise graph_error("613")
