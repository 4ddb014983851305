"""The video of a lost session, looked for among the channel's uploads.

Every session plants a marker where YouTube keeps it, the file name, and the file's size has to
agree. The uploads playlist is read, never the search, which lags and costs a hundred times as
much; newest first, back to the moment at which the session was opened. YouTube lists a video
some moments after its last byte, so one look that finds nothing is not yet proof.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import PlatformRefusal, Unconfirmed
from platforms.protocol import Credential, Publication
from platforms.youtube.api import Api
from platforms.youtube.channels import get_uploads_playlist
from platforms.youtube.errors import require_id

MOST_PAGES = 20
"""A thousand uploads since the session was opened: beyond that a look decides nothing."""

_PER_PAGE = 50
_NAMELESS = "unknown"
"""What YouTube calls a file that was given no name: then ours was not kept."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the uploads playlist."""

    video_id: str
    title: str
    is_of_the_time: bool
    """False when it is older than what is looked for."""


def find_published(
    api: Api, credential: Credential, publication: Publication, *, since: datetime
) -> str | None:
    """Look for the marker among the uploads since then: 3 calls, 2 more for each further page.

    An upload that YouTube gave up or somebody deleted is not found. Raises `Unconfirmed` where
    an upload of that title and time does not tell its file yet or is not shown, where there are
    too many, and where YouTube refuses the look. Reads only: a retry looks again.
    """
    try:
        return _search(api, credential, publication, since)
    except PlatformRefusal as refusal:
        # A channel that never uploaded has the playlist's id but not the playlist.
        if refusal.code == "playlist_not_found":
            return None
        raise _unclear(refusal.reason) from None


def _search(
    api: Api, credential: Credential, publication: Publication, since: datetime
) -> str | None:
    playlist = get_uploads_playlist(api, credential)
    page_token: str | None = None
    has_doubt = False
    for _ in range(MOST_PAGES):
        page = api.call(
            credential,
            api.playlist_items.list(
                part="snippet",
                playlistId=playlist,
                maxResults=_PER_PAGE,
                pageToken=page_token,
            ),
        )
        entries = [_read(item["snippet"], since) for item in page.get("items", [])]
        shown = _list_videos(api, credential, entries)
        for entry in entries:
            is_ours = _is_ours(shown.get(entry.video_id, {}), publication)
            if is_ours:
                return entry.video_id
            if is_ours is None and entry.is_of_the_time:
                has_doubt |= entry.title == str(publication.payload["title"]).strip()
        page_token = page.get("nextPageToken")
        is_past = bool(entries) and not any(entry.is_of_the_time for entry in entries)
        if page_token is None or is_past:
            if has_doubt:
                raise _unclear()
            return None
    raise _unclear()


def _read(snippet: Mapping[str, Any], since: datetime) -> _Entry:
    added_at = snippet.get("publishedAt")
    return _Entry(
        video_id=require_id(snippet["resourceId"]["videoId"]),
        title=str(snippet.get("title", "")).strip(),
        is_of_the_time=added_at is None or datetime.fromisoformat(added_at) >= since,
    )


def _list_videos(
    api: Api, credential: Credential, entries: Sequence[_Entry]
) -> Mapping[str, Mapping[str, Any]]:
    if not entries:
        return {}
    ids = ",".join(entry.video_id for entry in entries)
    listing = api.call(credential, api.videos.list(part="fileDetails,status", id=ids))
    return {str(video["id"]): video for video in listing.get("items", [])}


def _is_ours(video: Mapping[str, Any], publication: Publication) -> bool | None:
    """Whether it was made of our file; None where YouTube does not tell."""
    status, details = video.get("status", {}), video.get("fileDetails", {})
    if status.get("uploadStatus") == "deleted" or status.get("failureReason") == "uploadAborted":
        return False
    name, size = details.get("fileName", _NAMELESS), details.get("fileSize")
    # uint64 comes as a string.
    if size is not None and str(size) != str(publication.size):
        return False
    return None if name == _NAMELESS else name == publication.marker


def _unclear(reason: str | None = None) -> Unconfirmed:
    return Unconfirmed(
        "outcome_unconfirmed",
        "YouTube does not tell yet whether it made a video of the upload; it is read again.",
        reason=reason,
    )
