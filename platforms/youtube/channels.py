"""The channels behind a credential, and whether its scopes suffice.

A token stands for exactly one channel, the one picked on the consent page, so `mine`
finds one or none. None is an answer without `items` and no error (facts: YouTube
section 4), or the 401 `youtubeSignupRequired`; both say that nothing goes with this
credential before a person has acted.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.errors import ReauthorizationNeeded
from platforms.protocol import Account, Channel, Credential
from platforms.youtube.api import Api
from platforms.youtube.reasons import NO_CHANNEL

_AUTH = "https://www.googleapis.com/auth/"
UPLOAD = _AUTH + "youtube.upload"
READ = _AUTH + "youtube.readonly"
MANAGE = _AUTH + "youtube.force-ssl"
_WHOLE = frozenset({_AUTH + "youtube", MANAGE, _AUTH + "youtubepartner"})
_SUFFICIENT = {
    UPLOAD: frozenset({UPLOAD}) | _WHOLE,
    READ: frozenset({READ}) | _WHOLE,
    MANAGE: frozenset({MANAGE, _AUTH + "youtubepartner"}),
}
"""Scope we ask for → the scopes that allow as much (the discovery document's lists)."""


def missing_scopes(granted: Sequence[str], *needed: str) -> tuple[str, ...]:
    """What is needed and was not granted, neither itself nor within a wider scope. Pure."""
    return tuple(scope for scope in needed if not _SUFFICIENT[scope].intersection(granted))


def require_scopes(credential: Credential, *needed: str) -> None:
    """Raise `ReauthorizationNeeded` (code `scope_missing`) unless all of it was granted. Pure."""
    if missing := missing_scopes(credential.scopes, *needed):
        names = ", ".join(scope.removeprefix(_AUTH) for scope in missing)
        raise ReauthorizationNeeded(
            "scope_missing",
            f"The consent did not include {names}: connect again and leave its box ticked.",
        )


def get_account(api: Api, credential: Credential) -> Account:
    """The channel that the credential stands for. One call.

    Raises `ReauthorizationNeeded` (code `no_channel`).
    """
    item = _get_mine(api, credential, "snippet")
    snippet = item["snippet"]
    return Account(
        id=item["id"],
        name=snippet["title"],
        handle=snippet.get("customUrl"),
        thumbnail_url=_thumbnail(snippet),
        credential=credential,
    )


def get_channel(api: Api, credential: Credential) -> Channel:
    """What the channel looks like now. One call, which raises as `get_account`."""
    item = _get_mine(api, credential, "snippet,statistics")
    snippet, statistics = item["snippet"], item.get("statistics", {})
    followers = statistics.get("subscriberCount")
    return Channel(
        id=item["id"],
        title=snippet["title"],
        description=snippet.get("description", ""),
        follower_count=None
        if followers is None or statistics.get("hiddenSubscriberCount")
        else int(followers),
        thumbnail_url=_thumbnail(snippet),
    )


def get_uploads_playlist(api: Api, credential: Credential) -> str:
    """The id of the playlist of everything the channel uploaded. One call."""
    item = _get_mine(api, credential, "contentDetails")
    return str(item["contentDetails"]["relatedPlaylists"]["uploads"])


def _get_mine(api: Api, credential: Credential, part: str) -> dict[str, Any]:
    listing = api.call(credential, api.channels.list(part=part, mine=True))
    if not listing.get("items"):
        raise NO_CHANNEL.error(reason=None, now=datetime.now(UTC))
    return dict(listing["items"][0])


def _thumbnail(snippet: Mapping[str, Any]) -> str | None:
    thumbnails = snippet.get("thumbnails", {})
    for size in ("medium", "high", "default"):
        if size in thumbnails:
            return str(thumbnails[size]["url"])
    return None
