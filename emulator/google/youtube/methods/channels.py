"""`channels.list`."""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.clock import timestamp
from emulator.google import errors
from emulator.google.accounts import Channel
from emulator.google.errors import json_answer
from emulator.google.youtube import metadata
from emulator.google.youtube.methods.resources import etag, listing, thumbnails
from emulator.google.youtube.service import Service

_FILTERS = ("id", "mine", "forHandle", "forUsername", "managedByMe", "categoryId")


class Channels:
    """The channels there are; `mine` is the one channel the token stands for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def find(self, call: Call) -> web.StreamResponse:
        """Answer the channels of exactly one filter.

        Where there is none the answer has no `items` at all, as captured answers show.
        """
        service, query = self._service, call.request.query
        caller = service.access.caller(call, "channels.list")
        service.meter.charge("channels.list")
        parts = metadata.parts_of(",".join(query.getall("part", [])))
        filters = [name for name in _FILTERS if name in query]
        if not filters:
            raise errors.bad_request(
                "missingRequiredParameter",
                "No filter selected. Expected one of: " + ", ".join(_FILTERS),
                location="parameters.",
            )
        if len(filters) > 1:
            raise errors.bad_request(
                "invalidCriteria",
                "A maximum of 1 of the following filters may be specified at the same time: "
                + ", ".join(filters),
                domain="youtube.channel",
            )
        found: list[Channel] = []
        if filters == ["mine"] and query["mine"] == "true" and caller.channel:
            found = [caller.channel]
        elif filters == ["id"]:
            ids = dict.fromkeys(",".join(query.getall("id")).split(","))
            found = [c for i in ids if (c := service.directory.channels.get(i))]
        items = [self._resource(channel, parts, call.origin) for channel in found]
        answer = listing("channelListResponse", items)
        if not items:
            del answer["items"]
        return json_answer(answer)

    def _resource(self, channel: Channel, parts: list[str], origin: str) -> dict[str, Any]:
        videos = self._service.library.uploads_of(channel.id)
        known: dict[str, dict[str, Any]] = {
            "snippet": {
                "title": channel.title,
                "description": channel.description,
                "customUrl": "@" + "".join(filter(str.isalnum, channel.title.lower())),
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
        resource: dict[str, Any] = {
            "kind": "youtube#channel",
            "etag": etag(channel),
            "id": channel.id,
        }
        for part in parts:
            if part != "id" and part not in known:
                raise errors.bad_request("unknownPart", f"'{part}'", location="part")
            resource |= {part: known[part]} if part in known else {}
        return resource
