"""Moves a source's bytes through a machine's requests until the platform has them all.

The engine holds the I/O: one connection, one buffer, the source read straight into it
and the socket fed straight from it. What a request that was lost has done only the
platform knows, so the machine is told, and asks. Setbacks without progress are counted:
a transfer that gets nowhere ends and is tried again later, it never spins.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from random import SystemRandom

from domain.errors import PlatformUnavailable, SourceUnusable
from media.source import Source
from platforms.transfer.machine import Answer, Finished, Request, Upload
from platforms.transfer.wire import Wire

BUFFER_BYTES = 128 * 1024
"""Measured: larger ones leave the processor's cache, smaller ones cost system calls."""
SETBACKS = 5
"""In a row, none of the platform's offset moving; the next one ends the run."""
LONGEST_PAUSE = 30.0
"""Seconds. Who is asked to wait for longer does so in the workflow, not in a worker's slot."""

_random = SystemRandom()


def run(
    upload: Upload,
    source: Source,
    *,
    on_progress: Callable[[int], None],
    before_finish: Callable[[], None],
    pause: Callable[[float], None],
) -> Finished:
    """Send until the platform has every byte; return what it made of them.

    `on_progress` gets the bytes sent so far (they go back when the platform kept fewer)
    about every second, also while an answer is waited for. Whatever it or `pause`
    raises stops the run; the platform keeps its prefix. `before_finish` is called before
    the first byte of each request on which the platform may complete the upload.
    A source that changed is noticed before the last byte leaves, so it is never completed.

    Raises `PlatformUnavailable` (`platform_unreachable`, `platform_stalled` or the
    machine's own) after a few setbacks without progress, and passes on every other
    error of machine and source. On retry: a new machine begins with the platform's
    offset, and nothing is sent twice but what it has not confirmed.
    """
    transfer = _Transfer(upload, source, on_progress, before_finish)
    farthest, setbacks = upload.confirmed, _Setbacks(pause)
    with closing(transfer.wire):
        while True:
            setback = None
            try:
                request = upload.next_request()
                answer = transfer.exchange(request)
                if answer is None:
                    upload.lost()
                    setback = _unreachable()
                else:
                    finished = upload.receive(answer)
                    if finished is not None:
                        return finished
                    if request.length and upload.confirmed <= farthest:
                        setback = _stalled()
            except PlatformUnavailable as error:
                setback = error
            if upload.confirmed > farthest:
                farthest = upload.confirmed
                setbacks.forget()
            if setback is not None:
                setbacks.bear(setback)
            on_progress(upload.confirmed)


def ask(
    upload: Upload, *, on_progress: Callable[[int], None], pause: Callable[[float], None]
) -> Finished | None:
    """Ask the platform what it made of the session; nothing is sent.

    Returns it, or None when the platform says that nothing was made; then
    `upload.confirmed` is how many bytes it has. Asks again where the answer is not clear
    yet. Raises `PlatformUnavailable` when it stays so, and what the machine raises.
    """
    setbacks = _Setbacks(pause)
    with closing(Wire(beat=lambda: on_progress(upload.confirmed))) as wire:
        while True:
            upload.lost()
            try:
                answer = wire.exchange(upload.next_request(), ())
                if answer is not None:
                    return upload.receive(answer)
                setback = _unreachable()
            except PlatformUnavailable as error:
                setback = error
            setbacks.bear(setback)


class _Setbacks:
    """Counts what goes wrong in a row, and waits a little longer each time."""

    def __init__(self, pause: Callable[[float], None]) -> None:
        self._pause = pause
        self._count = 0

    def forget(self) -> None:
        """There was progress."""
        self._count = 0

    def bear(self, setback: PlatformUnavailable) -> None:
        """Pause, or raise it when there were enough of them or the wait is too long for here."""
        self._count += 1
        seconds = setback.retry_after or _backoff(self._count)
        if self._count > SETBACKS or seconds > LONGEST_PAUSE:
            raise setback
        self._pause(seconds)


class _Transfer:
    def __init__(
        self,
        upload: Upload,
        source: Source,
        on_progress: Callable[[int], None],
        before_finish: Callable[[], None],
    ) -> None:
        self._upload = upload
        self._source = source
        self._on_progress = on_progress
        self._before_finish = before_finish
        self._sent = upload.confirmed
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self.wire = Wire(beat=self._report)

    def exchange(self, request: Request) -> Answer | None:
        try:
            if request.length:
                while self._source.seek(request.offset) != request.offset:
                    self._report()
                self._sent = request.offset
            if request.length or request.finishes:
                self._source.verify()
            if request.finishes:
                self._before_finish()
            return self.wire.exchange(request, self._body(request))
        except BaseException:
            # The request was left in the middle; whoever goes on with this machine must ask first.
            self._upload.lost()
            raise

    def _body(self, request: Request) -> Iterator[memoryview]:
        left = request.length
        while left:
            count = self._source.read_into(self._buffer[: min(left, BUFFER_BYTES)])
            if not count:
                raise SourceUnusable("source_changed", "The source ended before its known size.")
            left -= count
            if request.finishes and not left:
                self._source.verify()
            yield self._buffer[:count]
            self._sent += count

    def _report(self) -> None:
        self._on_progress(self._sent)


def _backoff(setbacks: int) -> float:
    """Half a second, doubled by each setback, spread so that transfers do not return as one."""
    return _random.uniform(0.5, 1.0) * min(LONGEST_PAUSE, 2.0 ** (setbacks - 1))


def _unreachable() -> PlatformUnavailable:
    return PlatformUnavailable(
        "platform_unreachable", "The connection to the platform was lost again and again."
    )


def _stalled() -> PlatformUnavailable:
    return PlatformUnavailable(
        "platform_stalled", "The platform takes bytes and keeps none of them."
    )
