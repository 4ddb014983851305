"""Whether a request is worked on now: rates and shares, before anything is read or looked up.

A request whose key was found valid before counts against that key. Every other request counts
against its address: without a key, with a wrong one, and the first with a valid one. So a flood
of wrong keys meets the limits of its address before it costs a look at the database.

The fields `RateLimit-Policy` and `RateLimit` are those of draft-ietf-httpapi-ratelimit-headers-10.
"""

import hashlib
import logging
import math
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.limits import STREAMED
from api.problems import problem
from api.rates import RateLimiter
from api.slots import Slots
from domain.clients import client_of
from domain.errors import TooManyRequests
from runtime.settings import Settings

UPLOAD = "/api/youtube/upload"
"""Takes `Prefer: wait`."""
EXEMPT = ("/livez", "/readyz")
"""What supervisors ask. Nothing of a client's delays the answer."""

AT_ONCE = {"request": 12, "wait": 4, "stream": 8}
"""A client's slots. All share 40 threads and, on PostgreSQL, 30 connections."""
PATIENCE = 30.0
"""Seconds that a request waits for one of its client's slots."""

log = logging.getLogger("castline.api")

_OURS = re.compile(r"cl_[\w-]{20,}")
_HINT_LENGTH = 6


class Gate:
    """The counts of one process."""

    def __init__(self, settings: Settings) -> None:
        self.keys = RateLimiter("key", settings.rate_per_key)
        self.addresses = RateLimiter("address", settings.rate_per_address)
        self.refused = RateLimiter("refused-keys", settings.rate_refused_keys)
        self.slots = {kind: Slots(most, patience=PATIENCE) for kind, most in AT_ONCE.items()}


class Visit:
    """One request's client. The authentication says here what came of the key."""

    def __init__(self, gate: Gate, address: str, digest: str | None) -> None:
        self.address = address
        self._gate = gate
        self._digest = digest
        self._is_known = digest is not None and gate.keys.knows(digest)

    @property
    def limiter(self) -> RateLimiter:
        return self._gate.keys if self._is_known else self._gate.addresses

    @property
    def client(self) -> str:
        """What the request counts against: a key's digest or an address."""
        return self._digest if self._is_known and self._digest else self.address

    def check_key(self) -> None:
        """Raise `TooManyRequests` where an unknown key is not even to be looked up."""
        retry_after = self._gate.refused.look(self.address).retry_after
        if retry_after and not self._is_known:
            raise TooManyRequests(
                "too_many_wrong_keys",
                "Too many wrong keys came from this address. Wait, and send a valid key.",
                retry_after=retry_after,
            )

    def accept_key(self, key: str) -> None:
        """A key is valid. The one in the request's header has its own rate from now on."""
        if self._digest == _digest_of(key) and not self._is_known:
            self._gate.keys.take(self._digest)

    def refuse_key(self, key: str) -> None:
        """A key is not valid, or not here. Log that without the key."""
        self._gate.keys.forget(_digest_of(key))
        self._gate.refused.take(self.address)
        hint = f"{key[:_HINT_LENGTH]}…" if _OURS.fullmatch(key) else "(not one of ours)"
        log.warning("key refused: %s from %s", hint, self.address)


def visit_of(connection: HTTPConnection) -> Visit:
    """The visit that `Admission` made of a request."""
    visit = connection.scope["state"]["visit"]
    assert isinstance(visit, Visit)
    return visit


class Admission:
    """ASGI middleware. Answers 429 over a rate, and over a share that does not come free."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._gate = Gate(settings)
        self._trusted = settings.trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in EXEMPT:
            await self._app(scope, receive, send)
            return
        visit = self._visit(scope)
        scope.setdefault("state", {})["visit"] = visit
        limiter, client = visit.limiter, visit.client

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                _describe(limiter, client, MutableHeaders(scope=message))
            await send(message)

        try:
            if limiter.take(client) is None:
                raise _over_rate(limiter, client)
            if "authorization" in Headers(scope=scope):
                visit.check_key()
            async with self._gate.slots[_kind(scope)].slot(client):
                await self._app(scope, receive, counted)
        except TooManyRequests as refusal:
            await problem(refusal)(scope, receive, counted)

    def _visit(self, scope: Scope) -> Visit:
        headers = Headers(scope=scope)
        peer = scope.get("client")
        address = client_of(
            peer[0] if peer else None, headers.getlist("x-forwarded-for"), self._trusted
        )
        authorization = headers.get("authorization")
        key = None if authorization is None else authorization.partition(" ")[2]
        return Visit(self._gate, address, None if key is None else _digest_of(key))


def _digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _kind(scope: Scope) -> str:
    """What streams, or waits because it was asked to, seldom holds a thread: it has own slots."""
    if scope["method"] == "PATCH" and scope["path"].startswith(STREAMED):
        return "stream"
    waits = scope["path"].startswith(UPLOAD) and "prefer" in Headers(scope=scope)
    return "wait" if waits else "request"


def _over_rate(limiter: RateLimiter, client: str) -> TooManyRequests:
    whose = "with this key" if limiter.name == "key" else "from this address without a valid key"
    return TooManyRequests(
        "rate_limited",
        f"More than {limiter.quota} requests came {whose} in a minute. Send fewer.",
        retry_after=limiter.look(client).retry_after,
    )


def _describe(limiter: RateLimiter, client: str, headers: MutableHeaders) -> None:
    left = limiter.look(client)
    headers["RateLimit-Policy"] = f'"{limiter.name}";q={limiter.quota};w=60'
    headers["RateLimit"] = f'"{limiter.name}";r={left.remaining};t={math.ceil(left.full_in)}'
