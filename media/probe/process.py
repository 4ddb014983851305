"""One probe process, seen from its parent.

What it sends is hostile from the moment on at which it has the first byte of a file. It may be
silent, loop, end, or send anything in any amount; the parent waits for it only as long as the
parser's own time lasts, answers a bounded number of reads, and then kills it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from media.probe.isolation import Isolation
from media.probe.protocol import (
    BODIES,
    FOUND,
    ISOLATED,
    ISOLATION,
    LENGTH,
    READ,
    READ_BYTES,
    READY,
    SIZE,
    SPAN,
    Found,
    unpack_found,
)

PARSER_SECONDS = 10.0
"""Of the parser's own time, without the time in which the parent reads."""
START_SECONDS = 30.0
MAX_READS = 1000
"""Honest parsers need one for each piece of `READ_BYTES`, and a few more after short pieces."""

T = TypeVar("T")

ReadAt = Callable[[int, int], bytes]
"""Offset and number of bytes → as many or fewer; none at the end of what may be read."""

_BOOT = "import sys; sys.path += sys.argv[1:]; from media.probe.child import main; main()"


class ProbeStopped(Exception):  # what happened, like the errors of the domain
    """The process ended or was ended before it answered. The text says why, for the log."""


def probe_command(boot: str = _BOOT) -> tuple[str, ...]:
    """The command line of a child: this Python without the environment's packages.

    Raises `LookupError` when pymediainfo is not installed.
    """
    parser = find_spec("pymediainfo")
    if parser is None or parser.origin is None:
        raise LookupError("pymediainfo is not installed.")
    paths = (Path(__file__).parents[2], Path(parser.origin).parents[1])
    return (sys.executable, "-I", "-S", "-c", boot, *map(str, paths))


class ProbeProcess:
    """A started child. `end` it in any case."""

    def __init__(self, command: Sequence[str], *, parser_seconds: float = PARSER_SECONDS) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                # Nothing is inherited but the socket: no environment, descriptor or terminal.
                self._process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        self._socket = ours
        self._left = START_SECONDS
        self._parser_seconds = parser_seconds

    def begin(self, size: int) -> Isolation:
        """Wait until it has started, and have it isolate itself for a file of this size.

        Raises `ProbeStopped`; nothing of the file was sent then.
        """
        self._expect(READY)
        self._send(SIZE.pack(size))
        landlock, seccomp = ISOLATION.unpack(self._expect(ISOLATED))
        return Isolation(landlock, seccomp)

    def examine(self, read: ReadAt) -> Found:
        """Serve the pieces that it asks for until it answers.

        Raises `ProbeStopped`, and whatever `read` raises.
        """
        self._left = self._parser_seconds
        for _ in range(MAX_READS):
            kind = self._receive(1)
            if kind == FOUND:
                return self._found()
            if kind != READ:
                raise ProbeStopped("it sent no known frame")
            offset, count = SPAN.unpack(self._receive(SPAN.size))
            if count > READ_BYTES:
                raise ProbeStopped("it asked for too large a piece")
            piece = read(offset, count)
            self._send(LENGTH.pack(len(piece)) + piece)
        raise ProbeStopped("it asked for too many pieces")

    def end(self) -> None:
        """Kill and reap it. Never fails."""
        self._socket.close()
        if self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _found(self) -> Found:
        try:
            return unpack_found(self._receive(BODIES[FOUND]))
        except ValueError:
            raise ProbeStopped("its answer is not valid") from None

    def _expect(self, kind: bytes) -> bytes:
        if self._receive(1) != kind:
            raise ProbeStopped("it sent no known frame")
        return self._receive(BODIES[kind])

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            piece = self._within_time(partial(self._socket.recv, count - len(received)))
            if not piece:
                raise ProbeStopped(f"it ended, {self._status()}")
            received += piece
        return received

    def _send(self, frame: bytes) -> None:
        self._within_time(partial(self._socket.sendall, frame))

    def _within_time(self, call: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            self._socket.settimeout(max(self._left, 0.001))
            return call()
        except TimeoutError:
            raise ProbeStopped("its time was over") from None
        except OSError:
            raise ProbeStopped(f"it ended, {self._status()}") from None
        finally:
            self._left -= time.monotonic() - began

    def _status(self) -> str:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "and is still there"
        return f"signal {-status}" if status < 0 else f"status {status}"
