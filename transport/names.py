"""Looks up names, each in a thread of its own, since nothing ends a look-up but itself.

There are so many threads in a process. A workspace has a share of them, and all workspaces together
leave some to the operator. Who stops waiting leaves the thread to its look-up, so names that hang
hold up no platform.
"""

import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread

MOST = 64
"""Names that are looked up at a time."""
SHARE = 16
"""Of these, names of one workspace."""
KEPT = 16
"""Of these, for the operator's names alone."""
SECONDS = 10.0
"""How long a name is waited for."""
TICK_SECONDS = 0.5
OPERATOR = ""
"""Whose names no share binds: of platforms and proxies."""

Find = Callable[[str, int], list[str]]


def _ask_system(host: str, port: int) -> list[str]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class LookUps:
    """Thread-safe. One object serves a process. `find` is what a thread is spent on."""

    def __init__(
        self, most: int = MOST, share: int = SHARE, kept: int = KEPT, find: Find = _ask_system
    ) -> None:
        self._most = most
        self._share = share
        self._kept = kept
        self._find = find
        self._lock = Lock()
        self._under_way: Counter[str] = Counter()

    def start(self, host: str, port: int, *, whose: str) -> Future[list[str]] | None:
        """Begin to look up the IP addresses of `host`, in the order of preference.

        `whose`: the id of the workspace that named it; `OPERATOR` for hosts of the operator's.
        The future raises `OSError` when the name leads nowhere now, and `ValueError` for what can
        be no name. To cancel it ends nothing. None: no thread is free, or none of the workspace's.
        """
        found: Future[list[str]] = Future()
        found.set_running_or_notify_cancel()
        if is_literal(host):
            _settle(found, _ask_system, host, port)
            return found
        if not self._takes(whose):
            return None

        def find(host: str, port: int) -> list[str]:
            try:
                return self._find(host, port)
            finally:
                self._give_back(whose)

        thread = Thread(target=_settle, args=(found, find, host, port), name="look-up", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the process may have no more threads
            self._give_back(whose)
            return None
        return found

    def _takes(self, whose: str) -> bool:
        with self._lock:
            self._under_way = +self._under_way  # the workspaces that have none are forgotten
            total = self._under_way.total()
            if whose == OPERATOR:
                is_free = total < self._most
            else:
                is_free = total < self._most - self._kept and self._under_way[whose] < self._share
            if is_free:
                self._under_way[whose] += 1
            return is_free

    def _give_back(self, whose: str) -> None:
        with self._lock:
            self._under_way[whose] -= 1


LOOK_UPS = LookUps()


def look_up(
    host: str,
    port: int,
    *,
    whose: str,
    beat: Callable[[], None] = lambda: None,
    seconds: float = SECONDS,
    look_ups: LookUps = LOOK_UPS,
) -> list[str]:
    """The IP addresses of `host`, never none. Calls `beat` about twice a second meanwhile.

    Raises `OSError` when there are none within so many seconds, or no thread is free, `ValueError`
    for what can be no name, and what `beat` raises. Asking again is allowed.
    """
    found = look_ups.start(host, port, whose=whose)
    if found is None:
        raise TimeoutError("too many names are looked up")
    until = time.monotonic() + seconds
    while not wait([found], timeout=min(until - time.monotonic(), TICK_SECONDS)).done:
        if time.monotonic() >= until:
            raise TimeoutError("the name is looked up for too long")
        beat()
    return found.result()


def is_literal(host: str) -> bool:
    """True when `host` is an IP address, however written, so that no name is looked up."""
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return False
    return True


def _settle(found: Future[list[str]], find: Find, host: str, port: int) -> None:
    try:
        addresses = find(host, port)
    except Exception as error:
        found.set_exception(error)
    else:
        found.set_result(addresses)
