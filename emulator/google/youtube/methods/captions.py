"""`captions`: insert, list, update, delete. Of a track only its hash and size are kept."""

from collections.abc import Mapping
from typing import Any

from emulator.calls import Call
from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.api.calls import Content, MethodCall
from emulator.google.errors import GoogleError
from emulator.google.uploads.session import Draft, Stored
from emulator.google.youtube import metadata
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Caption, Video, new_item_id
from emulator.google.youtube.methods.resources import listing, resource
from emulator.google.youtube.service import Service

_DOMAIN = "youtube.caption"


class InsertCaption:
    """Adds a caption track to one of the caller's videos."""

    name = "captions.insert"

    def __init__(self, service: Service) -> None:
        self._service = service

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Refuse incomplete metadata, a video that is not there, and a track that is."""
        self._service.meter.charge(self.name)
        snippet = metadata.track_of(draft.body)
        location = "body.snippet.videoId"
        video_id = str(snippet["videoId"])
        video = find_video(self._service, call, caller, video_id, location, _DOMAIN)
        track = (snippet["language"], snippet.get("name", ""))
        exists = any((caption.language, caption.name) == track for caption in video.captions)
        if exists or call.suffers("already_exists"):
            raise errors.already_exists(
                "captionExists",
                "The specified video already has a caption track with the given language and name.",
                _DOMAIN,
            )

    def finish(self, draft: Draft, file: Stored | None) -> Mapping[str, Any]:
        """Add the track and return it."""
        snippet = draft.body["snippet"]
        video = self._service.library.videos.get(str(snippet["videoId"]))
        if video is None:
            raise errors.video_not_found("body.snippet.videoId")
        if file is None or file.size == 0:
            raise _content_required()
        caption = Caption(
            id=new_item_id(),
            language=str(snippet["language"]),
            name=str(snippet.get("name", "")),
            is_draft=bool(snippet.get("isDraft")),
            bytes=file.size,
            sha256=file.sha256,
            updated_at=self._service.clock.now(),
        )
        video.captions.append(caption)
        return _resource(video, caption, draft.arguments.parts)


class UpdateCaption:
    """Replaces the file of a track, or whether it is a draft, or both."""

    name = "captions.update"

    def __init__(self, service: Service) -> None:
        self._service = service

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Refuse a track that is not there or not the caller's."""
        self._service.meter.charge(self.name)
        _own(self._service, call, caller, str(draft.body.get("id", "")))

    def finish(self, draft: Draft, file: Stored | None) -> Mapping[str, Any]:
        """Change the track and return it. Without a file only the draft status changes."""
        found = self._service.library.caption(str(draft.body.get("id", "")))
        if found is None:
            raise _not_found()
        if file is not None and file.size == 0:
            raise _content_required()
        video, caption = found
        snippet = draft.body.get("snippet", {})
        if isinstance(snippet, dict) and "isDraft" in snippet:
            caption.is_draft = bool(snippet["isDraft"])
        if file is not None:
            caption.bytes, caption.sha256 = file.size, file.sha256
        caption.updated_at = self._service.clock.now()
        return _resource(video, caption, draft.arguments.parts)


class Captions:
    """Reads and removes the caption tracks of a video."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def find(self, asked: MethodCall) -> Content:
        """Answer all tracks of one video, or those of them that are named."""
        video_id = asked.arguments.text("videoId") or ""
        video = find_video(self._service, asked.call, asked.caller, video_id, "videoId", _DOMAIN)
        ids = asked.arguments.all("id")
        shown = [each for each in video.captions if not ids or each.id in ids]
        return listing("caption", [_resource(video, each, asked.parts) for each in shown])

    async def delete(self, asked: MethodCall) -> Content:
        """Remove a track."""
        video, caption = _own(
            self._service, asked.call, asked.caller, asked.arguments.text("id") or ""
        )
        video.captions.remove(caption)
        return None


def find_video(
    service: Service, call: Call, caller: Caller, video_id: str, location: str, domain: str
) -> Video:
    """Return the caller's video, or refuse: 404 unknown, 403 not the caller's."""
    video = service.library.videos.get(video_id)
    if video is None or call.suffers("not_found_yet"):
        raise errors.video_not_found(location)
    if not caller.owns(video.owner):
        raise bad_requests.forbidden(
            "The authenticated user doesn't have permissions for the requested video.", domain
        )
    return video


def _own(service: Service, call: Call, caller: Caller, caption_id: str) -> tuple[Video, Caption]:
    found = service.library.caption(caption_id)
    if found is None or call.suffers("not_found_yet"):
        raise _not_found()
    if not caller.owns(found[0].owner):
        raise bad_requests.forbidden(
            "The permissions associated with the request are not sufficient for the caption track.",
            _DOMAIN,
        )
    return found


def _not_found() -> GoogleError:
    return errors.not_found("caption", "The specified caption track could not be found.", "id")


def _content_required() -> GoogleError:
    return errors.bad_request(
        "contentRequired", "The request does not include the caption content.", domain=_DOMAIN
    )


def _resource(video: Video, caption: Caption, parts: list[str]) -> dict[str, Any]:
    snippet = {
        "videoId": video.id,
        "lastUpdated": timestamp(caption.updated_at),
        "trackKind": "standard",
        "language": caption.language,
        "name": caption.name,
        "audioTrackType": "unknown",
        "isCC": False,
        "isLarge": False,
        "isEasyReader": False,
        "isDraft": caption.is_draft,
        "isAutoSynced": False,
        "status": "serving",
    }
    return resource("caption", caption.id, parts, {"snippet": snippet})
