"""How often a client may ask: GCRA, which is a token bucket kept as one number per client.

The number is the moment at which the client's quota is full again. Counts live in the memory of
one process, so an installation with several API processes allows as many times the rate.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60.0
"""Seconds over which a quota is counted, and in which an empty one is full again."""
CAPACITY = 20_000
"""Clients that one limiter remembers; about 4 MB."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a client's quota."""

    remaining: int
    full_in: float
    """Seconds."""
    retry_after: float
    """Seconds until one more request is allowed; 0 while there is a remainder."""


class RateLimiter:
    """Allows each client `quota` requests per `WINDOW`, all at once if it likes. Thread-safe.

    Memory is bounded without resetting anybody: only clients whose quota is full are forgotten.
    While there is no such client and no room, all further clients share one quota.
    """

    def __init__(
        self,
        name: str,
        quota: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        capacity: int = CAPACITY,
    ) -> None:
        self.name = name
        self.quota = quota
        self._interval = WINDOW / quota
        self._clock = clock
        self._capacity = capacity
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._overflow = 0.0
        self._lock = threading.Lock()

    def take(self, client: str) -> Standing | None:
        """Count a request and return what is left, or None when there was nothing left."""
        with self._lock:
            now = self._clock()
            before = self._standing(client, now)
            if before.retry_after:
                return None
            full_at = now + before.full_in + self._interval
            if self._has_room(client, now):
                self._full_at[client] = full_at
                self._full_at.move_to_end(client)
            else:
                self._overflow = full_at
            return self._standing(client, now)

    def look(self, client: str) -> Standing:
        """What is left, without counting anything."""
        with self._lock:
            return self._standing(client, self._clock())

    def knows(self, client: str) -> bool:
        """Whether the client has been counted here and was not forgotten."""
        with self._lock:
            return client in self._full_at

    def forget(self, client: str) -> None:
        with self._lock:
            self._full_at.pop(client, None)

    def _standing(self, client: str, now: float) -> Standing:
        known = client in self._full_at or len(self._full_at) < self._capacity
        full_at = self._full_at.get(client, now) if known else self._overflow
        full_in = max(0.0, full_at - now)
        # Rounded, because sums of an interval fall short of whole requests by a hair.
        remaining = math.floor(round((WINDOW - full_in) / self._interval, 6))
        short = full_in + self._interval - WINDOW
        return Standing(max(0, remaining), full_in, 0.0 if remaining >= 1 else max(short, 0.001))

    def _has_room(self, client: str, now: float) -> bool:
        if client in self._full_at or len(self._full_at) < self._capacity:
            return True
        oldest, full_at = next(iter(self._full_at.items()))
        if full_at > now:
            return False
        del self._full_at[oldest]
        return True
