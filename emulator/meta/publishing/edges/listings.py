"""`GET /{page-id}/videos` and `/video_reels`: what the public sees of a Page.

Newest first, in pages; drafts and scheduled videos are not among them, so a listing
proves that a video is there and never that it is not. The documentation wants the task
MANAGE for it (facts: Facebook section 3).
"""

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, json_answer, no_such_object
from emulator.meta.graph.paging import paged
from emulator.meta.graph.params import read
from emulator.meta.publishing.edges.node import Nodes
from emulator.meta.publishing.library import Kind
from emulator.meta.publishing.processing import is_published
from emulator.meta.publishing.service import READ, Service

MANAGE = "MANAGE"


class Listings:
    """The videos and the Reels of a Page."""

    def __init__(self, service: Service, nodes: Nodes) -> None:
        self._service = service
        self._nodes = nodes

    async def videos(self, call: Call) -> web.StreamResponse:
        """List the videos of a Page that are no Reels."""
        return await self._list(call, Kind.VIDEO)

    async def reels(self, call: Call) -> web.StreamResponse:
        """List the Reels of a Page, if asked `since` a moment or `until` one."""
        return await self._list(call, Kind.REEL)

    async def _list(self, call: Call, kind: Kind) -> web.StreamResponse:
        params, node = await read(call), call.request.match_info["node"]
        identity = self._service.tokens.caller(params)
        page = self._service.tokens.directory.pages.get(node)
        if page is None or identity.page_id not in (None, node):
            raise no_such_object(node)
        if READ not in identity.scopes or not page.allows(identity.person_id, MANAGE):
            raise graph_error("10")
        now = self._service.clock.now()
        since, until = params.number("since") or 0, params.number("until") or now
        names = params.fields("description,updated_time")
        rows = [
            self._nodes.fields_of(video, names)
            for video in self._service.library.of_page(node, kind)
            if is_published(video, now) and since <= video.finished_at <= until
        ]
        return json_answer(paged(call, params, rows))
