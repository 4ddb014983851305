"""What a payload may ask for beside the video: thumbnail, captions, playlists.

Each step may be run again at any time: a thumbnail replaces itself, captions that exist
are refused by YouTube and count as done, a playlist is read before it is added to. The
files are small, so each is sent in one request that can be repeated whole. Captions and
playlists need the scope `youtube.force-ssl`, which is asked for only where the adapter is
told to.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from googleapiclient.http import MediaInMemoryUpload

from domain.errors import PlatformRefusal
from domain.states import StepName
from media.attachments import Attachment, NamedAttachment, ReadAttachment
from platforms.protocol import Credential
from platforms.steps import step_needs_its_scope
from platforms.youtube.api import Api
from platforms.youtube.channels import MANAGE, UPLOAD, require_scopes
from platforms.youtube.limits import CAPTIONS, THUMBNAIL
from platforms.youtube.publishing.outcome import require_due

_FIELDS = {
    StepName.THUMBNAIL: "thumbnailUrl",
    StepName.CAPTIONS: "captions",
    StepName.PLAYLIST: "playlistIds",
}
STEP_SCOPES: Mapping[StepName, tuple[str, ...]] = {
    StepName.THUMBNAIL: (UPLOAD,),
    StepName.CAPTIONS: (MANAGE,),
    StepName.PLAYLIST: (MANAGE,),
}


def extra_steps(payload: Mapping[str, Any]) -> tuple[StepName, ...]:
    """The steps that the payload's fields ask for, in their order. Pure."""
    return tuple(step for step, field in _FIELDS.items() if payload.get(field))


def attachments(payload: Mapping[str, Any]) -> tuple[NamedAttachment, ...]:
    """The files that the payload names: the thumbnail, and the tracks in their order. Pure."""
    thumbnail = _thumbnail(payload)
    return (*(() if thumbnail is None else (thumbnail,)), *(named for _, named in _tracks(payload)))


def run_step(
    api: Api,
    step: StepName,
    credential: Credential,
    platform_id: str,
    payload: Mapping[str, Any],
    *,
    read: ReadAttachment,
    uploaded_at: datetime | None,
) -> None:
    """Do one step: one call for a thumbnail or caption track, one or two for a playlist.

    Raises `PlatformRefusal` (code `step_not_granted`) for a grant that does not reach so far,
    and `PlatformUnavailable` (code `not_there_yet`) for a video yet to appear.
    """
    with step_needs_its_scope():
        require_scopes(credential, *STEP_SCOPES[step])
        try:
            _run(api, step, credential, platform_id, payload, read)
        except PlatformRefusal as refusal:
            if refusal.code == "video_missing":
                require_due(uploaded_at)
            raise


def _run(
    api: Api,
    step: StepName,
    credential: Credential,
    platform_id: str,
    payload: Mapping[str, Any],
    read: ReadAttachment,
) -> None:
    match step:
        case StepName.THUMBNAIL:
            if (named := _thumbnail(payload)) is not None:
                _set_thumbnail(api, credential, platform_id, read(named))
        case StepName.CAPTIONS:
            for captions, named in _tracks(payload):
                _ensure_captions(api, credential, platform_id, captions, read(named).content)
        case StepName.PLAYLIST:
            for playlist_id in payload["playlistIds"]:
                _ensure_in_playlist(api, credential, platform_id, playlist_id)


def _thumbnail(payload: Mapping[str, Any]) -> NamedAttachment | None:
    url = payload.get(_FIELDS[StepName.THUMBNAIL])
    return NamedAttachment(_FIELDS[StepName.THUMBNAIL], url, THUMBNAIL) if url else None


def _tracks(payload: Mapping[str, Any]) -> list[tuple[Mapping[str, str], NamedAttachment]]:
    field = _FIELDS[StepName.CAPTIONS]
    return [
        (track, NamedAttachment(field, track["url"], CAPTIONS, item))
        for item, track in enumerate(payload.get(field) or (), 1)
    ]


def _set_thumbnail(api: Api, credential: Credential, video_id: str, image: Attachment) -> None:
    media = MediaInMemoryUpload(
        image.content, mimetype=image.media_type(THUMBNAIL), resumable=False
    )
    api.call(credential, api.thumbnails.set(videoId=video_id, media_body=media))


def track_resource(video_id: str, captions: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """A caption track in the API's words. Pure."""
    track = {
        "videoId": video_id,
        "language": captions["language"],
        "name": captions.get("name", ""),
        "isDraft": False,
    }
    return {"snippet": track}


def _ensure_captions(
    api: Api,
    credential: Credential,
    video_id: str,
    captions: Mapping[str, str],
    content: bytes,
) -> None:
    media = MediaInMemoryUpload(content, mimetype="application/octet-stream", resumable=False)
    body = track_resource(video_id, captions)
    try:
        request = api.captions.insert(part="snippet", body=body, media_body=media)
        api.call(credential, request)
    except PlatformRefusal as refusal:
        if refusal.code != "caption_exists":
            raise


def _ensure_in_playlist(api: Api, credential: Credential, video_id: str, playlist_id: str) -> None:
    # A playlist may hold a video twice, so look first: the call before may have arrived.
    listing = api.call(
        credential, api.playlist_items.list(part="id", playlistId=playlist_id, videoId=video_id)
    )
    if listing.get("items"):
        return
    entry = {
        "playlistId": playlist_id,
        "resourceId": {"kind": "youtube#video", "videoId": video_id},
    }
    try:
        api.call(credential, api.playlist_items.insert(part="snippet", body={"snippet": entry}))
    except PlatformRefusal as refusal:
        if refusal.code != "already_in_playlist":
            raise
