"""`GET /{page-id}/videos` and `/video_reels`: what the public sees of a Page.

Newest first, in pages; drafts and scheduled videos are not among them, so a listing
proves that a video is there and never that it is not. The documentation wants the task
MANAGE for it (facts: Facebook section 3).
"""

from typing import Any

from aiohttp import web

from emulator.calls import Call, Handler
from emulator.meta.graph.errors import graph_error, json_answer, no_such_object
from emulator.meta.graph.paging import paged
from emulator.meta.graph.params import Params, read
from emulator.meta.login.nodes import Edge
from emulator.meta.login.tokens import Identity
from emulator.meta.people import Page
from emulator.meta.publishing.edges.node import Nodes
from emulator.meta.publishing.library import Kind, Video
from emulator.meta.publishing.processing import is_published
from emulator.meta.publishing.service import READ, Service

MANAGE = "MANAGE"
_EDGES = {Kind.VIDEO: "videos", Kind.REEL: "video_reels"}


class Listings:
    """The videos and the Reels of a Page."""

    def __init__(self, service: Service, nodes: Nodes) -> None:
        self._service = service
        self._nodes = nodes

    def videos(self, call: Call, params: Params, node: str) -> dict[str, Any]:
        """List the videos of a Page that are no Reels."""
        return self._list(call, params, node, Kind.VIDEO)

    def reels(self, call: Call, params: Params, node: str) -> dict[str, Any]:
        """List the Reels of a Page, if asked `since` a moment or `until` one."""
        return self._list(call, params, node, Kind.REEL)

    def _list(self, call: Call, params: Params, node: str, kind: Kind) -> dict[str, Any]:
        identity, page = readable_page(self._service, params, node)
        if not page.allows(identity.person_id, MANAGE):
            raise graph_error("10")
        now = self._service.clock.now()
        rows = [
            self._nodes.shown(call, video, params, "description,updated_time")
            for video in finished_between(params, now, self._service.library.of_page(node, kind))
            if is_published(video, now)
        ]
        return paged(call, params, f"{node}/{_EDGES[kind]}", rows)


def readable_page(service: Service, params: Params, node: str) -> tuple[Identity, Page]:
    """Return the caller and a Page whose content the caller may read. Raises 10 or 100/33."""
    identity = service.tokens.caller(params)
    page = service.tokens.directory.pages.get(node)
    if page is None or identity.page_id not in (None, node):
        raise no_such_object(node)
    if READ not in identity.scopes or not page.tasks.get(identity.person_id or ""):
        raise graph_error("10")
    return identity, page


def finished_between(params: Params, now: float, videos: list[Video]) -> list[Video]:
    """Return the videos that were finished between `since` and `until`."""
    since, until = params.number("since") or 0, params.number("until") or now
    return [video for video in videos if since <= video.finished_at <= until]


def edge_handler(service: Service, edge: Edge) -> Handler:
    """Return the HTTP handler of an edge."""

    async def handler(call: Call) -> web.StreamResponse:
        params = await read(call)
        _, node = service.tokens.resolve_node(call, params)
        return json_answer(edge(call, params, node))

    return handler
