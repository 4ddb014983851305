"""A socket that is never silent for longer than a second.

Whatever blocks, a full send buffer or an answer that takes minutes, `beat` is called
about every second meanwhile and may raise to stop. Everything that the network does
wrong is one exception, `Cut`: to the transfer it makes no difference how a connection ended.
"""

import select
import socket
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Protocol

TICK_SECONDS = 1.0
STALL_SECONDS = 120.0
"""How long the other side may take no byte."""


class Cut(HTTPException):
    """The connection could not be made, ended, or stood still for too long.

    Not an OSError, so that one raised by `beat` is never taken for the network's.
    """


class Stream(Protocol):
    """A connection, in clear or through TLS. Every method raises `Cut`."""

    def sendall(self, data: bytes | memoryview) -> None:
        """Send everything. Gives up when the other side takes no more, having answered."""

    def recv_into(self, view: memoryview) -> int:
        """Wait for bytes; 0 when the other side has ended the connection."""

    def has_spoken(self) -> bool:
        """True when bytes, or the end, are there to be received. Does not wait."""

    def expect_within(self, seconds: float) -> None:
        """Let `recv_into` give up so long from now."""

    def close(self) -> None:
        """Hang up. Never fails."""


class SteadySocket:
    """A `Stream` in clear."""

    def __init__(self, sock: socket.socket, *, beat: Callable[[], None]) -> None:
        self._sock = sock
        self._sock.settimeout(TICK_SECONDS)
        self._beat = beat
        self._next_beat = time.monotonic() + TICK_SECONDS
        self._deadline = self._next_beat
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)
        self.is_answered: Callable[[], bool] = self.has_spoken
        """Asked when sending stands still. A layer above knows better what an answer is."""

    def sendall(self, data: bytes | memoryview) -> None:
        view, sent, moved_at = memoryview(data), 0, time.monotonic()
        while sent < len(view):
            try:
                sent += self._sock.send(view[sent:])
                moved_at = time.monotonic()
            except TimeoutError:
                if self.is_answered() or time.monotonic() > moved_at + STALL_SECONDS:
                    raise Cut from None
            except OSError:
                raise Cut from None
            self._maybe_beat()

    def recv_into(self, view: memoryview) -> int:
        while True:
            try:
                return self._sock.recv_into(view)
            except TimeoutError:
                if time.monotonic() > self._deadline:
                    raise Cut from None
            except OSError:
                raise Cut from None
            self._maybe_beat()

    def has_spoken(self) -> bool:
        return bool(self._readable.poll(0))

    def expect_within(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def close(self) -> None:
        self._sock.close()

    def _maybe_beat(self) -> None:
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + TICK_SECONDS
            self._beat()
