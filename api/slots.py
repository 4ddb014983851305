"""How many requests of one client are worked on at a time.

Endpoints share the threads of the process. A client that has its share of them in use waits for
its own requests to end, and nobody else waits for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from domain.errors import TooManyRequests


@dataclass(slots=True)
class _Share:
    free: asyncio.Semaphore
    users: int = 0


class Slots:
    """At most `most` requests per client at a time. Belongs to one event loop."""

    def __init__(self, most: int, *, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._shares: dict[str, _Share] = {}

    @asynccontextmanager
    async def slot(self, client: str) -> AsyncIterator[None]:
        """Hold one slot of the client's, waiting up to `patience` seconds for it.

        Raises `TooManyRequests` (code `too_many_requests`) when none came free.
        """
        share = self._shares.setdefault(client, _Share(asyncio.Semaphore(self._most)))
        share.users += 1
        try:
            await self._acquire(share.free)
            try:
                yield
            finally:
                share.free.release()
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[client]

    async def _acquire(self, free: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await free.acquire()
        except TimeoutError:
            raise TooManyRequests(
                "too_many_requests",
                f"{self._most} requests of yours are already being worked on. Send fewer at once.",
                retry_after=1,
            ) from None
