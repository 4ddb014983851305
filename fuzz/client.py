"""Asks the API, and takes every answer in: what is wrong with one is a finding."""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx2

from fuzz.target import Target

SLOWEST_SECONDS = 15.0
"""No request takes longer, except one that waits for an origin."""
ORIGIN_SECONDS = 75.0
"""What a request may take that reads from slow origins: 25 s for the video, 10 s for its parser,
30 s for its attachments."""
TRIES = 120
"""For an input that found its workspace's share of source reads in use: a minute."""
_PAUSE = 0.5
_NO_ANSWER_SECONDS = 90.0
_PASSES = frozenset({503, 507})
_IDS = re.compile(r"\b[0-9a-f]{8,}(-[0-9a-f]{4,}){0,4}\b|\b\d+\b")


@dataclass
class Answers:
    """All answers, by kind of attack."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    hung_up: Counter[str] = field(default_factory=Counter)
    """Requests that got no answer because the API closed the connection."""
    findings: Counter[str] = field(default_factory=Counter)
    """What is wrong → how often."""
    first_attack: dict[str, str] = field(default_factory=dict)
    """The attack that found it first."""

    def find(self, what: str, attack: str) -> None:
        self.findings[what] += 1
        self.first_attack.setdefault(what, attack)


class Client:
    """The requests of one attack, with the key that each path needs."""

    def __init__(
        self, http: httpx2.AsyncClient, target: Target, answers: Answers, kind: str, number: int
    ) -> None:
        self.target = target
        self.bound = SLOWEST_SECONDS
        """Seconds that an answer may take."""
        self._http = http
        self._answers = answers
        self._kind = kind
        self._attack = f"{kind}, number {number}"

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx2.Response | None:
        """One request; None when no answer came. A body is sent until its share has room."""
        if content is not None:
            headers = {"Content-Type": "application/json", **headers}
        for _ in range(TRIES):
            answer = await self._send(method, path, headers, json=body, content=content)
            if answer is None or answer.status_code != 429 or method == "GET":
                return answer
            await asyncio.sleep(_PAUSE)
        return answer

    async def tus(
        self, method: str, path: str, piece: bytes = b"", **headers: object
    ) -> httpx2.Response | None:
        """One request of the tus protocol."""
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        if method == "PATCH":
            named["Content-Type"] = "application/offset+octet-stream"
        return await self._send(method, path, {"Tus-Resumable": "1.0.0", **named}, content=piece)

    async def raw(self, data: bytes, step: int) -> None:
        """Send bytes as they are; the status line is noted where one comes."""
        where = urlsplit(str(self._http.base_url))
        began = monotonic()
        line = b""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_NO_ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(where.hostname, where.port)
                try:
                    for start in range(0, len(data), step):
                        writer.write(data[start : start + step])
                        await writer.drain()
                finally:
                    with suppress(OSError):
                        line = await reader.readline()
                    writer.close()
        words = line.split()
        if len(words) > 1 and words[1].isdigit():
            self.note("a head", int(words[1]), monotonic() - began)
        else:
            self._answers.hung_up[self._kind] += 1
            self._judge_time("a head: no status line", monotonic() - began)

    def note(self, what: str, status: int, seconds: float, body: str = "") -> None:
        """Take an answer in: a server error or a late one is a finding."""
        self._answers.statuses[self._kind][status] += 1
        self._answers.seconds[self._kind].append(seconds)
        if status >= 500 and status not in _PASSES:
            self._answers.find(f"{what}: {status} {without_ids(body[:200])}", self._attack)
        self._judge_time(f"{what}: {status}", seconds)

    def refused(self, answer: httpx2.Response | None, what: str) -> None:
        """What must never be accepted."""
        if answer is not None and answer.is_success:
            self._answers.find(f"{what} was accepted", self._attack)

    def _judge_time(self, what: str, seconds: float) -> None:
        if seconds > self.bound:
            self._answers.find(f"{what} after more than {self.bound:g} s", self._attack)

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], **body: Any
    ) -> httpx2.Response | None:
        began = monotonic()
        what = f"{method} {without_ids(path[:120])}"
        key = self.target.operator_key if path.startswith("/codec") else self.target.key
        headers = {"Authorization": f"Bearer {key}", **headers}
        try:
            answer = await self._http.request(method, path, headers=headers, **body)
        except httpx2.TimeoutException:
            self._answers.find(f"{what}: no answer", self._attack)
            return None
        except httpx2.InvalidURL:
            return None  # the client would not even send it
        except httpx2.TransportError:
            self._answers.hung_up[self._kind] += 1
            self._judge_time(f"{what}: hung up", monotonic() - began)
            return None
        self.note(what, answer.status_code, monotonic() - began, answer.text)
        return answer


def without_ids(text: str) -> str:
    """The same for what differs by ids and numbers alone. Pure."""
    return _IDS.sub("…", text)


def hostile_http(api: str, connections: int) -> httpx2.AsyncClient:
    """A client for so many attacks at a time; it does not follow redirects."""
    limits = httpx2.Limits(max_connections=4 * connections)
    return httpx2.AsyncClient(
        base_url=api, timeout=_NO_ANSWER_SECONDS, limits=limits, trust_env=False
    )
