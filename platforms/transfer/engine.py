"""Moves a source's bytes through a machine's requests until the platform has them all.

The engine holds the I/O: one connection and one buffer. The source is read into it, and
libcurl sends from it. What a request that was lost has done only the
platform knows, so the machine is told, and asks. Setbacks without progress are counted:
a transfer that gets nowhere ends and is tried again later, it never spins.
"""

import time
from collections.abc import Callable
from contextlib import closing
from random import SystemRandom

from domain.errors import PlatformError, PlatformUnavailable
from media.digest import Digest
from media.source import Source
from platforms.transfer.exchange import Observer, answered, refused, unanswered, unobserved
from platforms.transfer.machine import Answer, Finished, Request, Upload
from platforms.transfer.wire import BUFFER_BYTES, TICK_SECONDS, Read, Silence, Wire
from transport.proxies import DIRECT, Proxies

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
    observe: Observer = unobserved,
    digest: Digest | None = None,
    proxies: Proxies = DIRECT,
) -> Finished:
    """Send until the platform has every byte; return what it made of them.

    `on_progress` gets the bytes sent so far (they go back when the platform kept fewer)
    about every second, also while an answer is waited for. Whatever it or `pause`
    raises stops the run; the platform keeps its prefix. `before_finish` is called before
    the first byte of each request on which the platform may complete the upload. `observe`
    is told of each request with its answer, before anything is made of that. `digest` takes
    in what leaves; of what an earlier run has sent, the source is read again only for what the
    digest lacks, which is the beginning of a block as a rule.
    A source that changed is noticed before the last byte leaves, so it is never completed.

    Raises `PlatformUnavailable` (`platform_unreachable`, `platform_stalled` or the
    machine's own) after a few setbacks without progress, and passes on every other
    error of machine and source. On retry: a new machine begins with the platform's
    offset, and nothing is sent twice but what it has not confirmed.
    """
    transfer = _Transfer(upload, source, on_progress, before_finish, digest, proxies)
    farthest, setbacks = upload.confirmed, _Setbacks(pause)
    with closing(transfer.wire):
        while True:
            setback = None
            try:
                request = upload.next_request()
                answer = transfer.exchange(request)
                finished = _take_in(upload, request, answer, observe)
                if finished is not None:
                    return finished
                if isinstance(answer, Silence):
                    setback = _unreachable()
                elif request.length and upload.confirmed <= farthest:
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
    upload: Upload,
    *,
    on_progress: Callable[[int], None],
    pause: Callable[[float], None],
    observe: Observer = unobserved,
    proxies: Proxies = DIRECT,
) -> Finished | None:
    """Ask the platform what it made of the session; nothing is sent.

    Returns it, or None when the platform says that nothing was made; then
    `upload.confirmed` is how many bytes it has. Asks again where the answer is not clear
    yet. Raises `PlatformUnavailable` when it stays so, and what the machine raises.
    """
    setbacks = _Setbacks(pause)
    wire = Wire(beat=lambda: on_progress(upload.confirmed), proxies=proxies)
    with closing(wire):
        while True:
            upload.lost()
            try:
                request = upload.next_request()
                answer = wire.exchange(request)
                finished = _take_in(upload, request, answer, observe)
                if isinstance(answer, Answer):
                    return finished
                setback = _unreachable()
            except PlatformUnavailable as error:
                setback = error
            setbacks.bear(setback)


def _take_in(
    upload: Upload, request: Request, answer: Answer | Silence, observe: Observer
) -> Finished | None:
    """Let the machine judge an answer, and tell what it meant whatever that is."""
    if isinstance(answer, Silence):
        upload.lost()
        if answer is Silence.LOST:
            observe(unanswered(request, upload.confirmed))
        return None
    try:
        finished = upload.receive(answer)
    except PlatformError as error:
        observe(refused(request, answer, error, upload.confirmed))
        raise
    observe(answered(request, answer, finished, upload.confirmed))
    return finished


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
        digest: Digest | None,
        proxies: Proxies,
    ) -> None:
        self._upload = upload
        self._source = source
        self._on_progress = on_progress
        self._before_finish = before_finish
        self._digest = digest
        self._sent = upload.confirmed
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self.wire = Wire(beat=self._report, proxies=proxies)

    def exchange(self, request: Request) -> Answer | Silence:
        try:
            if request.length:
                self._sent = request.offset
                self._reach(request.offset)
                self._seek(request.offset)
            elif request.finishes:
                self._reach(self._source.pin.size)
            if request.length or request.finishes:
                self._source.verify(self._report)
            if request.finishes:
                if self._digest is not None and not request.length:
                    self._digest.verify()
                self._before_finish()
            return self.wire.exchange(request, self._body(request))
        except BaseException:
            # The request was left in the middle; whoever goes on with this machine must ask first.
            self._upload.lost()
            raise

    def _body(self, request: Request) -> Read:
        left = request.length

        def read(most: int) -> memoryview:
            nonlocal left
            piece = self._read(most)
            left -= len(piece)
            if self._digest is not None:
                self._digest.feed(piece)
            if request.finishes and not left:
                self._source.verify(self._report)
                if self._digest is not None:
                    self._digest.verify()
            self._sent += len(piece)
            return piece

        return read

    def _reach(self, offset: int) -> None:
        """Feed the digest what was sent before `offset` and is not summed, and its block's head."""
        if self._digest is None:
            return
        at, beat_at = self._digest.reach(offset), time.monotonic() + TICK_SECONDS
        if at == offset:
            return
        self._seek(at)
        while at < offset:
            piece = self._read(offset - at)
            self._digest.feed(piece)
            at += len(piece)
            if time.monotonic() > beat_at:
                beat_at += TICK_SECONDS
                self._report()
        # What changed since it was sent proves nothing of what was sent.
        self._source.verify(self._report)

    def _seek(self, offset: int) -> None:
        while self._source.seek(offset) != offset:
            self._report()

    def _read(self, most: int) -> memoryview:
        view = self._buffer[: min(most, BUFFER_BYTES)]
        while not (count := self._source.read_into(view)):
            self._report()
        return view[:count]

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
