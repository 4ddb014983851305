"""The pages that links to a video lead to, as far as a person needs one."""

from collections.abc import Iterable

from aiohttp import web

from emulator.calls import Call, serve
from emulator.google.youtube.describing import described
from emulator.google.youtube.methods.resources import privacy, thumbnails
from emulator.google.youtube.service import Service
from emulator.pages import VideoPage

_ID = r"{video:[\w-]{11}}"
_PRIVATE = (
    "Video unavailable",
    "This video is private. Sign in with an account that may see it.",
)


def watch_routes(service: Service) -> Iterable[web.AbstractRouteDef]:
    """Return the addresses that a video has on YouTube's site; the last is youtu.be's."""

    async def watch(call: Call) -> web.StreamResponse:
        video_id = call.request.match_info.get("video") or call.request.query.get("v", "")
        video = service.library.videos.get(video_id)
        if video is None:
            raise web.HTTPNotFound
        channel = service.directory.channels.get(video.owner)
        facts = described(service, video)
        facts["privacy_status"] = privacy(video, service.clock.now())
        return VideoPage(
            site="YouTube",
            title=facts["title"],
            description=facts["description"],
            owner=channel.title if channel else video.owner,
            facts=facts,
            picture=thumbnails("", video.id)["high"]["url"],
            hidden=_PRIVATE if facts["privacy_status"] == "private" else None,
        ).answer()

    served = serve("watch", watch)
    for path in ("/watch", f"/shorts/{_ID}", f"/embed/{_ID}", f"/{_ID}"):
        yield web.get(path, served)
