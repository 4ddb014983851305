"""Reads a body in pieces, as fast as they come or as slowly as it was chosen."""

import asyncio
from collections.abc import AsyncIterator

from emulator.calls import Call
from emulator.google.uploads.content_range import ContentRange
from emulator.google.uploads.session import HEAD_BYTES, Session

_SLOW_PIECES_PER_SECOND = 20


class Superseded(Exception):
    """A newer request writes to this session; the older one has nothing to say."""


async def pieces(call: Call, session: Session | None = None) -> AsyncIterator[memoryview]:
    """Yield the body and count it; ends early, by an exception, when the client goes."""
    pace, content = call.pace, call.request.content
    while True:
        if pace:
            data = await content.read(max(1, pace // _SLOW_PIECES_PER_SECOND))
            await asyncio.sleep(len(data) / pace)
        else:
            data = await content.readany()
        if not data:
            return
        call.world.transfer.bytes_received += len(data)
        if session:
            session.record.received += len(data)
        yield memoryview(data)


async def discard(call: Call, session: Session | None = None) -> None:
    """Read what is left of the body, so that the client gets to see the answer."""
    async for _ in pieces(call, session):
        pass


async def take(call: Call, session: Session, sent: ContentRange, limit: int | None = None) -> bool:
    """Store what is new of the body, up to `limit` bytes of it; tell whether it is whole.

    Bytes that are stored already are skipped. Whatever happens, the session ends up with
    a whole file or with a multiple of 256 KiB, which is what the platform keeps.
    """
    session.writer += 1
    mine, arrived, skip = session.writer, 0, session.intake.stored - sent.first
    before, whole = session.intake.stored, False
    try:
        async for piece in pieces(call, session):
            if session.writer != mine:
                raise Superseded
            if limit is not None:
                piece = piece[: limit - arrived]
            new = piece[max(0, skip - arrived) :]
            arrived += len(piece)
            if len(session.head) < HEAD_BYTES:
                session.head += bytes(new[: HEAD_BYTES - len(session.head)])
            session.intake.write(new)
            if arrived == limit:
                return False
        whole = limit is None and sent.final
        return whole
    finally:
        if session.writer == mine:
            if whole:
                session.intake.keep_whole()
            else:
                session.intake.settle()
            session.record.stored = session.intake.stored
            call.world.transfer.bytes_stored += max(0, session.intake.stored - before)
