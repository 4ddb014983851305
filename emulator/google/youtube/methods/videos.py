"""`videos.list`, `videos.update`, `videos.delete`."""

from typing import Any

from emulator.calls import Call
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.api.calls import Content, MethodCall
from emulator.google.api.paging import page
from emulator.google.uploads.methods import fate_of
from emulator.google.youtube import metadata
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Video
from emulator.google.youtube.methods.resources import (
    OWNER_PARTS,
    listing,
    privacy,
    video_resource,
)
from emulator.google.youtube.processing import progress
from emulator.google.youtube.service import Service

_MOST_IDS = 50


class Videos:
    """The videos there are, as far as the caller may see them."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def find(self, asked: MethodCall) -> Content:
        """Answer the videos with the given ids, or those of the chart.

        Unknown and foreign private ones are left out.
        """
        call, parts = asked.call, asked.parts
        if asked.arguments.filter(("id", "chart", "myRating")) == "id":
            rows = self._by_id(asked)
            about = {"pageInfo": {"totalResults": len(rows), "resultsPerPage": len(rows)}}
        else:
            rows, about = page(self._popular(asked), asked.arguments)
        for video in rows:
            self._decide(call, video)
            if OWNER_PARTS.intersection(parts) and not asked.caller.owns(video.owner):
                raise bad_requests.forbidden(
                    "The caller is not the owner of the video.", "youtube.video"
                )
        if call.suffers("no_file_details"):
            parts = [part for part in parts if part != "fileDetails"]
        language = asked.arguments.text("hl")
        items = [video_resource(self._service, v, parts, asked.origin, language) for v in rows]
        return listing("video", items, about)

    async def update(self, asked: MethodCall) -> Content:
        """Replace the parts named, as a whole; all of them, or none where one will not do."""
        body, parts = await asked.body(), asked.parts
        video = self._own(asked.caller, str(body.get("id", "")))
        metadata.check_body_parts(body, parts)
        for name, content in self._replacements(video, body, parts).items():
            setattr(video, name, content)
        return video_resource(self._service, video, parts, asked.origin)

    async def delete(self, asked: MethodCall) -> Content:
        """Remove a video of the caller's."""
        video = self._own(asked.caller, asked.arguments.text("id") or "")
        del self._service.library.videos[video.id]
        return None

    def _by_id(self, asked: MethodCall) -> list[Video]:
        ids, videos = asked.arguments.all("id"), self._service.library.videos
        if len(ids) > _MOST_IDS:
            raise errors.bad_request("invalidFilters", "Too many ids.", location="id")
        if asked.call.suffers("not_found_yet"):
            return []
        now = self._service.clock.now()
        known = [videos[each] for each in ids if each in videos]
        return [v for v in known if asked.caller.owns(v.owner) or privacy(v, now) != "private"]

    def _popular(self, asked: MethodCall) -> list[Video]:
        """Nobody watches anything here, so the newest public videos are the most popular."""
        now, category = self._service.clock.now(), asked.arguments.text("videoCategoryId")
        return [
            video
            for video in reversed(self._service.library.videos.values())
            if privacy(video, now) == "public"
            and progress(video, now).upload_status == "processed"
            and category in ("0", video.snippet["categoryId"])
        ]

    def _replacements(
        self, video: Video, body: dict[str, Any], parts: list[str]
    ) -> dict[str, dict[str, Any]]:
        """Return the new content of the parts named, checked; what is not given is deleted."""
        now, new = self._service.clock.now(), dict[str, dict[str, Any]]()
        if "snippet" in parts:
            given = body.get("snippet")
            # Captured: gist alexdean/70af1b9e.
            if not isinstance(given, dict) or not {"title", "categoryId"} <= given.keys():
                raise errors.invalid_metadata(
                    "invalidVideoMetadata", "The request metadata is invalid.", "body"
                )
            utf16 = self._service.switches.text_in_utf16_units
            new["snippet"] = metadata.snippet_of(body, utf16=utf16)
        if "status" in parts:
            new["status"] = metadata.status_of(body, now)
            if "publishAt" in new["status"] and privacy(video, now) == "public":
                raise errors.invalid_metadata(
                    "invalidPublishAt",
                    "The request metadata specifies an invalid scheduled publishing time.",
                    "body.status.publishAt",
                )
        if "localizations" in parts:
            snippet = new.get("snippet", video.snippet)
            new["localizations"] = metadata.localizations_of(body, snippet)
        if "recordingDetails" in parts:
            new["recording"] = metadata.recording_of(body)
        return new

    def _own(self, caller: Caller, video_id: str) -> Video:
        video = self._service.library.videos.get(video_id)
        if video is None:
            raise errors.video_not_found()
        if not caller.owns(video.owner):
            raise bad_requests.forbidden("Forbidden", "youtube.video")
        return video

    def _decide(self, call: Call, video: Video) -> None:
        fate = fate_of(call.fault.kind) if call.fault else None
        if fate:
            video.fate, video.reason = fate, call.option("reason")
        if call.suffers("private_lock"):
            video.status["privacyStatus"] = "private"
