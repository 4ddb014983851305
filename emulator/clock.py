"""The emulator's time: the machine's time plus an offset that only grows.

Every lifetime, reset and processing time is measured with this clock, so that seven
days or midnight in California are one request away.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
"""No date behind the year 9999 can be written, and lifetimes are added to this clock."""


@dataclass(slots=True)
class Clock:
    """Seconds since the epoch, as the emulated platforms see them."""

    offset_seconds: float = 0.0

    def now(self) -> float:
        """Return the present moment in seconds since the epoch."""
        return time.time() + self.offset_seconds

    def advance(self, seconds: float) -> None:
        """Move the present forward; time that has passed never comes back."""
        if seconds < 0:
            raise ValueError("advance_seconds must not be negative")
        if self.now() + seconds > _LATEST:
            raise ValueError("The clock goes no further than the year 9000. Advance it less.")
        self.offset_seconds += seconds


def timestamp(moment: float) -> str:
    """Write a moment as Google does: UTC, whole seconds, `Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
