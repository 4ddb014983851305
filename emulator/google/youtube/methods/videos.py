"""`videos.list`, `videos.update`, `videos.delete`."""

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.errors import GoogleError, json_answer
from emulator.google.uploads.methods import fate_of, metadata_of
from emulator.google.youtube import metadata
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Video
from emulator.google.youtube.methods.resources import (
    OWNER_PARTS,
    listing,
    privacy,
    video_resource,
)
from emulator.google.youtube.service import Service

_MOST_IDS = 50


class Videos:
    """The videos there are, as far as the caller may see them."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def find(self, call: Call) -> web.StreamResponse:
        """Answer the videos with the given ids; unknown and foreign private ones are left out."""
        service, query = self._service, call.request.query
        caller = service.access.caller(call, "videos.list")
        service.meter.charge("videos.list")
        parts = metadata.parts_of(",".join(query.getall("part", [])))
        ids = [part for value in query.getall("id", []) for part in value.split(",") if part]
        if not ids:
            raise errors.bad_request(
                "missingRequiredParameter",
                "No filter selected. Expected one of: id, chart, myRating",
                location="parameters.",
            )
        if len(ids) > _MOST_IDS:
            raise errors.bad_request("invalidFilters", "Too many ids.", location="id")
        known = [
            service.library.videos[i] for i in dict.fromkeys(ids) if i in service.library.videos
        ]
        videos = [] if call.suffers("not_found_yet") else self._visible(known, caller)
        for video in videos:
            self._decide(call, video)
            if OWNER_PARTS.intersection(parts) and not _owns(caller, video):
                raise GoogleError(
                    403,
                    "forbidden",
                    "The caller is not the owner of the video.",
                    domain="youtube.video",
                    location=("Authorization", "header"),
                )
        if call.suffers("no_file_details"):
            parts = [part for part in parts if part != "fileDetails"]
        items = [video_resource(service, video, parts, call.origin) for video in videos]
        return json_answer(listing("videoListResponse", items, page=len(items)))

    async def update(self, call: Call) -> web.StreamResponse:
        """Replace the parts named, as a whole, as the platform does."""
        service = self._service
        caller = service.access.caller(call, "videos.update")
        service.meter.charge("videos.update")
        parts = metadata.parts_of(",".join(call.request.query.getall("part", [])))
        body = metadata_of(await call.request.text())
        video = self._own(caller, str(body.get("id", "")))
        metadata.check_body_parts(body, parts)
        if "snippet" in parts:
            video.snippet = metadata.snippet_of(body)
        if "status" in parts:
            video.status = metadata.status_of(body, service.clock.now())
        if "localizations" in parts:
            video.localizations = metadata.localizations_of(body, video.snippet)
        return json_answer(video_resource(service, video, parts, call.origin))

    async def delete(self, call: Call) -> web.StreamResponse:
        """Remove a video of the caller's."""
        caller = self._service.access.caller(call, "videos.delete")
        self._service.meter.charge("videos.delete")
        video = self._own(caller, call.request.query.get("id", ""))
        del self._service.library.videos[video.id]
        return web.Response(status=204)

    def _visible(self, videos: list[Video], caller: Caller) -> list[Video]:
        now = self._service.clock.now()
        return [v for v in videos if _owns(caller, v) or privacy(v, now) != "private"]

    def _own(self, caller: Caller, video_id: str) -> Video:
        video = self._service.library.videos.get(video_id)
        if video is None:
            raise errors.video_not_found()
        if not _owns(caller, video):
            raise GoogleError(403, "forbidden", "Forbidden", domain="youtube.video")
        return video

    def _decide(self, call: Call, video: Video) -> None:
        fate = fate_of(call.fault.kind) if call.fault else None
        if fate:
            video.fate, video.reason = fate, call.option("reason")
        if call.suffers("private_lock"):
            video.status["privacyStatus"] = "private"


def _owns(caller: Caller, video: Video) -> bool:
    return caller.channel is not None and caller.channel.id == video.owner
