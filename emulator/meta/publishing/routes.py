"""Which address of publishing is which operation."""

from collections.abc import Iterable

from aiohttp import web

from emulator.meta.graph.calls import VERSION, Graph
from emulator.meta.graph.params import Params, params_of
from emulator.meta.publishing.edges.listings import Listings
from emulator.meta.publishing.edges.node import Nodes
from emulator.meta.publishing.edges.reels import Reels
from emulator.meta.publishing.edges.upload_host import UploadHost
from emulator.meta.publishing.edges.videos import Videos
from emulator.meta.publishing.intake.form import read_head
from emulator.meta.publishing.service import Service


def publishing_routes(
    graph: Graph, service: Service, nodes: Nodes
) -> Iterable[web.AbstractRouteDef]:
    """Return everything but `GET /{video-id}`, which persons and Pages share."""
    videos, reels, listings = Videos(service, nodes), Reels(service), Listings(service, nodes)
    node = r"/{node:\d+}"
    for path in (f"{node}/videos", r"/{node:(?:act_)?\d+}/advideos"):
        yield from graph.route(
            "POST", path, videos.operation, videos.post, reads=read_head, streams=True
        )
    yield from graph.route(
        "POST", f"{node}/video_reels", reels.operation, reels.post, reads=read_head, streams=True
    )
    yield from graph.route("GET", f"{node}/videos", "page_videos.list", listings.videos)
    yield from graph.route("GET", f"{node}/video_reels", "reels.list", listings.reels)
    yield from graph.route(
        "POST", f"{node}/thumbnails", "video.thumbnails", nodes.set_thumbnail, reads=read_head
    )
    yield from graph.route("POST", node, "video.update", nodes.update)
    yield from graph.route("DELETE", node, "video.delete", nodes.delete)

    host = UploadHost(service)
    take = graph.serve("reels.transfer", host.post, reads=_headers, streams=True)
    for root in ("", VERSION):
        yield web.post(f"/video-upload{root}{node}", take)


async def _headers(request: web.Request) -> Params:
    """Return what a request says whose body is a file."""
    return params_of(request, {})
