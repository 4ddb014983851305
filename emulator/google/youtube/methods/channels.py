"""`channels.list`."""

from typing import Any

from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.accounts import Channel
from emulator.google.api import bad_requests
from emulator.google.api.calls import Content, MethodCall
from emulator.google.api.paging import page
from emulator.google.youtube.methods.resources import listing, resource, thumbnails
from emulator.google.youtube.service import Service

_FILTERS = ("id", "mine", "forHandle", "forUsername", "managedByMe")


class Channels:
    """The channels there are; `mine` is the one channel the token stands for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def find(self, asked: MethodCall) -> Content:
        """Answer the channels of exactly one filter.

        Where there is none the answer has no `items` at all, as captured answers show.
        """
        arguments = asked.arguments
        if sum(name in arguments.given for name in _FILTERS) > 1:
            raise errors.bad_request(
                "invalidCriteria",
                "A maximum of 1 of the following filters may be specified at the same time: "
                + ", ".join(_FILTERS),
                domain="youtube.channel",
            )
        chosen = arguments.filter(_FILTERS)
        rows, about = page(self._chosen(asked, chosen), arguments, by_id=chosen == "id")
        answer = listing(
            "channel", [self._resource(each, asked.parts, asked.origin) for each in rows], about
        )
        if not rows:
            del answer["items"]
        return answer

    def _chosen(self, asked: MethodCall, chosen: str) -> list[Channel]:
        channels = self._service.directory.channels
        if chosen == "mine":
            asked.caller.signed_in("mine")
            return [asked.caller.channel] if asked.caller.channel else []
        if chosen == "managedByMe":
            asked.caller.signed_in("managedByMe")
            raise bad_requests.forbidden(
                "Access forbidden. The request may not be properly authorized.", "youtube.common"
            )
        if chosen == "id":
            return [channels[each] for each in asked.arguments.all("id") if each in channels]
        # A user name from before handles is taken for a handle without its sign.
        wanted = "@" + (asked.arguments.text(chosen) or "").removeprefix("@").lower()
        return [channel for channel in channels.values() if handle_of(channel) == wanted]

    def _resource(self, channel: Channel, parts: list[str], origin: str) -> dict[str, Any]:
        videos = self._service.library.uploads_of(channel.id)
        known: dict[str, dict[str, Any]] = {
            "snippet": {
                "title": channel.title,
                "description": channel.description,
                "customUrl": handle_of(channel),
                "publishedAt": timestamp(channel.published_at),
                "thumbnails": thumbnails(origin, channel.id),
                "localized": {"title": channel.title, "description": channel.description},
            },
            "contentDetails": {
                "relatedPlaylists": {"likes": "", "uploads": channel.uploads_playlist}
            },
            "statistics": {
                "viewCount": "0",
                "subscriberCount": str(channel.subscribers),
                "hiddenSubscriberCount": False,
                "videoCount": str(len(videos)),
            },
            "status": {
                "privacyStatus": "public",
                "isLinked": True,
                "longUploadsStatus": "allowed",
                "madeForKids": False,
            },
            "brandingSettings": {"channel": {"title": channel.title}},
        }
        return resource("channel", channel.id, parts, known)


def handle_of(channel: Channel) -> str:
    """Return a channel's handle: the letters and digits of its title."""
    return "@" + "".join(filter(str.isalnum, channel.title.lower()))
