"""`videos.insert`: from metadata and bytes to a video."""

from collections.abc import Mapping
from typing import Any

from emulator.calls import Call
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.uploads.session import Draft, Stored
from emulator.google.youtube import metadata
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Video, new_video_id
from emulator.google.youtube.methods.resources import video_resource
from emulator.google.youtube.service import Service


class InsertVideo:
    """Makes a video of every file that arrives, also of one that was sent before.

    There is no key by which the platform would know a repetition, and it refuses none.
    """

    name = "videos.insert"

    def __init__(self, service: Service) -> None:
        self._service = service

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Refuse whoever has no channel or no quota, and metadata that will not do."""
        channel = caller.own_channel()
        if call.suffers("already_exists"):
            raise errors.already_exists()
        if self._service.switches.charge_at_session_start:
            self._service.meter.charge_upload()
        self._resolve(draft)
        self._service.meter.check_channel(channel.id)

    def finish(self, draft: Draft, file: Stored | None) -> Mapping[str, Any]:
        """Add the video, in the state `uploaded`, and return it."""
        service = self._service
        if file is None:
            raise bad_requests.media_required("youtube.video", "video")
        if not service.switches.charge_at_session_start:
            service.meter.charge_upload()
        video = self._resolve(draft)
        video.bytes, video.sha256 = file.size, file.sha256
        service.library.videos[video.id] = video
        service.meter.note_upload(video.owner)
        return video_resource(service, video, draft.arguments.parts, draft.origin)

    def _resolve(self, draft: Draft) -> Video:
        service, body = self._service, draft.body
        now = service.clock.now()
        metadata.check_body_parts(body, draft.arguments.parts)
        snippet = metadata.snippet_of(body, utf16=service.switches.text_in_utf16_units)
        status = metadata.status_of(body, now)
        if draft.locked_private or service.switches.lock_uploads_private:
            status |= {"privacyStatus": "private"}
        return Video(
            id=new_video_id(),
            owner=draft.person.channel or "",
            snippet=snippet,
            status=status,
            bytes=0,
            sha256="",
            uploaded_at=now,
            processing_seconds=service.switches.processing_seconds,
            file_name=draft.file_name,
            content_type=draft.content_type,
            localizations=metadata.localizations_of(body, snippet),
            recording=metadata.recording_of(body),
            fate=draft.fate,
            reason=draft.reason,
        )
