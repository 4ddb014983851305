"""What is refused before anything looks at it: slow bodies, and bodies without end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.limits import STREAM_BYTES, STREAMED, Limits

AN_HOUR = 3600.0


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    """An endpoint that answers with the number of bytes that it got."""
    received = 0
    try:
        async for piece in Request(scope, receive).stream():
            received += len(piece)
    except ClientDisconnect:
        pass
    await Response(str(received))(scope, receive, send)


async def ask(
    limits: Limits, path: str, pieces: AsyncIterator[bytes]
) -> tuple[int, dict[bytes, bytes], bytes]:
    messages: list[Message] = []

    async def receive() -> Message:
        piece = await anext(pieces, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message: Message) -> None:
        messages.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [],
    }
    await limits(scope, receive, send)
    start, *bodies = messages
    body = b"".join(message.get("body", b"") for message in bodies)
    return start["status"], dict(start["headers"]), body


async def then_nothing(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    await asyncio.sleep(AN_HOUR)


async def trickle(piece: bytes, pause: float) -> AsyncIterator[bytes]:
    while True:
        yield piece
        await asyncio.sleep(pause)


async def all_of(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("body", [then_nothing([b"{"]), trickle(b" ", 0.01)])
async def test_a_slow_body_is_408(body: AsyncIterator[bytes]) -> None:
    limits = Limits(count, body_seconds=0.3)
    status, headers, text = await ask(limits, "/api/v1/videos", body)
    assert status == 408
    assert b'"request_timeout"' in text
    assert headers[b"connection"] == b"close"


async def test_what_arrived_of_a_stream_is_kept_when_nothing_more_comes() -> None:
    limits = Limits(count, stream_seconds=0.3)
    status, headers, text = await ask(limits, STREAMED + "/x", then_nothing([b"12345"]))
    assert (status, text) == (200, b"5")
    assert headers[b"connection"] == b"close"


async def test_a_stream_below_the_minimum_rate_ends() -> None:
    limits = Limits(count, stream_seconds=0.3)
    ended = await asyncio.wait_for(ask(limits, STREAMED + "/x", trickle(b"1", 0.01)), 60)
    assert ended[0] == 200


async def test_a_stream_at_the_minimum_rate_goes_on_past_the_deadline() -> None:
    async def steady() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * STREAM_BYTES
            await asyncio.sleep(0.05)

    limits = Limits(count, stream_seconds=0.8)
    status, headers, text = await ask(limits, STREAMED + "/x", steady())
    assert (status, int(text)) == (200, 20 * STREAM_BYTES)
    assert b"connection" not in headers


async def test_all_bodies_together_are_bounded() -> None:
    limits = Limits(count, max_bodies=1000)
    released = asyncio.Event()

    async def held(pieces: Callable[[], bytes]) -> AsyncIterator[bytes]:
        yield pieces()
        await released.wait()

    first = asyncio.create_task(ask(limits, "/a", held(lambda: b"x" * 900)))
    await asyncio.sleep(0.05)
    status, headers, text = await ask(limits, "/b", all_of([b"x" * 200]))
    assert status == 503
    assert b'"too_many_bodies"' in text
    assert int(headers[b"retry-after"]) >= 1
    released.set()
    assert (await first)[0] == 200
    assert (await ask(limits, "/b", all_of([b"x" * 900])))[0] == 200
