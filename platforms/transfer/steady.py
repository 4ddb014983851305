"""A socket that is never silent for longer than a second.

http.client reads and writes through it. Whatever blocks, a full send buffer or an
answer that takes minutes, `beat` is called about every second meanwhile, and may raise
to stop. It also notices an answer that comes before the request has been sent in full.
"""

import io
import select
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPException

TICK_SECONDS = 1.0
STALL_SECONDS = 120.0
"""How long the other side may take no byte."""
ANSWER_SECONDS = 300.0
"""How long an answer may take: the final one of a large video is slow."""


class Cut(HTTPException):
    """The connection could not be made, ended, or stood still for too long.

    Not an OSError, so that one raised by `beat` is never taken for the network's.
    """


class SteadySocket:
    """The part of a socket that http.client uses."""

    def __init__(self, sock: socket.socket, *, beat: Callable[[], None]) -> None:
        self.answer_seconds = ANSWER_SECONDS
        self._sock = sock
        self._sock.settimeout(TICK_SECONDS)
        self._beat = beat
        self._next_beat = time.monotonic() + TICK_SECONDS
        self._early = b""
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)

    def sendall(self, data: bytes | memoryview) -> None:
        """Send everything, or raise `Cut`."""
        view, sent, moved_at = memoryview(data), 0, time.monotonic()
        while sent < len(view):
            try:
                # A TLS socket takes one record at a time; after a timeout it wants the same again.
                sent += self._sock.send(view[sent:])
                moved_at = now = time.monotonic()
            except TimeoutError:
                now = time.monotonic()
                if now - moved_at > STALL_SECONDS:
                    raise Cut from None
            except OSError:
                raise Cut from None
            if now >= self._next_beat:
                self._next_beat = now + TICK_SECONDS
                self._beat()

    def has_answer(self) -> bool:
        """True when the other side has spoken, or hung up, already."""
        if not self._early and self._readable.poll(0):
            self._sock.settimeout(0)
            try:
                self._early = self._sock.recv(1)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False  # TLS 1.3 sends session tickets of its own accord
            except OSError:
                raise Cut from None
            finally:
                self._sock.settimeout(TICK_SECONDS)
            return True
        return bool(self._early)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The answer as a file. All of it must arrive within `answer_seconds` from now."""
        return io.BufferedReader(_Reading(self._receive, time.monotonic() + self.answer_seconds))

    def close(self) -> None:
        self._sock.close()

    def _receive(self, view: memoryview, deadline: float) -> int:
        if self._early:
            view[:1], self._early = self._early, b""
            return 1
        while True:
            try:
                return self._sock.recv_into(view)
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise Cut from None
            except OSError:
                raise Cut from None
            self._beat()


class _Reading(io.RawIOBase):
    def __init__(self, receive: Callable[[memoryview, float], int], deadline: float) -> None:
        self._receive = receive
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._receive(memoryview(buffer), self._deadline)
