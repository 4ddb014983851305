"""Which address of publishing is which operation."""

from collections.abc import Iterable, Mapping

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.calls import ME, Graph
from emulator.meta.graph.params import Params, params_of
from emulator.meta.graph.versions import VERSION
from emulator.meta.login.nodes import Edge
from emulator.meta.publishing.edges.listings import Listings, edge_handler
from emulator.meta.publishing.edges.node import Nodes
from emulator.meta.publishing.edges.posts import Posts
from emulator.meta.publishing.edges.reels import Reels
from emulator.meta.publishing.edges.thumbnails import Thumbnails
from emulator.meta.publishing.edges.upload_host import UploadHost
from emulator.meta.publishing.edges.uploads import FileUploads
from emulator.meta.publishing.edges.videos import Videos
from emulator.meta.publishing.intake.form import read_head
from emulator.meta.publishing.intake.uploads import PartialUploads
from emulator.meta.publishing.service import Service


class Publishing:
    """The handlers and routes of publishing."""

    def __init__(self, service: Service, partial: PartialUploads) -> None:
        self._service = service
        self._thumbnails = Thumbnails(service)
        self._nodes = Nodes(service, self._thumbnails)
        self._posts = Posts(service)
        self._files = FileUploads(service, service.uploads, partial)
        listings = Listings(service, self._nodes)
        self._lists: Mapping[str, tuple[str, Edge]] = {
            "videos": ("page_videos.list", listings.videos),
            "video_reels": ("reels.list", listings.reels),
            **{name: ("posts.list", edge) for name, edge in self._posts.edges.items()},
        }

    @property
    def edges(self) -> Mapping[str, Edge]:
        """The edges of a Page that can be requested as fields."""
        return {name: edge for name, (_, edge) in self._lists.items()}

    async def show_video(self, call: Call) -> web.StreamResponse:
        """Answer `GET /{video-id}`, an address that persons and Pages share."""
        return await self._nodes.show(call)

    def routes(self, graph: Graph) -> Iterable[web.AbstractRouteDef]:
        """Return all routes but `GET /{video-id}`."""
        videos, reels = Videos(self._service, self._nodes), Reels(self._service)
        node = r"/{node:\d+}"
        for path in (f"{ME}/videos", r"/{node:(?:act_)?\d+}/advideos"):
            yield from graph.route(
                "POST", path, videos.operation, videos.post, reads=read_head, streams=True
            )
        yield from graph.route(
            "POST", f"{ME}/video_reels", reels.operation, reels.post, reads=read_head, streams=True
        )
        for name, (operation, edge) in self._lists.items():
            yield from graph.route(
                "GET", f"{ME}/{name}", operation, edge_handler(self._service, edge)
            )
        yield from graph.route("GET", r"/{node:\d+_\d+}", "post.get", self._posts.show)
        path, shown, added = f"{node}/thumbnails", "video.thumbnails.list", "video.thumbnails"
        yield from graph.route("GET", path, shown, self._thumbnails.show)
        yield from graph.route("POST", path, added, self._thumbnails.add, reads=read_head)
        yield from graph.route("POST", node, "video.update", self._nodes.update)
        yield from graph.route("DELETE", node, "video.delete", self._nodes.delete)
        yield from self._uploads(graph)

    def _uploads(self, graph: Graph) -> Iterable[web.AbstractRouteDef]:
        files, upload = self._files, r"/upload:{session:[\w-]+}"
        yield from graph.route("POST", r"/{node:\d+}/uploads", "uploads.open", files.open)
        yield from graph.route("GET", upload, "uploads.get", files.show)
        yield from graph.route(
            "POST", upload, "uploads.transfer", files.fill, reads=_headers, streams=True
        )
        host = UploadHost(self._service)
        take = graph.serve("reels.transfer", host.post, reads=_headers, streams=True)
        for root in ("", VERSION):
            yield web.post(rf"/video-upload{root}/{{node:\d+}}", take)


async def _headers(request: web.Request) -> Params:
    """Return what a request says whose body is a file."""
    return params_of(request, {})
