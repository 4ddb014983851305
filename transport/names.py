"""Looks up names, each in a thread of its own, since nothing ends a look-up but itself.

There are so many threads in a process. Who stops waiting leaves the thread to its look-up, so a
resolver that hangs holds up those who ask for names, and never a transfer that has its address.
"""

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import BoundedSemaphore, Thread

MOST = 64
"""Names that are looked up at a time."""
SECONDS = 10.0
"""How long a name is waited for."""
TICK_SECONDS = 0.5

Find = Callable[[str, int], list[str]]


def _ask_system(host: str, port: int) -> list[str]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class LookUps:
    """Thread-safe. One object serves a process. `find` is what a thread is spent on."""

    def __init__(self, most: int = MOST, find: Find = _ask_system) -> None:
        self._free = BoundedSemaphore(most)
        self._find = find

    def start(self, host: str, port: int) -> Future[list[str]] | None:
        """Begin to look up the IP addresses of `host`, in the order of preference.

        The future raises `OSError` when the name leads nowhere now, and `ValueError` for what can
        be no name. None: no thread is free.
        """
        found: Future[list[str]] = Future()
        if is_literal(host):
            _settle(found, _ask_system, host, port)
            return found
        if not self._free.acquire(blocking=False):
            return None

        def look() -> None:
            try:
                _settle(found, self._find, host, port)
            finally:
                self._free.release()

        Thread(target=look, name="look-up", daemon=True).start()
        return found


LOOK_UPS = LookUps()


def look_up(
    host: str,
    port: int,
    *,
    beat: Callable[[], None],
    seconds: float = SECONDS,
    look_ups: LookUps = LOOK_UPS,
) -> list[str]:
    """The IP addresses of `host`, never none. Calls `beat` about twice a second meanwhile.

    Raises `OSError` when there are none within so many seconds, or no thread is free, `ValueError`
    for what can be no name, and what `beat` raises. Asking again is allowed.
    """
    found = look_ups.start(host, port)
    if found is None:
        raise TimeoutError("too many names are looked up")
    until = time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        try:
            return found.result(timeout=max(0.0, min(left, TICK_SECONDS)))
        except TimeoutError:
            if found.done() or left <= 0:
                raise
        beat()


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
