"""The pages that links to a video or a Reel lead to, as far as a person needs one."""

from collections.abc import Iterable

from aiohttp import web

from emulator.calls import Call, serve
from emulator.meta.publishing.describing import described
from emulator.meta.publishing.service import Service
from emulator.pages import VideoPage

_HIDDEN = (
    "This content isn't available right now",
    "The Page shared it with a small group of people, or it has not been published.",
)
_ADDRESSES = (
    r"/{page:\d+}/videos/{video:\d+}{slash:/?}",
    r"/reel/{video:\d+}{slash:/?}",
    "/watch/",
)


def watch_routes(service: Service, platform: str) -> Iterable[web.AbstractRouteDef]:
    """Return the addresses that a video has on Facebook's site, `permalink_url` first."""

    async def watch(call: Call) -> web.StreamResponse:
        video_id = call.request.match_info.get("video") or call.request.query.get("v", "")
        video = service.library.videos.get(video_id)
        if video is None or call.request.match_info.get("page", video.page) != video.page:
            raise web.HTTPNotFound
        page = service.tokens.directory.pages.get(video.page)
        facts = described(video, platform, service.clock.now())
        return VideoPage(
            site="Facebook",
            title=video.title or video.id,
            description=video.description,
            owner=page.name if page else video.page,
            facts=facts,
            hidden=None if facts["published"] else _HIDDEN,
        ).answer()

    served = serve("permalink", watch)
    for path in _ADDRESSES:
        yield web.get(path, served)
