"""What is refused before anything looks at it.

A body over 1 MB is answered with 413, also one that comes in chunks and never said how long it
is; it is held back until it has arrived in full, so no endpoint sees half of it. One that takes
too long is answered with 408. All bodies together take a bounded part of the memory. A NUL in the
address is refused, because PostgreSQL has no place for one. The resumable intake streams and
counts for itself; its body has a minimum rate, and ends where the client falls below it.
"""

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem, too_large
from domain.errors import CastlineError, InvalidRequest, RequestTimeout, Unavailable

MAX_BODY = 1_000_000
MAX_BODIES = 64 * 1024**2
"""Bytes of all bodies that are held at once."""
STREAMED = "/api/v1/videos/files"

BODY_SECONDS = 20.0
"""How long a body of up to `MAX_BODY` bytes may take."""
STREAM_BYTES = 32 * 1024
STREAM_SECONDS = 30.0
"""How long a streamed body may take for each `STREAM_BYTES`."""


class Limits:
    """ASGI middleware. Holds at most one body of `MAX_BODY` bytes per request."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bodies: int = MAX_BODIES,
        body_seconds: float = BODY_SECONDS,
        stream_seconds: float = STREAM_SECONDS,
    ) -> None:
        self.app = app
        self._free = max_bodies
        self._body_seconds = body_seconds
        self._stream_seconds = stream_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            refusal = problem(InvalidRequest("invalid_address", "The address holds a NUL."))
            await refusal(scope, receive, send)
            return
        if scope["path"].startswith(STREAMED):
            stream = _Stream(receive, send, self._stream_seconds)
            await self.app(scope, stream.receive, stream.send)
            return
        body = _Body()
        try:
            await self._collect(body, scope, receive)
            await self.app(scope, _replay(body.messages, receive), send)
        except _Refused as refused:
            answer = problem(refused.error)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
        finally:
            self._free += body.size

    async def _collect(self, body: "_Body", scope: Scope, receive: Receive) -> None:
        """Every message of the body. Raises `_Refused`."""
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > MAX_BODY:
            raise _Refused(too_large(MAX_BODY))
        try:
            async with asyncio.timeout(self._body_seconds):
                while body.is_open:
                    size = body.add(await receive())
                    self._free -= size
                    if body.size > MAX_BODY:
                        raise _Refused(too_large(MAX_BODY))
                    if self._free < 0:
                        raise _Refused(_full())
        except TimeoutError:
            raise _Refused(_late(self._body_seconds)) from None


class _Refused(Exception):
    """Ends a request whose body is not read to its end."""

    def __init__(self, error: CastlineError) -> None:
        self.error = error


class _Body:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.size = 0
        self.is_open = True

    def add(self, message: Message) -> int:
        """Keep a message; return how many bytes of the body it brought."""
        self.messages.append(message)
        size = len(message.get("body", b""))
        self.size += size
        self.is_open = message["type"] == "http.request" and message.get("more_body", False)
        return size


class _Stream:
    """A body that is passed on as it comes. Only time spent waiting for the client counts."""

    def __init__(self, receive: Receive, send: Send, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._seconds = seconds
        self._left = seconds
        self._bytes = 0
        self._is_whole = False
        self._is_cut = False

    async def receive(self) -> Message:
        if self._is_whole:
            return await self._receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError:
            # As if the client had gone: what arrived is kept, and the answer says how much.
            self._is_cut = True
            return {"type": "http.disconnect"}
        self._is_whole = not message.get("more_body", False)
        self._left -= time.monotonic() - began
        self._bytes += len(message.get("body", b""))
        if self._bytes >= STREAM_BYTES:
            self._left, self._bytes = self._seconds, 0
        return message

    async def send(self, message: Message) -> None:
        if self._is_cut and message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)


def _late(seconds: float) -> RequestTimeout:
    return RequestTimeout(
        "request_timeout",
        f"The body did not arrive within {seconds:g} seconds. Send it again.",
    )


def _full() -> Unavailable:
    return Unavailable("too_many_bodies", "Too many bodies are being received. Try again.")


def _replay(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replayed() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return replayed
