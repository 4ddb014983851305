"""Sends a machine's requests over one connection that is kept in between.

A request goes out once. What comes back is an `Answer`, or word that there is none: then the
request never left, or it did and nobody knows what became of it. Nothing is sent again here, and
no redirect is followed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from domain.errors import PlatformMisconfigured
from platforms.transfer.machine import Answer, Request
from platforms.unreached import (
    not_through_proxy,
    proxy_untrusted,
    refused_by_proxy,
    untrusted,
)
from transport.curl import Call, Failure, Handle
from transport.hosts import DEFAULT_PORTS
from transport.names import LOOK_UPS, OPERATOR, LookUps, look_up
from transport.proxies import DIRECT, Proxies, is_refusal

TICK_SECONDS = 1.0
BUFFER_BYTES = 1024 * 1024
"""Read from the source, and given to libcurl, at a time. Each transfer holds two of these. A
smaller one costs CPU for its steps; a larger one saves none."""
ANSWER_BYTES = 1024 * 1024

Read = Callable[[int], memoryview]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a platform is waited for, in seconds. No rate is demanded of it."""

    stall: float = 120.0
    """While it takes no byte."""
    answer: float = 300.0
    """From the last byte to the end of the answer: the final one of a large video is slow."""


PATIENCE = Patience()


class Silence(Enum):
    """What is known of a request that has no answer."""

    UNSENT = auto()
    """No byte of it has left."""
    LOST = auto()
    """It may have arrived, in part or whole."""


class Wire:
    """Holds at most one connection, to the host that was asked last. Not thread-safe.

    `beat` is called about every second in which a request is under way, whatever that waits for.
    What it raises closes the connection and passes through.
    """

    def __init__(
        self,
        *,
        beat: Callable[[], None],
        patience: Patience = PATIENCE,
        proxies: Proxies = DIRECT,
        look_ups: LookUps = LOOK_UPS,
    ) -> None:
        self._beat = beat
        self._patience = patience
        self._proxies = proxies
        self._look_ups = look_ups
        self._found: dict[tuple[str, int], list[str]] = {}
        """The addresses of the host that answered last: its connection is kept, as a rule."""
        self._beat_at = time.monotonic() + TICK_SECONDS
        self._handle = Handle()

    def exchange(self, request: Request, read: Read | None = None) -> Answer | Silence:
        """Send `request` once and return its answer.

        `read` gives the next of the request's `length` bytes, at most so many. What it raises
        closes the connection in mid-request and passes through. An answer that comes before the
        end of the body is the answer.

        Raises `PlatformMisconfigured` for a host that cannot be trusted (`platform_insecure`,
        `platform_untrusted`), and for a proxy that cannot or that refuses; `PlatformUnavailable`
        where the proxy makes no connection. No byte has left then.
        """
        call = self._call(request)
        if call is None:
            return Silence.UNSENT
        body = bytearray()

        def write(data: memoryview | bytes) -> bool:
            body.extend(data[: ANSWER_BYTES - len(body)])
            if len(body) == ANSWER_BYTES:
                raise _EnoughError
            return True

        feed = None if call.length is None else _Body(request, read).read
        self._handle.begin(call, write, feed, buffer_bytes=BUFFER_BYTES)
        try:
            self._wait(call)
        except _EnoughError:
            pass
        finally:
            self._handle.end()
        return self._outcome(call, bytes(body))

    def close(self) -> None:
        """Hang up. Never fails."""
        self._handle.close()

    def _call(self, request: Request) -> Call | None:
        """How to send it; None when its host's name leads nowhere now, or can be no name."""
        url = urlsplit(request.url.reveal())
        host, port = _host_of(url)
        proxy = self._proxies.find(url.scheme, host, port)
        reached = (proxy.host, proxy.port) if proxy else (host, port)
        try:
            addresses = self._found.get(reached) or self._look_up(*reached)
        except (OSError, ValueError):  # the latter: what can be no name
            if proxy is not None:
                raise not_through_proxy(host) from None
            return None
        length = len(request.head) + request.length + len(request.tail)
        return Call(
            method=request.method,
            url=request.url.reveal(),
            host=host,
            port=port,
            addresses=addresses,
            headers=tuple(request.headers.items()),
            length=length if length or request.method not in ("GET", "DELETE") else None,
            proxy=proxy,
        )

    def _look_up(self, host: str, port: int) -> list[str]:
        return look_up(host, port, whose=OPERATOR, beat=self._beat_if_due, look_ups=self._look_ups)

    def _wait(self, call: Call) -> None:
        patience, sent, moved_at = self._patience, 0, time.monotonic()
        while not self._handle.step(self._beat_at - time.monotonic()):
            # A step moves a piece of the body as a rule: what costs time is left to each second.
            if (now := time.monotonic()) < self._beat_at:
                continue
            self._beat_if_due()
            if self._handle.sent != sent:
                sent, moved_at = self._handle.sent, now
            is_whole = sent >= (call.length or 0)
            if now > moved_at + (patience.answer if is_whole else patience.stall):
                self._handle.abandon()

    def _outcome(self, call: Call, body: bytes) -> Answer | Silence:
        handle = self._handle
        self._found.clear()
        if handle.failure is None:
            reached = call.proxy or call
            self._found[reached.host, reached.port] = list(call.addresses)
            return Answer(handle.head.status, handle.head.all(), body)
        if handle.failure is Failure.UNTRUSTED:
            raise untrusted(call.host)
        if handle.failure is Failure.PROXY_UNTRUSTED:
            raise proxy_untrusted()
        if call.proxy is not None and not handle.was_sent:
            if is_refusal(handle.proxy_status):
                raise refused_by_proxy(call.host, handle.proxy_status)
            raise not_through_proxy(call.host)
        return Silence.LOST if handle.was_sent else Silence.UNSENT

    def _beat_if_due(self) -> None:
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + TICK_SECONDS
            self._beat()


class _EnoughError(Exception):
    """The answer is longer than anything that would be read of it."""


class _Body:
    """The head of a request's body, what is read, and the tail."""

    def __init__(self, request: Request, read: Read | None) -> None:
        self._ready = memoryview(request.head)
        self._left = request.length
        self._tail = memoryview(request.tail)
        self._read = read

    def read(self, most: int) -> memoryview:
        if not self._ready and self._left:
            assert self._read is not None
            piece = self._read(min(most, self._left))
            self._left -= len(piece)
            return piece
        if not self._ready:
            self._ready, self._tail = self._tail, self._tail[:0]
        piece, self._ready = self._ready[:most], self._ready[most:]
        return piece


def _host_of(url: SplitResult) -> tuple[str, int]:
    host = url.hostname or ""
    if url.scheme != "https" and not _is_near(host):
        raise PlatformMisconfigured(
            "platform_insecure", f"Tokens and videos go to {host} by https only."
        )
    return host, url.port or DEFAULT_PORTS[url.scheme]


def _is_near(host: str) -> bool:
    """True for this machine, and for a name without a dot: one of its container network."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host
