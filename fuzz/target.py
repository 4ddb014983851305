"""The installation under attack: how it is asked, what it is given, and what it answered."""

import random
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from fuzz.origin import HostileOrigin
from fuzz.watching import Canary

SLOWEST_SECONDS = 15.0
"""No request takes longer, except one that waits for an origin."""
ORIGIN_SECONDS = 45.0
"""What a request may take that reads a video and its attachments from slow origins."""
_PASSES = frozenset({503, 507})


@dataclass
class Target:
    api: str
    http: httpx.AsyncClient
    """With the workspace's key."""
    connections: Sequence[str]
    media: Path
    """A folder that may be published from."""
    clips: Sequence[bytes]
    picture: bytes
    canary: Canary
    origin: HostileOrigin
    forbidden: Sequence[Path]
    """Files of the installation that nothing may publish."""
    findings: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0

    async def ask(
        self, method: str, path: str, body: Any = None, *, content: bytes | None = None
    ) -> httpx.Response | None:
        """One request of the workspace; None when no answer came."""
        headers = {} if content is None else {"Content-Type": "application/json"}
        return await self._send(method, path, headers, json=body, content=content)

    async def tus(
        self, method: str, path: str, piece: bytes = b"", **headers: object
    ) -> httpx.Response | None:
        """One request of the tus protocol."""
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        if method == "PATCH":
            named["Content-Type"] = "application/offset+octet-stream"
        return await self._send(method, path, {"Tus-Resumable": "1.0.0", **named}, content=piece)

    def note(self, what: str, status: int, seconds: float, body: str = "") -> None:
        """Take an answer in: a server error or a late one is a finding."""
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)
        if status >= 500 and status not in _PASSES:
            self.findings.append(f"{what}: {status} {body[:300]}")
        bound = ORIGIN_SECONDS if what.startswith(_READS_SOURCES) else SLOWEST_SECONDS
        if seconds > bound:
            self.findings.append(f"{what}: {status} after {seconds:.1f} s")

    async def _send(
        self, method: str, path: str, headers: dict[str, str], **body: Any
    ) -> httpx.Response | None:
        began = monotonic()
        what = f"{method} {path[:120]}"
        try:
            answer = await self.http.request(method, path, headers=headers, **body)
        except httpx.TimeoutException:
            self.findings.append(f"{what}: no answer after {monotonic() - began:.0f} s")
            return None
        except (httpx.TransportError, httpx.InvalidURL):
            return None  # the API hung up, or the client would not even send it
        self.note(what, answer.status_code, monotonic() - began, answer.text)
        return answer

    @contextmanager
    def written(self, data: bytes, ending: str) -> Iterator[Path]:
        """A file in the media folder for as long as the block lasts."""
        path = self.media / f"{secrets.token_hex(8)}{ending}"
        path.write_bytes(data)
        try:
            yield path
        finally:
            path.unlink()

    def assignment(self, rng: random.Random, **fields: Any) -> dict[str, Any]:
        """A valid request to publish far in the future, with some fields replaced."""
        clip = self.media / "clip.mp4"
        return {
            "connectionId": rng.choice(self.connections),
            "mediaUrl": clip.as_uri(),
            "payload": {"title": "A clip", "tags": ["a", "b"], "privacy": "private"},
            "scheduledAt": "2099-01-01T00:00:00Z",
            **fields,
        }

    def bodies(self, rng: random.Random) -> Sequence[tuple[str, str, Any]]:
        """Valid requests, one for each that takes a body."""
        connection = rng.choice(self.connections)
        clip = (self.media / "clip.mp4").as_uri()
        return (
            ("POST", "/assignments", self.assignment(rng)),
            ("POST", "/videos", {"sourceUrl": clip, "title": "A", "description": "B"}),
            ("POST", "/organizations", {"name": "A", "externalId": "b"}),
            ("PATCH", f"/connections/{connection}", {"externalId": "a", "isActive": True}),
            ("POST", "/oauth/tickets", {"platform": "youtube", "redirectUrl": "http://127.0.0.1/"}),
            ("POST", "/webhooks/endpoints", {"url": "https://127.0.0.1/", "eventTypes": ["a.*"]}),
            ("POST", "../video-jobs/", {"source_url": clip, "title": "A"}),
            ("POST", "../youtube/upload/", {"job_id": 1, "title": "A", "tags": ["a"]}),
            ("POST", "../../codec/decode", {"payloads": [{"metadata": {}, "data": "QQ=="}]}),
        )


_READS_SOURCES = ("POST /videos", "POST /assignments", "POST ../video-jobs", "PATCH /assignments")
