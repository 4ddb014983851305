"""Opening an upload session, and giving one up.

YouTube has no idempotency key and takes a second copy of a video without a word (facts:
YouTube section 4). So a session plants a marker where the platform keeps it, the file
name, by which the video of a lost session is found. Opening a session shows nothing to
anybody; it costs one of the project's uploads of the day.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from googleapiclient.http import MediaUpload

from domain.errors import CastlineError
from domain.moments import to_rfc3339
from domain.secrets import Secret
from platforms import publish_at
from platforms.http import Http
from platforms.protocol import Credential, Publication
from platforms.youtube.api import Api
from platforms.youtube.errors import unreadable

_ANY_TYPE = "application/octet-stream"


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
    body = video_resource(publication.payload, datetime.now(UTC))
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


def video_resource(payload: Mapping[str, Any], at: datetime) -> dict[str, dict[str, Any]]:
    """The video that a payload describes, in the API's words, for a session opened `at`. Pure.

    Privacy is never left open: left out, YouTube would make it public (since 2 November 2026). A
    publishAt that has passed is left out, because YouTube would publish at once.
    """
    privacy, moment = payload.get("privacy", "private"), publish_at.publish_at(payload)
    if publish_at.has_passed(payload, at):
        privacy, moment = publish_at.late_privacy(payload), None
    snippet = {
        "title": payload["title"],
        "description": payload.get("description"),
        "tags": payload.get("tags"),
        "categoryId": payload.get("categoryId"),
        "defaultLanguage": payload.get("language"),
    }
    status = {
        "privacyStatus": privacy,
        "selfDeclaredMadeForKids": payload.get("madeForKids", False),
        "containsSyntheticMedia": payload.get("containsSyntheticMedia"),
        "publishAt": None if moment is None else to_rfc3339(moment),
        "license": payload.get("license"),
        "embeddable": payload.get("embeddable"),
    }
    return {"snippet": _given(snippet), "status": _given(status)}


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
