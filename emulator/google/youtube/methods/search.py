"""`search.list`: what the world has, found by words, channel and time.

Words are looked for in title, description and tags; all must be there, `-word` must not, and of
`one|other` one is enough. Nothing is known of views, so the newest come first in every order but
that of titles.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.api.arguments import Arguments
from emulator.google.api.calls import Content, MethodCall
from emulator.google.api.paging import page
from emulator.google.youtube.library import Video
from emulator.google.youtube.methods.resources import (
    channel_title,
    etag,
    listing,
    privacy,
    thumbnails,
)
from emulator.google.youtube.service import Service

_SCOPES = ("forContentOwner", "forDeveloper", "forMine")
_KINDS = ("video", "channel", "playlist")

_VIDEO_FILTERS: Mapping[str, Callable[[Video, str], bool]] = {
    "videoCategoryId": lambda video, value: video.snippet["categoryId"] == value,
    "videoCaption": lambda video, value: (
        value == "any" or bool(video.captions) == (value == "closedCaption")
    ),
    # Every video is taken for ten seconds of flat HD: `resources` says so too.
    "videoDefinition": lambda _, value: value in ("any", "high"),
    "videoDimension": lambda _, value: value in ("any", "2d"),
    "videoDuration": lambda _, value: value in ("any", "short"),
    "videoEmbeddable": lambda video, value: value == "any" or bool(video.status["embeddable"]),
    "videoLicense": lambda video, value: value in ("any", video.status["license"]),
    "videoSyndicated": lambda _, value: value in ("any", "true"),
}


@dataclass(frozen=True, slots=True)
class _Found:
    """A thing that may be found."""

    kind: str
    id: str
    channel: str
    made_at: float
    title: str
    description: str
    words: str = ""


class Search:
    """Looks through videos, channels and playlists."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def find(self, asked: MethodCall) -> Content:
        """Answer what fits, page by page."""
        arguments = asked.arguments
        kinds = arguments.all("type") or list(_KINDS)
        self._check(asked, kinds)
        after, before = _moment(arguments, "publishedAfter"), _moment(arguments, "publishedBefore")
        channel, words = arguments.text("channelId"), (arguments.text("q") or "").lower().split()
        found = [
            each
            for each in self._all(asked, kinds)
            if channel in (None, each.channel)
            and (after is None or each.made_at >= after)
            and (before is None or each.made_at < before)
            and all(_has(each, word) for word in words)
        ]
        found.sort(key=lambda each: each.made_at, reverse=True)
        if arguments.text("order") == "title":
            found.sort(key=lambda each: each.title.lower())
        rows, about = page(found, arguments)
        about["regionCode"] = arguments.text("regionCode") or "US"
        return listing("search", [self._resource(row, asked) for row in rows], about)

    def _check(self, asked: MethodCall, kinds: list[str]) -> None:
        given = asked.arguments.given
        scopes = [name for name in _SCOPES if name in given]
        if len(scopes) > 1:
            raise bad_requests.incompatible(scopes)
        for name in scopes:
            if asked.arguments.flag(name):
                asked.caller.signed_in(name)
        if asked.arguments.flag("forContentOwner"):
            raise bad_requests.delegation_forbidden()
        for kind in kinds:
            if kind not in _KINDS:
                raise bad_requests.invalid_parameter("type", f"Invalid string value: '{kind}'.")
        if kinds != ["video"] and (
            asked.arguments.flag("forMine") or given.keys() & _VIDEO_FILTERS
        ):
            raise errors.bad_request(
                "invalidSearchFilter",
                "The request contains an invalid combination of search filters and/or "
                "restrictions. Note that you must set the type parameter to video.",
                domain="youtube.search",
            )

    def _all(self, asked: MethodCall, kinds: list[str]) -> Iterator[_Found]:
        if "video" in kinds:
            for video in self._videos(asked):
                snippet = video.snippet
                words = " ".join(snippet.get("tags", ()))
                title, description = snippet["title"], snippet.get("description", "")
                yield _Found(
                    "video", video.id, video.owner, video.uploaded_at, title, description, words
                )
        if "channel" in kinds:
            for each in self._service.directory.channels.values():
                yield _Found(
                    "channel", each.id, each.id, each.published_at, each.title, each.description
                )
        if "playlist" in kinds:
            for list_ in self._service.library.playlists.values():
                if list_.privacy == "public":
                    about = (list_.title, list_.description)
                    yield _Found("playlist", list_.id, list_.owner, list_.made_at, *about)

    def _videos(self, asked: MethodCall) -> Iterator[Video]:
        now, given = self._service.clock.now(), asked.arguments.given
        until = now - self._service.switches.listing_lag_seconds
        mine = asked.arguments.flag("forMine")
        for video in self._service.library.videos.values():
            shown = asked.caller.owns(video.owner) if mine else privacy(video, now) == "public"
            fits = all(
                passes(video, given[name][0])
                for name, passes in _VIDEO_FILTERS.items()
                if name in given
            )
            if shown and fits and video.uploaded_at <= until:
                yield video

    def _resource(self, found: _Found, asked: MethodCall) -> dict[str, Any]:
        content: dict[str, Any] = {
            "id": {"kind": f"youtube#{found.kind}", f"{found.kind}Id": found.id}
        }
        if "snippet" in asked.parts:
            content["snippet"] = {
                "publishedAt": timestamp(found.made_at),
                "channelId": found.channel,
                "title": found.title,
                "description": found.description,
                "thumbnails": thumbnails(asked.origin, found.id),
                "channelTitle": channel_title(self._service, found.channel),
                "liveBroadcastContent": "none",
            }
        return {"kind": "youtube#searchResult", "etag": etag(content), **content}


def _has(found: _Found, word: str) -> bool:
    text = f"{found.title} {found.description} {found.words}".lower()
    if word.startswith("-"):
        return word[1:] not in text
    return any(each in text for each in word.split("|"))


def _moment(arguments: Arguments, name: str) -> float | None:
    text = arguments.text(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_requests.invalid_parameter(name, f"Invalid value '{text}'.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
