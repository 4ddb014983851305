"""Notices a source that is too slow to hold a transfer's place.

Only the time inside the source counts: how fast the bytes leave for the platform says nothing of
their origin. What an origin without ranges sends again counts as received, because it was.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.errors import SourceSlow
from media.source import Source


class PacedSource:
    """A `Source` whose methods raise `SourceSlow` once it has been below `floor` for a `window`.

    `floor` in bytes per second, `window` in seconds of waiting for the source. The windows follow
    each other, so a source that turns slow is noticed within two of them. Every byte that was read
    before has been returned: nothing is lost by the error.
    """

    def __init__(
        self,
        source: Source,
        *,
        floor: float,
        window: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self.pin = source.pin
        self.ranges = source.ranges
        self._floor = floor
        self._window = window
        self._clock = clock
        self._position = 0
        self._waited = 0.0
        self._received = 0

    def seek(self, offset: int) -> int:
        before = self._position if offset >= self._position else 0
        with self._waiting():
            self._position = self._source.seek(offset)
            if not self.ranges:
                self._received += max(self._position - before, 0)
        self._judge()
        return self._position

    def read_into(self, view: memoryview) -> int:
        # Before the read and not after it: what was read must not be lost.
        self._judge()
        with self._waiting():
            count = self._source.read_into(view)
            self._received += count
        self._position += count
        return count

    def verify(self, beat: Callable[[], None], /) -> None:
        with self._waiting():
            self._source.verify(beat)

    def close(self) -> None:
        self._source.close()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        began = self._clock()
        try:
            yield
        finally:
            self._waited += self._clock() - began

    def _judge(self) -> None:
        if self._waited < self._window:
            return
        rate = self._received / self._waited
        self._waited, self._received = 0.0, 0
        if rate < self._floor:
            raise SourceSlow(
                "source_slow",
                f"The source gave {rate / 1024:.1f} KiB a second, less than the "
                f"{self._floor / 1024:g} KiB that a transfer needs. It continues in the slow lane.",
            )
