"""What is refused before anything looks at it.

A body over 1 MB is answered with 413, also one that comes in chunks and never said how
long it is; it is held back until it has arrived in full, so no endpoint sees half of it.
A NUL in the address is refused, because PostgreSQL has no place for one. The resumable
intake streams and counts for itself, so its path is let through.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem, too_large
from domain.errors import InvalidRequest

MAX_BODY = 1_000_000
STREAMED = "/api/v1/videos/files"


class Limits:
    """ASGI middleware. Holds at most one body of `MAX_BODY` bytes per request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            refusal = problem(InvalidRequest("invalid_address", "The address holds a NUL."))
            await refusal(scope, receive, send)
            return
        if scope["path"].startswith(STREAMED):
            await self.app(scope, receive, send)
            return
        body = await _whole_body(scope, receive)
        if body is None:
            await problem(too_large(MAX_BODY))(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)


async def _whole_body(scope: Scope, receive: Receive) -> list[Message] | None:
    """Every message of the body, or None when it is over the limit."""
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or int(declared) > MAX_BODY:
        return None
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replayed() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return replayed
