"""Opening an upload session, giving one up, and finding the video of a lost one.

YouTube has no idempotency key and takes a second copy of a video without a word (facts:
YouTube section 4). So a session plants a marker where the platform keeps it, the file
name, and before a lost session is replaced the channel's uploads are searched for that
marker. Opening a session shows nothing to anybody; it costs one of the project's
uploads of the day.
"""

from collections.abc import Mapping
from typing import Any

from googleapiclient.http import MediaUpload

from domain.errors import CastlineError, PlatformRefusal
from domain.secrets import Secret
from platforms.http import Http
from platforms.protocol import Credential, Publication
from platforms.youtube.api import Api
from platforms.youtube.channels import get_uploads_playlist
from platforms.youtube.errors import unreadable

_ANY_TYPE = "application/octet-stream"
_PAGES = 2
_PER_PAGE = 50


class _Declared(MediaUpload):
    """Media of which the library learns the size and type, and never a byte."""

    def __init__(self, publication: Publication) -> None:
        self._publication = publication

    def size(self) -> int:
        return self._publication.size

    def mimetype(self) -> str:
        declared = self._publication.content_type
        return declared if declared.startswith("video/") else _ANY_TYPE

    def resumable(self) -> bool:
        return True


def open_session(api: Api, credential: Credential, publication: Publication) -> Secret:
    """Ask for a session. One call. A retry opens another; the first runs out by itself."""
    media = _Declared(publication)
    body = video_resource(publication.payload)
    request = api.videos.insert(
        part=",".join(body),
        body=body,
        notifySubscribers=publication.payload.get("notifySubscribers", True),
        media_body=media,
    )
    answer = api.start(
        credential,
        request,
        {
            "X-Upload-Content-Length": str(publication.size),
            "X-Upload-Content-Type": media.mimetype(),
            "Slug": publication.marker,
        },
    )
    if not (location := answer.headers.get("location")):
        raise unreadable()
    return Secret(location)


def discard_session(http: Http, session: Secret, credential: Credential) -> None:
    """Cancel a session, as Cloud Storage's same protocol does it. One call. Never fails."""
    authorization = {"Authorization": f"Bearer {credential.access_token.reveal()}"}
    try:
        http.send("DELETE", session.reveal(), headers=authorization)
    except CastlineError:
        return


def find_published(api: Api, credential: Credential, publication: Publication) -> str | None:
    """Look for the marker among the newest 100 uploads: 3 calls, 5 when there are many.

    The file's size must agree as well. An upload that YouTube gave up or somebody deleted
    is not found. YouTube lists a video some moments after its last byte, so None soon
    after a session was lost is not yet proof.
    """
    playlist = get_uploads_playlist(api, credential)
    page_token: str | None = None
    for _ in range(_PAGES):
        try:
            page = api.call(
                credential,
                api.playlist_items.list(
                    part="contentDetails",
                    playlistId=playlist,
                    maxResults=_PER_PAGE,
                    pageToken=page_token,
                ),
            )
        except PlatformRefusal as refusal:
            # A channel that never uploaded has the playlist's id but not the playlist.
            if refusal.code == "playlist_not_found":
                return None
            raise
        ids = [item["contentDetails"]["videoId"] for item in page.get("items", [])]
        if ids and (found := _find_marked(api, credential, ids, publication)):
            return found
        page_token = page.get("nextPageToken")
        if page_token is None:
            return None
    return None


def _find_marked(
    api: Api, credential: Credential, ids: list[str], publication: Publication
) -> str | None:
    listing = api.call(credential, api.videos.list(part="fileDetails,status", id=",".join(ids)))
    for video in listing.get("items", []):
        details = video.get("fileDetails", {})
        named = details.get("fileName") == publication.marker
        # uint64 comes as a string.
        sized = str(details.get("fileSize")) == str(publication.size)
        if named and sized and not _is_abandoned(video.get("status", {})):
            return str(video["id"])
    return None


def _is_abandoned(status: Mapping[str, Any]) -> bool:
    return status.get("uploadStatus") == "deleted" or status.get("failureReason") == "uploadAborted"


def video_resource(payload: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The video that a payload describes, in the API's words. Privacy is never left open.

    Left out, YouTube would make it public (since 2 November 2026).
    """
    snippet = {
        "title": payload["title"],
        "description": payload.get("description"),
        "tags": payload.get("tags"),
        "categoryId": payload.get("categoryId"),
        "defaultLanguage": payload.get("language"),
    }
    status = {
        "privacyStatus": payload.get("privacy", "private"),
        "selfDeclaredMadeForKids": payload.get("madeForKids", False),
        "containsSyntheticMedia": payload.get("containsSyntheticMedia"),
        "publishAt": payload.get("publishAt"),
        "license": payload.get("license"),
        "embeddable": payload.get("embeddable"),
    }
    return {"snippet": _given(snippet), "status": _given(status)}


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
