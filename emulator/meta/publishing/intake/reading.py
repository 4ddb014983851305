"""Reads a file in pieces, as fast as they come or as slowly as it was chosen."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from emulator.calls import Call
from emulator.meta.publishing.intake.sessions import Session

_SLOW_PIECES_PER_SECOND = 20


async def body(request: web.Request) -> AsyncIterator[memoryview]:
    """Yield a body that is nothing but the file."""
    while data := await request.content.readany():
        yield memoryview(data)


async def metered(
    call: Call, pieces: AsyncIterator[memoryview], session: Session | None = None
) -> AsyncIterator[memoryview]:
    """Yield the bytes of a file and count them.

    The fault `cut` ends it after the bytes it names, by the exception that a client who
    goes away causes; the call's pace spreads it over time.
    """
    left = call.option("after_bytes", 0) if call.suffers("cut") else None
    if left == 0:
        raise ConnectionAbortedError
    async for piece in pieces:
        async for part in _paced(piece, call.pace):
            kept = part[:left]
            call.world.transfer.bytes_received += len(kept)
            if session:
                session.received += len(kept)
            yield kept
            if left is not None:
                left -= len(kept)
                if not left:
                    raise ConnectionAbortedError
    if left is not None:
        raise ConnectionAbortedError


async def discard(
    call: Call, pieces: AsyncIterator[memoryview], session: Session | None = None
) -> None:
    """Read the rest of a file, so that the client gets to see the answer."""
    async for _ in metered(call, pieces, session):
        pass


async def _paced(piece: memoryview, pace: int) -> AsyncIterator[memoryview]:
    step = max(1, pace // _SLOW_PIECES_PER_SECOND) if pace else len(piece)
    for start in range(0, len(piece), step or 1):
        part = piece[start : start + step]
        yield part
        if pace:
            await asyncio.sleep(len(part) / pace)
