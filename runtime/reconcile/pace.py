"""Many are put right one by one: several at a time, at a bounded rate, each on its own.

One that cannot be put right, or that takes long, holds up none of the others.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from domain.errors import CastlineError

T = TypeVar("T")

_log = logging.getLogger("castline.reconcile")

AT_ONCE = 8
PER_SECOND = 20
"""Workflows that are started or ended in a second after a loss of thousands, so that live work
keeps most of Temporal and of the database. Two busy cores reach 15."""


class Repairs:
    """What one sweep puts right, and what it could not."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []

    async def each(self, found: Sequence[T], repair: Callable[[T], Awaitable[object]]) -> int:
        """Repair each. Returns for how many `repair` did not answer False."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def is_repaired(one: T) -> bool:
            async with slots:
                try:
                    return await repair(one) is not False
                except Exception as error:  # whatever it was, the others need it no less
                    self._note(one, error)
                    return False

        return sum(await asyncio.gather(*map(is_repaired, found)))

    async def paced(
        self, found: Iterable[T], repair: Callable[[T], Awaitable[object]], *, most: int
    ) -> int:
        """Repair each in its order, `PER_SECOND` at most, and `most` in this sweep."""
        repaired = 0
        for batch in _batches(found, PER_SECOND):
            began = time.monotonic()
            count = await self.each(batch, repair)
            repaired += count
            if repaired >= most:
                break
            if count:
                await asyncio.sleep(max(0.0, count / PER_SECOND - (time.monotonic() - began)))
        return repaired

    def _note(self, one: object, error: Exception) -> None:
        _log.warning("%s is left to the next sweep: %s", one, word_of(error))
        self.failures.append(error)


def word_of(error: BaseException) -> str:
    """An error in one word: a library may have put a secret into its message."""
    return error.code if isinstance(error, CastlineError) else type(error).__name__


def _batches(found: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(found)
    while batch := list(islice(rest, size)):
        yield batch
