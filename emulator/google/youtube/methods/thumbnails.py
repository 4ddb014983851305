"""`thumbnails.set`."""

from collections.abc import Mapping
from typing import Any

from emulator.calls import Call
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.uploads.session import Draft, Stored
from emulator.google.youtube.access import Caller
from emulator.google.youtube.methods.captions import find_video
from emulator.google.youtube.methods.resources import etag, thumbnails
from emulator.google.youtube.service import Service

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")
_DOMAIN = "youtube.thumbnail"


class SetThumbnail:
    """Replaces the thumbnail of one of the caller's videos."""

    name = "thumbnails.set"

    def __init__(self, service: Service) -> None:
        self._service = service

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Refuse a video that is not there or not the caller's."""
        self._service.meter.charge(self.name)
        video_id = draft.arguments.text("videoId") or ""
        find_video(self._service, call, caller, video_id, "videoId", _DOMAIN)

    def finish(self, draft: Draft, file: Stored | None) -> Mapping[str, Any]:
        """Keep the picture's hash; refuse what is no picture."""
        if file is None or file.size == 0:
            raise bad_requests.media_required(_DOMAIN, "image")
        if not file.head.startswith(_PICTURES):
            raise errors.bad_request(
                "invalidImage", "The provided image content is invalid.", domain=_DOMAIN
            )
        video = self._service.library.videos.get(draft.arguments.text("videoId") or "")
        if video is None:
            raise errors.video_not_found("videoId")
        video.thumbnail_sha256 = file.sha256
        return {
            "kind": "youtube#thumbnailSetResponse",
            "etag": etag(file),
            "items": [thumbnails(draft.origin, video.id)],
        }
