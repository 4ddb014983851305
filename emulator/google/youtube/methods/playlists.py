"""`playlistItems` and `playlists`: insert and list.

The uploads playlist of a channel is derived from its videos, newest first, and cannot be
added to.
"""

import base64
from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.errors import GoogleError, json_answer
from emulator.google.uploads.methods import metadata_of
from emulator.google.youtube import metadata
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import (
    Playlist,
    PlaylistItem,
    Video,
    new_item_id,
    new_playlist_id,
)
from emulator.google.youtube.methods.resources import etag, listing, privacy
from emulator.google.youtube.service import Service

_MOST_ITEMS = 5000


class Playlists:
    """The playlists there are."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def insert(self, call: Call) -> web.StreamResponse:
        """Make a playlist."""
        caller = self._service.access.caller(call, "playlists.insert")
        self._service.meter.charge("playlists.insert")
        channel = caller.own_channel()
        metadata.parts_of(call.request.query.get("part"))
        body = metadata_of(await call.request.text())
        title = body.get("snippet", {}).get("title")
        if not title:
            raise errors.bad_request(
                "playlistTitleRequired",
                "The request must specify a playlist title.",
                domain="youtube.playlist",
            )
        playlist = Playlist(
            id=new_playlist_id(),
            owner=channel.id,
            title=str(title),
            description=str(body["snippet"].get("description", "")),
            privacy=str(body.get("status", {}).get("privacyStatus", "public")),
            made_at=self._service.clock.now(),
        )
        self._service.library.playlists[playlist.id] = playlist
        return json_answer(_playlist(playlist))

    async def find(self, call: Call) -> web.StreamResponse:
        """Answer the caller's playlists, or those with the given ids."""
        caller = self._service.access.caller(call, "playlists.list")
        self._service.meter.charge("playlists.list")
        query = call.request.query
        metadata.parts_of(query.get("part"))
        ids = query.get("id", "").split(",")
        mine = caller.channel.id if caller.channel and query.get("mine") == "true" else None
        owner = mine or query.get("channelId")
        found = [
            p for p in self._service.library.playlists.values() if p.owner == owner or p.id in ids
        ]
        return json_answer(listing("playlistListResponse", [_playlist(p) for p in found]))

    async def insert_item(self, call: Call) -> web.StreamResponse:
        """Put a video into one of the caller's playlists, once."""
        service = self._service
        caller = service.access.caller(call, "playlistItems.insert")
        service.meter.charge("playlistItems.insert")
        metadata.parts_of(call.request.query.get("part"))
        snippet = metadata_of(await call.request.text()).get("snippet", {})
        video_id = snippet.get("resourceId", {}).get("videoId")
        if not snippet.get("playlistId"):
            raise errors.bad_request(
                "playlistIdRequired",
                "The request does not specify a playlist.",
                domain="youtube.playlistItem",
            )
        if not video_id:
            raise errors.bad_request(
                "resourceIdRequired",
                "The request must contain a resource.",
                domain="youtube.playlistItem",
            )
        playlist = service.library.playlists.get(snippet["playlistId"])
        if playlist is None:
            raise _playlist_not_found()
        if caller.channel is None or playlist.owner != caller.channel.id:
            raise GoogleError(
                403, "playlistItemsNotAccessible", "Forbidden", domain="youtube.playlistItem"
            )
        video = service.library.videos.get(video_id)
        if video is None or call.suffers("not_found_yet"):
            raise errors.video_not_found("body.snippet.resourceId.videoId")
        is_there = any(item.video == video.id for item in playlist.items)
        if call.suffers("already_exists") or (
            is_there and not service.switches.playlist_takes_twice
        ):
            raise errors.already_exists(
                "videoAlreadyInPlaylist", "Video already in playlist.", "youtube.playlistItem"
            )
        if len(playlist.items) >= _MOST_ITEMS:
            raise GoogleError(
                403,
                "playlistContainsMaximumNumberOfVideos",
                "Playlist contains maximum number of videos.",
                domain="youtube.playlistItem",
            )
        position = snippet.get("position", len(playlist.items))
        if not isinstance(position, int) or not 0 <= position <= len(playlist.items):
            raise errors.bad_request(
                "invalidPlaylistItemPosition", "Invalid position.", domain="youtube.playlistItem"
            )
        item = PlaylistItem(new_item_id(), video.id, service.clock.now())
        playlist.items.insert(position, item)
        return json_answer(_item(playlist.id, playlist.owner, position, item, video))

    async def list_items(self, call: Call) -> web.StreamResponse:
        """Answer a playlist page by page, as far as the caller may see the videos."""
        service, query = self._service, call.request.query
        caller = service.access.caller(call, "playlistItems.list")
        service.meter.charge("playlistItems.list")
        metadata.parts_of(",".join(query.getall("part", [])))
        playlist_id = query.get("playlistId", "")
        if not playlist_id:
            raise errors.bad_request(
                "missingRequiredParameter",
                "No filter selected. Expected one of: playlistId, id",
                location="parameters.",
            )
        owner, rows = self._rows(playlist_id, caller)
        if call.suffers("not_found_yet"):
            rows = []
        if "videoId" in query:
            rows = [(item, video) for item, video in rows if video.id == query["videoId"]]
        size = _number(query.get("maxResults", "5"), "maxResults", 0, 50)
        start = _read_page_token(query.get("pageToken"))
        items = [
            _item(playlist_id, owner, start + i, item, video)
            for i, (item, video) in enumerate(rows[start : start + size])
        ]
        answer = listing("playlistItemListResponse", items, total=len(rows), page=size)
        if start + size < len(rows):
            answer["nextPageToken"] = _page_token(start + size)
        if start:
            answer["prevPageToken"] = _page_token(max(0, start - size))
        return json_answer(answer)

    def _rows(
        self, playlist_id: str, caller: Caller
    ) -> tuple[str, list[tuple[PlaylistItem, Video]]]:
        library, now = self._service.library, self._service.clock.now()
        for channel in self._service.directory.channels.values():
            if channel.uploads_playlist == playlist_id:
                until = now - self._service.switches.listing_lag_seconds
                uploads = [v for v in library.uploads_of(channel.id) if v.uploaded_at <= until]
                rows = [(PlaylistItem(f"UU{v.id}", v.id, v.uploaded_at), v) for v in uploads]
                owner = channel.id
                break
        else:
            playlist = library.playlists.get(playlist_id)
            if playlist is None:
                raise _playlist_not_found()
            rows = [
                (i, library.videos[i.video]) for i in playlist.items if i.video in library.videos
            ]
            owner = playlist.owner
        mine = caller.channel.id if caller.channel else None
        return owner, [r for r in rows if r[1].owner == mine or privacy(r[1], now) == "public"]


def _playlist(playlist: Playlist) -> dict[str, Any]:
    return {
        "kind": "youtube#playlist",
        "etag": etag(playlist),
        "id": playlist.id,
        "snippet": {
            "publishedAt": timestamp(playlist.made_at),
            "channelId": playlist.owner,
            "title": playlist.title,
            "description": playlist.description,
        },
        "status": {"privacyStatus": playlist.privacy},
        "contentDetails": {"itemCount": len(playlist.items)},
    }


def _item(
    playlist_id: str, owner: str, position: int, item: PlaylistItem, video: Video
) -> dict[str, Any]:
    return {
        "kind": "youtube#playlistItem",
        "etag": etag(item),
        "id": item.id,
        "snippet": {
            "publishedAt": timestamp(item.added_at),
            "channelId": owner,
            "title": video.snippet["title"],
            "description": video.snippet.get("description", ""),
            "playlistId": playlist_id,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": video.id},
            "videoOwnerChannelId": video.owner,
        },
        "contentDetails": {"videoId": video.id, "videoPublishedAt": timestamp(video.uploaded_at)},
        "status": {"privacyStatus": video.status["privacyStatus"]},
    }


def _playlist_not_found() -> GoogleError:
    return errors.not_found(
        "playlist",
        "The playlist identified with the request's playlistId parameter cannot be found.",
        "playlistId",
    )


def _page_token(start: int) -> str:
    return base64.urlsafe_b64encode(f"page:{start}".encode()).decode().rstrip("=")


def _read_page_token(token: str | None) -> int:
    if not token:
        return 0
    try:
        word, _, start = base64.urlsafe_b64decode(token + "==").decode().partition(":")
        if word == "page":
            return int(start)
    except ValueError:
        pass
    raise errors.bad_request(
        "invalidPageToken", "The request specifies an invalid page token.", location="pageToken"
    )


def _number(text: str, name: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise errors.bad_request("invalidParameter", f"Invalid value '{text}'.", location=name)
    return int(text)
