"""`thumbnails.set`, `captions.insert` and `captions.list`: what belongs to a video."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.errors import GoogleError, json_answer
from emulator.google.uploads.session import Draft, Stored
from emulator.google.youtube import metadata
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Caption, Video, new_item_id
from emulator.google.youtube.methods.resources import etag, listing, thumbnails
from emulator.google.youtube.service import Service

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")


class SetThumbnail:
    """Replaces the thumbnail of one of the caller's videos."""

    name = "thumbnails.set"
    most_bytes = 50 * 1024**2

    def __init__(self, service: Service) -> None:
        self._service = service

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Refuse a video that is not there or not the caller's."""
        self._service.meter.charge(self.name)
        video_id = draft.query.get("videoId", "")
        find_video(self._service, call, caller, video_id, "videoId", "youtube.thumbnail")

    def finish(self, draft: Draft, file: Stored) -> Mapping[str, Any]:
        """Keep the picture's hash; refuse what is no picture."""
        if file.size == 0:
            raise errors.bad_request(
                "mediaBodyRequired",
                "The request does not include the image content.",
                domain="youtube.thumbnail",
            )
        if file.size > self.most_bytes:
            raise GoogleError(413, "uploadTooLarge", "Media larger than the limit.")
        if not file.head.startswith(_PICTURES):
            raise errors.bad_request(
                "invalidImage",
                "The provided image content is invalid.",
                domain="youtube.thumbnail",
            )
        video = self._service.library.videos.get(draft.query["videoId"])
        if video is None:
            raise errors.video_not_found("videoId")
        video.thumbnail_sha256 = file.sha256
        pictures = thumbnails(draft.origin, video.id)
        return {
            "kind": "youtube#thumbnailSetResponse",
            "etag": etag(file),
            "items": [pictures],
        }


class InsertCaption:
    """Adds a caption track to one of the caller's videos."""

    name = "captions.insert"
    most_bytes = 100 * 1024**2

    def __init__(self, service: Service) -> None:
        self._service = service

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Refuse incomplete metadata, a video that is not there, and a track that is."""
        self._service.meter.charge(self.name)
        metadata.parts_of(draft.query.get("part"))
        snippet = metadata.track_of(draft.body)
        video = find_video(
            self._service,
            call,
            caller,
            str(snippet["videoId"]),
            "body.snippet.videoId",
            "youtube.caption",
        )
        track = (snippet["language"], snippet.get("name", ""))
        exists = any((caption.language, caption.name) == track for caption in video.captions)
        if exists or call.suffers("already_exists"):
            raise errors.already_exists(
                "captionExists",
                "The specified video already has a caption track with the given language and name.",
                "youtube.caption",
            )

    def finish(self, draft: Draft, file: Stored) -> Mapping[str, Any]:
        """Add the track and return it."""
        snippet = draft.body["snippet"]
        video = self._service.library.videos.get(str(snippet["videoId"]))
        if video is None:
            raise errors.video_not_found("body.snippet.videoId")
        if file.size == 0:
            raise errors.bad_request(
                "contentRequired",
                "The request does not include the caption content.",
                domain="youtube.caption",
            )
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
        return caption_resource(video, caption)


class Captions:
    """Reads the caption tracks of a video."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def find(self, call: Call) -> web.StreamResponse:
        """Answer all tracks of one video."""
        caller = self._service.access.caller(call, "captions.list")
        self._service.meter.charge("captions.list")
        metadata.parts_of(call.request.query.get("part"))
        video_id = call.request.query.get("videoId", "")
        video = find_video(self._service, call, caller, video_id, "videoId", "youtube.caption")
        items = [caption_resource(video, caption) for caption in video.captions]
        return json_answer(listing("captionListResponse", items))


def find_video(
    service: Service, call: Call, caller: Caller, video_id: str, location: str, domain: str
) -> Video:
    """Return the caller's video, or refuse: 404 unknown, 403 not the caller's."""
    video = service.library.videos.get(video_id)
    if video is None or call.suffers("not_found_yet"):
        raise errors.video_not_found(location)
    if caller.channel is None or caller.channel.id != video.owner:
        raise GoogleError(
            403,
            "forbidden",
            "The authenticated user doesn't have permissions for the requested video.",
            domain=domain,
            location=("Authorization", "header"),
        )
    return video


def caption_resource(video: Video, caption: Caption) -> dict[str, Any]:
    """Write a caption track."""
    return {
        "kind": "youtube#caption",
        "etag": etag(caption),
        "id": caption.id,
        "snippet": {
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
        },
    }
