"""The installation under attack: what there is of it, and what valid requests look like."""

import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz.canaries import Canaries
from fuzz.origin import HostileOrigin
from testkit.clips import CLIP, ENDLESS, SWOLLEN, UPRIGHT
from testkit.pictures import SRT, VTT, jpeg, png

CLIPS = (CLIP.read_bytes(), UPRIGHT.read_bytes())
HOSTILE = (ENDLESS.read_bytes(), SWOLLEN.read_bytes())
PICTURES = (png(), png(1280, 720, padding=500), jpeg(), jpeg(exif=b"Exif\0\0" + bytes(60)))
CAPTIONS = (SRT, VTT)
Request = tuple[str, str, Any]
"""Method, path and body."""


@dataclass(frozen=True)
class Target:
    """One workspace of it is the attacker's; what is another's stays out of reach."""

    api: str
    key: str
    operator_key: str
    media: Path
    """The attacker's media root. It holds `clip.mp4`, `picture.png` and `captions.srt`."""
    connections: Sequence[str]
    """One of YouTube's and one of Facebook's."""
    known: Mapping[str, str]
    """Ids of what the attacker has beside: `connection`, `video`, `assignment`, `endpoint` and
    `organization`. They may be changed or deleted."""
    canaries: Canaries
    """In another workspace's media root."""
    forbidden: Sequence[str]
    """Paths of files that the attacker may never have read."""
    foreign_upload: str
    """The id of another workspace's upload."""
    origin: HostileOrigin

    @contextmanager
    def written(self, data: bytes, ending: str) -> Iterator[Path]:
        """A file in the media root for as long as the block lasts."""
        path = self.media / f"{secrets.token_hex(8)}{ending}"
        path.write_bytes(data)
        try:
            yield path
        finally:
            path.unlink()

    @contextmanager
    def linked(self, place: str) -> Iterator[Path]:
        """A symlink in the media root that leads out of it."""
        path = self.media / f"{secrets.token_hex(8)}.mp4"
        path.symlink_to(place)
        try:
            yield path
        finally:
            path.unlink()

    def assignment(self, rng: random.Random, **fields: Any) -> dict[str, Any]:
        """A valid request to publish, mostly far in the future, with some fields replaced."""
        moment = rng.choice((None, *("2099-01-01T00:00:00Z",) * 4))
        return {
            "connectionId": rng.choice(self.connections),
            "mediaUrl": (self.media / "clip.mp4").as_uri(),
            "payload": {"title": "A clip", "privacy": "private"},
            "scheduledAt": moment,
            **fields,
        }

    def bodies(self, rng: random.Random) -> Sequence[Request]:
        """Valid requests, one for each that takes a body."""
        clip = (self.media / "clip.mp4").as_uri()
        redirect = f"{self.api}/api/v1/oauth/done"
        assignment, endpoint = self.known["assignment"], self.known["endpoint"]
        picture, captions = (self.media / name for name in ("picture.png", "captions.srt"))
        track = {"url": captions.as_uri(), "language": "en", "name": "A"}
        extras = {"title": "A", "thumbnailUrl": picture.as_uri(), "captions": [track]}
        youtube = self.connections[0]
        return (
            ("POST", "/api/v1/assignments", self.assignment(rng)),
            (
                "POST",
                "/api/v1/assignments",
                self.assignment(rng, connectionId=youtube, payload=extras),
            ),
            ("PATCH", f"/api/v1/assignments/{assignment}", {"payload": {"title": "B"}}),
            ("POST", f"/api/v1/assignments/{assignment}/retry", {"force": True, "reason": "A"}),
            ("POST", "/api/v1/videos", {"sourceUrl": clip, "title": "A", "description": "B"}),
            ("POST", "/api/v1/organizations", {"name": "A"}),
            ("PATCH", f"/api/v1/connections/{self.known['connection']}", {"externalId": "a"}),
            ("POST", "/api/v1/oauth/tickets", {"platform": "youtube", "redirectUrl": redirect}),
            (
                "POST",
                "/api/v1/webhooks/endpoints",
                {"url": redirect, "eventTypes": ["connection.*"]},
            ),
            ("PATCH", f"/api/v1/webhooks/endpoints/{endpoint}", {"description": "A"}),
            ("POST", "/api/video-jobs/", {"source_url": clip, "title": "A"}),
            ("POST", "/api/youtube/auth/initiate/", {"redirect_url": redirect}),
            ("POST", "/api/youtube/upload/", {"job_id": 1, "title": "A", "tags": ["a"]}),
            ("POST", "/codec/decode", {"payloads": [{"metadata": {"encoding": "QQ=="}}]}),
        )

    def places(self) -> Sequence[str]:
        """Paths that are read by GET."""
        lists = ("assignments", "connections", "organizations", "videos", "videos/files", "events")
        kept = {"assignments": "assignment", "videos": "video", "organizations": "organization"}
        return (
            *(f"/api/v1/{name}" for name in lists),
            *(f"/api/v1/{name}/{self.known[kind]}" for name, kind in kept.items()),
            f"/api/v1/assignments/{self.known['assignment']}/timeline",
            f"/api/v1/connections/{self.known['connection']}",
            *("/api/v1/webhooks/endpoints", "/api/v1/webhooks/deliveries"),
            *("/api/v1/platforms/youtube/capabilities", "/api/youtube/uploads/", "/codec"),
            *(f"/api/v1/oauth/{name}/authorize" for name in ("youtube", "facebook", "x")),
            *(f"/api/v1/oauth/{name}/callback" for name in ("youtube", "facebook", "x")),
            *("/api/youtube/auth/callback/", "/api/v1/oauth/reauth/x", "/docs", "/openapi.json"),
            *("/api/youtube/uploads/1/status/", "/api/video-jobs/1/", "/metrics", "/"),
        )
