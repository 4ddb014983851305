"""The platforms' own checks of a payload, in process: our request, parsed by the emulator.

The request is made as the adapter makes it, goes through JSON or a form as on the wire, and is
judged by the functions that the emulator's methods call. Nothing of either side is replaced.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl

from domain.secrets import Secret
from emulator.google.errors import GoogleError
from emulator.google.youtube import metadata as youtube
from emulator.meta.graph.errors import GraphError
from emulator.meta.graph.params import Params
from emulator.meta.publishing import metadata as meta
from emulator.meta.publishing.library import Intent
from emulator.meta.publishing.schedule import reel_plan, video_plan
from platforms.facebook.graph import Graph, MetaApp
from platforms.facebook.limits import check as check_facebook
from platforms.facebook.publishing.routes import ChunkedRoute, ReelRoute, Route
from platforms.facebook.publishing.session import ReelSession, VideoSession
from platforms.facebook.usage import Usage
from platforms.http import Http
from platforms.protocol import Publication
from platforms.youtube.limits import check as check_youtube
from platforms.youtube.publishing.extras import track_resource
from platforms.youtube.publishing.session import video_resource

Payload = Mapping[str, Any]


class Refused(Exception):
    """The platform refuses the payload; `fields` are those that may be meant."""

    def __init__(self, fields: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = fields


class Judge(Protocol):
    def faults(self, payload: Payload, at: datetime) -> Mapping[str, list[str]]:
        """What the product says."""

    def take(self, payload: Payload, at: datetime) -> str:
        """The privacy that the platform gives the video. Raises `Refused`."""


class YouTubeJudge:
    def faults(self, payload: Payload, at: datetime) -> Mapping[str, list[str]]:
        return check_youtube("video", payload, at)

    def take(self, payload: Payload, at: datetime) -> str:
        body = json.loads(json.dumps(video_resource(payload, at)))
        tracks = [track_resource("v", track) for track in payload.get("captions", ())]
        try:
            youtube.check_body_parts(body, list(body))
            snippet = youtube.snippet_of(body)
            status = youtube.status_of(body, at.timestamp())
            youtube.localizations_of(body, snippet)
            youtube.recording_of(body)
        except GoogleError as error:
            raise Refused(_youtube_fields(error)) from None
        try:
            for track in tracks:
                youtube.track_of(json.loads(json.dumps(track)))
        except GoogleError:
            raise Refused(frozenset({"captions"})) from None
        return "private" if "publishAt" in status else str(status["privacyStatus"])


class FacebookJudge:
    def __init__(self, type: str) -> None:
        self._type = type
        app = MetaApp("1", Secret("s"), "http://127.0.0.1:9", "http://127.0.0.1:9", "v26.0")
        self._graph = Graph(app, Http("Meta"), Usage())

    def faults(self, payload: Payload, at: datetime) -> Mapping[str, list[str]]:
        return check_facebook(self._type, payload, at)

    def take(self, payload: Payload, at: datetime) -> str:
        body = self._route(payload).finish(Secret("token")).head.decode()
        params = Params(dict(parse_qsl(body, keep_blank_values=True)))
        try:
            plan = (video_plan if self._type == "video" else reel_plan)(params, at.timestamp())
            meta.title_of(params)
            meta.details_of(params)
        except GraphError as error:
            raise Refused(_facebook_fields(error)) from None
        return "public" if plan.intent is Intent.PUBLISHED else "private"

    def _route(self, payload: Payload) -> Route:
        wanted = Publication("7", "m.mp4", self._type, payload, 5000, "video/mp4", "m.mp4")
        if self._type == "reel":
            return ReelRoute(self._graph, ReelSession("7", "42", "http://127.0.0.1:9"), wanted)
        return ChunkedRoute(self._graph, VideoSession("7", "42", "99", 0, 1), wanted, 1 << 20)


_YOUTUBE = {
    "defaultLanguage": "language",
    "privacyStatus": "privacy",
    "selfDeclaredMadeForKids": "madeForKids",
}
_FACEBOOK = {
    "content_tags": "contentTags",
    "feed_targeting": "feedTargeting",
    "is_ai_generated": "isAiGenerated",
    "scheduled_publish_time": "publishAt",
}


def _youtube_fields(error: GoogleError) -> frozenset[str]:
    entry = error.body["errors"][0]
    if entry["reason"] == "invalidVideoMetadata":
        return frozenset({"language", "privacy", "license"})
    named = re.search(r"'status\.(\w+)'", entry["message"])
    name = named[1] if named else str(entry["location"]).rpartition(".")[2]
    return frozenset({_YOUTUBE.get(name, name)})


def _facebook_fields(error: GraphError) -> frozenset[str]:
    named = re.search(r"Param (\w+)", error.message)
    name = named[1] if named else "scheduled_publish_time"
    return frozenset({_FACEBOOK.get(name, name)})
