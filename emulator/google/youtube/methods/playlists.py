"""`playlists`: insert, list, update, delete.

The uploads playlist of a channel is derived from its videos; it can be read by its id and not
be changed.
"""

from typing import Any

from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.api.calls import Content, MethodCall
from emulator.google.api.paging import page
from emulator.google.errors import GoogleError
from emulator.google.youtube import metadata
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Playlist, new_playlist_id
from emulator.google.youtube.methods.resources import channel_title, listing, resource, thumbnails
from emulator.google.youtube.service import Service

_DOMAIN = "youtube.playlist"
_MOST_TITLE = 150
_MOST_DESCRIPTION = 5000
_PRIVACIES = ("public", "unlisted", "private")


class Playlists:
    """The playlists there are, as far as the caller may see them."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def insert(self, asked: MethodCall) -> Content:
        """Make a playlist."""
        channel, body = asked.caller.own_channel(), await asked.body()
        metadata.check_body_parts(body, asked.parts)
        playlist = Playlist(
            id=new_playlist_id(),
            owner=channel.id,
            made_at=self._service.clock.now(),
            **_snippet_of(body),
            **_status_of(body),
        )
        playlist.localizations = _localizations_of(body, playlist.language)
        self._service.library.playlists[playlist.id] = playlist
        return self._resource(playlist, asked)

    async def find(self, asked: MethodCall) -> Content:
        """Answer the caller's playlists, a channel's, or those with the given ids."""
        arguments, library = asked.arguments, self._service.library
        chosen = arguments.filter(("channelId", "id", "mine"))
        if chosen == "id":
            found = [self._known(each) for each in arguments.all("id")]
            seen = [p for p in found if p and self._sees(asked.caller, p)]
        else:
            owner = self._owner(asked, chosen)
            seen = [
                playlist
                for playlist in reversed(library.playlists.values())
                if playlist.owner == owner
                and (playlist.privacy == "public" or asked.caller.owns(owner))
            ]
        rows, about = page(seen, arguments, by_id=chosen == "id")
        return listing("playlist", [self._resource(each, asked) for each in rows], about)

    async def update(self, asked: MethodCall) -> Content:
        """Replace the parts named, as a whole; all of them, or none where one will not do."""
        body, parts = await asked.body(), asked.parts
        playlist = self._own(asked.caller, str(body.get("id", "")))
        metadata.check_body_parts(body, parts)
        new = _snippet_of(body) if "snippet" in parts else {}
        if "status" in parts:
            new |= _status_of(body)
        if "localizations" in parts:
            new["localizations"] = _localizations_of(body, new.get("language", playlist.language))
        for name, content in new.items():
            setattr(playlist, name, content)
        return self._resource(playlist, asked)

    async def delete(self, asked: MethodCall) -> Content:
        """Remove a playlist of the caller's; its videos stay."""
        playlist = self._own(asked.caller, asked.arguments.text("id") or "")
        del self._service.library.playlists[playlist.id]
        return None

    def _owner(self, asked: MethodCall, chosen: str) -> str:
        if chosen == "mine":
            asked.caller.signed_in("mine")
            owner = asked.caller.channel.id if asked.caller.channel else ""
        else:
            owner = asked.arguments.text("channelId") or ""
        if owner not in self._service.directory.channels:
            raise errors.not_found("channel", "Channel not found.", chosen)
        return owner

    def _sees(self, caller: Caller, playlist: Playlist) -> bool:
        return playlist.privacy != "private" or caller.owns(playlist.owner)

    def _known(self, playlist_id: str) -> Playlist | None:
        return self._service.library.playlists.get(playlist_id) or uploads_playlist(
            self._service, playlist_id
        )

    def _own(self, caller: Caller, playlist_id: str) -> Playlist:
        if uploads_playlist(self._service, playlist_id):
            raise unsupported(_DOMAIN)
        playlist = self._service.library.playlists.get(playlist_id)
        if playlist is None:
            raise not_found("id")
        if not caller.owns(playlist.owner):
            raise bad_requests.forbidden("Forbidden", _DOMAIN, "playlistForbidden")
        return playlist

    def _resource(self, playlist: Playlist, asked: MethodCall) -> dict[str, Any]:
        in_language = playlist.localizations.get(_language(asked), {})
        localized = {"title": playlist.title, "description": playlist.description, **in_language}
        snippet = {
            "publishedAt": timestamp(playlist.made_at),
            "channelId": playlist.owner,
            "title": playlist.title,
            "description": playlist.description,
            "thumbnails": thumbnails(asked.origin, playlist.id),
            "channelTitle": channel_title(self._service, playlist.owner),
            "localized": localized,
        }
        if playlist.language:
            snippet["defaultLanguage"] = playlist.language
        status = {"privacyStatus": playlist.privacy}
        if playlist.podcast:
            status["podcastStatus"] = playlist.podcast
        address = f"//www.youtube.com/embed/videoseries?list={playlist.id}"
        known: dict[str, dict[str, Any]] = {
            "snippet": snippet,
            "status": status,
            "contentDetails": {"itemCount": len(playlist.items)},
            "player": {"embedHtml": f'<iframe src="{address}"></iframe>'},
            "localizations": playlist.localizations,
        }
        return resource("playlist", playlist.id, asked.parts, known)


def uploads_playlist(service: Service, playlist_id: str) -> Playlist | None:
    """Return the derived playlist of a channel's uploads, without its items' places."""
    for channel in service.directory.channels.values():
        if channel.uploads_playlist == playlist_id:
            return Playlist(
                id=playlist_id,
                owner=channel.id,
                title=f"Uploads from {channel.title}",
                privacy="public",
                made_at=channel.published_at,
            )
    return None


def not_found(location: str) -> GoogleError:
    """There is no such playlist."""
    return errors.not_found(
        "playlist",
        f"The playlist identified with the request's {location} parameter cannot be found.",
        location,
    )


def unsupported(domain: str) -> GoogleError:
    """The playlist of uploads follows the videos and cannot be changed."""
    return errors.bad_request(
        "playlistOperationUnsupported",
        "The API does not support the operation for the specified playlist.",
        domain=domain,
    )


def _language(asked: MethodCall) -> str:
    return asked.arguments.text("hl") or "" if "hl" in asked.arguments.method.parameters else ""


def _snippet_of(body: dict[str, Any]) -> dict[str, Any]:
    given = body.get("snippet", {})
    if not isinstance(given, dict) or not given.get("title"):
        raise errors.bad_request(
            "playlistTitleRequired",
            "The request must specify a playlist title.",
            domain=_DOMAIN,
        )
    title, description = given["title"], given.get("description", "")
    language = given.get("defaultLanguage")
    texts = (title, description, language or "")
    if (
        not all(isinstance(text, str) and not {"<", ">"} & set(text) for text in texts)
        or len(title) > _MOST_TITLE
        or len(description) > _MOST_DESCRIPTION
    ):
        raise errors.bad_request(
            "invalidPlaylistSnippet",
            "The request provides an invalid playlist snippet.",
            domain=_DOMAIN,
        )
    return {"title": title, "description": description, "language": language}


def _status_of(body: dict[str, Any]) -> dict[str, Any]:
    given = body.get("status", {})
    privacy = given.get("privacyStatus", "public") if isinstance(given, dict) else None
    podcast = given.get("podcastStatus") if isinstance(given, dict) else None
    if privacy not in _PRIVACIES or podcast not in (None, "enabled", "disabled"):
        raise errors.bad_request("badRequest", "Invalid value at 'resource.status'.")
    return {"privacy": privacy, "podcast": podcast}


def _localizations_of(body: dict[str, Any], language: str | None) -> dict[str, Any]:
    given = body.get("localizations", {})
    if not isinstance(given, dict):
        raise errors.bad_request("badRequest", "Invalid value at 'resource.localizations'.")
    if given and not language:
        raise errors.bad_request(
            "defaultLanguageNotSet",
            "The request is trying to add localized playlist details without specifying the "
            "default language of the playlist details.",
            domain=_DOMAIN,
        )
    return given
