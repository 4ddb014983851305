"""Probe processes: a bounded number at a time, a few of them started ahead.

A start takes a tenth of a second of a processor, so the next ones are started while one works.
Nothing is started before the first probe. Thread-safe.
"""

import logging
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from domain.errors import SourceUnusable, Unavailable
from media.probe.isolation import Isolation
from media.probe.process import (
    PARSER_SECONDS,
    ProbeProcess,
    ProbeStopped,
    ReadAt,
    probe_command,
)
from media.probe.protocol import Found

MAX_PROCESSES = 32
AHEAD = 2

log = logging.getLogger("castline.probe")


class ProbePool:
    """`command` is what is started; tests give another one. The idle ones end with the pool."""

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        processes: int = MAX_PROCESSES,
        ahead: int = AHEAD,
        parser_seconds: float = PARSER_SECONDS,
    ) -> None:
        self._command = command
        self._parser_seconds = parser_seconds
        self._slots = threading.BoundedSemaphore(processes)
        self._ahead = ahead
        self._lock = threading.Lock()
        self._idle: deque[ProbeProcess] = deque()
        weakref.finalize(self, _end_all, self._idle)

    def probe(self, size: int, read: ReadAt) -> Found:
        """What the parser says of a file of `size` bytes that `read` gives in pieces.

        Raises `SourceUnusable` (code `source_unreadable_container`) when the parser did not end
        within its bounds, `Unavailable` (code `probe_unavailable`) when no process starts, and
        whatever `read` raises. The process is gone afterwards in any case.
        """
        with self._slots:
            process, _ = self._begin(size)
            try:
                self._start_ahead()
                return process.examine(read)
            except ProbeStopped as stopped:
                log.warning("a probe was ended: %s", stopped)
                raise SourceUnusable(
                    "source_unreadable_container",
                    "The file looks like a video, but its structure cannot be read with "
                    f"{self._parser_seconds:g} seconds of work and 256 MiB of memory. Check that "
                    "it plays, or export it again.",
                ) from None
            finally:
                process.end()

    def measure_isolation(self) -> Isolation:
        """What is in force in a process that is started now. Raises `Unavailable`."""
        with self._slots:
            process, isolation = self._begin(0)
            process.end()
            return isolation

    def close(self) -> None:
        """End the idle ones. A later probe starts others."""
        with self._lock:
            _end_all(self._idle)

    def _begin(self, size: int) -> tuple[ProbeProcess, Isolation]:
        """A process that has isolated itself: an idle one, or another if that has died."""
        while (idle := self._take_idle()) is not None:
            try:
                return idle, idle.begin(size)
            except ProbeStopped:
                idle.end()
        process = self._start()
        try:
            return process, process.begin(size)
        except ProbeStopped as stopped:
            process.end()
            raise self._unavailable(str(stopped)) from None

    def _take_idle(self) -> ProbeProcess | None:
        with self._lock:
            return self._idle.popleft() if self._idle else None

    def _start_ahead(self) -> None:
        with self._lock, suppress(Unavailable):
            while len(self._idle) < self._ahead:
                self._idle.append(self._start())

    def _start(self) -> ProbeProcess:
        try:
            command = self._command or probe_command()
            return ProbeProcess(command, parser_seconds=self._parser_seconds)
        except (OSError, LookupError) as error:
            raise self._unavailable(type(error).__name__) from None

    def _unavailable(self, why: str) -> Unavailable:
        log.error("no probe process starts: %s", why)
        return Unavailable(
            "probe_unavailable",
            "The process that reads a video's facts did not start. Try again; if it stays so, "
            "the operator runs `castline doctor`.",
        )


def _end_all(idle: deque[ProbeProcess]) -> None:
    while idle:
        idle.popleft().end()


PROBES = ProbePool()
"""The pool of this process."""
