"""When a delivery that failed is tried again: soon at first, then ever more rarely."""

import random
from datetime import datetime, timedelta

_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
)
"""After the first failure, the second one and so on; the last one again and again."""

_JITTER = 0.2
"""By this share a delay is longer at most: an outage hits many lines, and ends for all at once."""


def next_try(failures: int, *, after: datetime, retry_after: timedelta | None = None) -> datetime:
    """When to try again after so many failures, of which the latest was at `after`.

    `retry_after` is what the endpoint asked for; it is honoured where it is longer.
    """
    delay = _DELAYS[min(failures, len(_DELAYS)) - 1] * random.uniform(1, 1 + _JITTER)  # noqa: S311
    return after + max(delay, retry_after or delay)
