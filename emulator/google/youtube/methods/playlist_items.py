"""`playlistItems`: insert, list, update, delete.

The items of a channel's uploads are derived from its videos, newest first, and cannot be
changed.
"""

from dataclasses import dataclass
from typing import Any

from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.api.calls import Content, MethodCall
from emulator.google.api.paging import page
from emulator.google.errors import GoogleError
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Playlist, PlaylistItem, Video, new_item_id
from emulator.google.youtube.methods import playlists
from emulator.google.youtube.methods.resources import (
    channel_title,
    listing,
    privacy,
    resource,
    thumbnails,
)
from emulator.google.youtube.service import Service

_DOMAIN = "youtube.playlistItem"
_MOST_ITEMS = 5000
_MOST_NOTE = 280


@dataclass(frozen=True, slots=True)
class _Row:
    """An item at its place."""

    playlist: Playlist
    position: int
    item: PlaylistItem
    video: Video


class PlaylistItems:
    """What playlists hold, as far as the caller may see it."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def insert(self, asked: MethodCall) -> Content:
        """Put a video into one of the caller's playlists, once."""
        service, call, body = self._service, asked.call, await asked.body()
        playlist_id, video_id = _named(body)
        playlist = self._own(asked.caller, playlist_id)
        video = service.library.videos.get(video_id)
        if video is None or call.suffers("not_found_yet"):
            raise errors.video_not_found("body.snippet.resourceId.videoId")
        is_there = any(item.video == video.id for item in playlist.items)
        if call.suffers("already_exists") or (
            is_there and not service.switches.playlist_takes_twice
        ):
            raise errors.already_exists(
                "videoAlreadyInPlaylist", "Video already in playlist.", _DOMAIN
            )
        if len(playlist.items) >= _MOST_ITEMS:
            raise GoogleError(
                403,
                "playlistContainsMaximumNumberOfVideos",
                "Playlist contains maximum number of videos.",
                domain=_DOMAIN,
            )
        position = _position_of(body, len(playlist.items))
        item = PlaylistItem(new_item_id(), video.id, service.clock.now(), _note_of(body))
        playlist.items.insert(position, item)
        return self._resource(_Row(playlist, position, item, video), asked)

    async def find(self, asked: MethodCall) -> Content:
        """Answer a playlist, or the items with the given ids, page by page."""
        arguments = asked.arguments
        chosen = arguments.filter(("playlistId", "id"))
        if chosen == "id":
            rows = [row for each in arguments.all("id") if (row := self._row(each, asked.caller))]
        else:
            rows = self._listed(arguments.text("playlistId") or "", asked.caller)
        if asked.call.suffers("not_found_yet"):
            rows = []
        if video := arguments.text("videoId"):
            rows = [row for row in rows if row.video.id == video]
        shown, about = page(rows, arguments, by_id=chosen == "id")
        return listing("playlistItem", [self._resource(row, asked) for row in shown], about)

    async def update(self, asked: MethodCall) -> Content:
        """Move an item of one of the caller's playlists, and replace its note."""
        body = await asked.body()
        row = self._own_row(asked, str(body.get("id", "")))
        if _named(body) != (row.playlist.id, row.video.id):
            raise errors.bad_request(
                "invalidSnippet", "The request provides an invalid snippet.", domain=_DOMAIN
            )
        items, position, note = row.playlist.items, row.position, row.item.note
        if "snippet" in asked.parts:
            position = _position_of(body, position, most=len(items) - 1)
        if "contentDetails" in asked.parts:
            note = _note_of(body)
        items.remove(row.item)
        items.insert(position, row.item)
        row.item.note = note
        return self._resource(_Row(row.playlist, position, row.item, row.video), asked)

    async def delete(self, asked: MethodCall) -> Content:
        """Take an item out of one of the caller's playlists."""
        row = self._own_row(asked, asked.arguments.text("id") or "")
        row.playlist.items.remove(row.item)
        return None

    def _listed(self, playlist_id: str, caller: Caller) -> list[_Row]:
        service = self._service
        if uploads := playlists.uploads_playlist(service, playlist_id):
            return self._uploads(uploads, caller)
        playlist = service.library.playlists.get(playlist_id)
        if playlist is None:
            raise playlists.not_found("playlistId")
        if playlist.privacy == "private" and not caller.owns(playlist.owner):
            raise _not_accessible()
        return [row for row in self._rows(playlist) if self._sees(caller, row, "unlisted")]

    def _uploads(self, uploads: Playlist, caller: Caller) -> list[_Row]:
        until = self._service.clock.now() - self._service.switches.listing_lag_seconds
        rows = [
            _Row(uploads, 0, PlaylistItem(f"UU{video.id}", video.id, video.uploaded_at), video)
            for video in self._service.library.uploads_of(uploads.owner)
            if video.uploaded_at <= until
        ]
        seen = [row for row in rows if self._sees(caller, row)]
        return [_Row(uploads, n, row.item, row.video) for n, row in enumerate(seen)]

    def _rows(self, playlist: Playlist) -> list[_Row]:
        videos = self._service.library.videos
        return [
            _Row(playlist, position, item, videos[item.video])
            for position, item in enumerate(playlist.items)
            if item.video in videos
        ]

    def _all_rows(self, caller: Caller) -> list[_Row]:
        library, channels = self._service.library, self._service.directory.channels
        kept = [row for playlist in library.playlists.values() for row in self._rows(playlist)]
        derived = [
            playlists.uploads_playlist(self._service, channel.uploads_playlist)
            for channel in channels.values()
        ]
        return kept + [row for each in derived if each for row in self._uploads(each, caller)]

    def _row(self, item_id: str, caller: Caller) -> _Row | None:
        for row in self._all_rows(caller):
            hidden = row.playlist.privacy == "private" and not caller.owns(row.playlist.owner)
            if row.item.id == item_id and not hidden and self._sees(caller, row, "unlisted"):
                return row
        return None

    def _sees(self, caller: Caller, row: _Row, *also: str) -> bool:
        shown = ("public", *also)
        return caller.owns(row.video.owner) or (
            privacy(row.video, self._service.clock.now()) in shown
        )

    def _own(self, caller: Caller, playlist_id: str) -> Playlist:
        if playlists.uploads_playlist(self._service, playlist_id):
            raise playlists.unsupported(_DOMAIN)
        playlist = self._service.library.playlists.get(playlist_id)
        if playlist is None:
            raise playlists.not_found("playlistId")
        if not caller.owns(playlist.owner):
            raise _not_accessible()
        return playlist

    def _own_row(self, asked: MethodCall, item_id: str) -> _Row:
        rows = self._all_rows(asked.caller)
        row = next((row for row in rows if row.item.id == item_id), None)
        if row is None or asked.call.suffers("not_found_yet"):
            raise errors.not_found(
                "playlistItem",
                "The playlist item identified with the request's id parameter cannot be found.",
                "id",
            )
        self._own(asked.caller, row.playlist.id)
        return row

    def _resource(self, row: _Row, asked: MethodCall) -> dict[str, Any]:
        playlist, item, video = row.playlist, row.item, row.video
        details = {"videoId": video.id, "videoPublishedAt": timestamp(video.uploaded_at)}
        known: dict[str, dict[str, Any]] = {
            "snippet": {
                "publishedAt": timestamp(item.added_at),
                "channelId": playlist.owner,
                "title": video.snippet["title"],
                "description": video.snippet.get("description", ""),
                "thumbnails": thumbnails(asked.origin, video.id),
                "channelTitle": channel_title(self._service, playlist.owner),
                "playlistId": playlist.id,
                "position": row.position,
                "resourceId": {"kind": "youtube#video", "videoId": video.id},
                "videoOwnerChannelTitle": channel_title(self._service, video.owner),
                "videoOwnerChannelId": video.owner,
            },
            "contentDetails": details | ({"note": item.note} if item.note else {}),
            "status": {"privacyStatus": privacy(video, self._service.clock.now())},
        }
        return resource("playlistItem", item.id, asked.parts, known)


def _named(body: dict[str, Any]) -> tuple[str, str]:
    """Return the playlist and the video that a body names, or refuse one that does not."""
    snippet = body.get("snippet")
    resource_id = snippet.get("resourceId") if isinstance(snippet, dict) else None
    if not isinstance(snippet, dict) or not snippet.get("playlistId"):
        raise errors.bad_request(
            "playlistIdRequired", "The request does not specify a playlist.", domain=_DOMAIN
        )
    if not isinstance(resource_id, dict) or not resource_id.get("videoId"):
        raise errors.bad_request(
            "resourceIdRequired", "The request must contain a resource.", domain=_DOMAIN
        )
    return str(snippet["playlistId"]), str(resource_id["videoId"])


def _position_of(body: dict[str, Any], default: int, *, most: int | None = None) -> int:
    position = body["snippet"].get("position", default)
    last = default if most is None else most
    if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position <= last:
        raise errors.bad_request("invalidPlaylistItemPosition", "Invalid position.", domain=_DOMAIN)
    return position


def _note_of(body: dict[str, Any]) -> str:
    details = body.get("contentDetails", {})
    note = details.get("note", "") if isinstance(details, dict) else None
    if not isinstance(note, str) or len(note) > _MOST_NOTE:
        raise errors.bad_request(
            "invalidContentDetails",
            "The contentDetails property in the request is not valid.",
            domain=_DOMAIN,
        )
    return note


def _not_accessible() -> GoogleError:
    return bad_requests.forbidden(
        "The request is not properly authorized to retrieve the specified playlist.",
        _DOMAIN,
        "playlistItemsNotAccessible",
    )
