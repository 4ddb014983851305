"""The HTTP server under the API: uvicorn with bounds on what a client may hold.

h11 parses, because httptools has no limit on a head. Each connection has a deadline for the head
of a request, for the rest of a body that nobody reads any more, and for taking in an answer. The
number of connections is bounded in total, well below the limit of open files, and per peer; a
connection beyond the total displaces the one that has been idle the longest.
"""

import asyncio
import json
import logging
import resource
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from domain.clients import Network, peer_of
from domain.errors import Remedy
from runtime.settings import Settings

MAX_HEAD = 16 * 1024
"""Bytes of a request line with its headers."""
HEAD_SECONDS = 10.0
"""From the first byte of a head, or from the connect, to the end of the head."""
KEEP_ALIVE_SECONDS = 65
"""Longer than reverse proxies keep their connections, so that none is closed while in use."""
READER_SECONDS = 30.0
"""How long a client may leave an answer unread while more of it waits to be sent."""
LINGER_SECONDS = 2.0
"""How long bytes are discarded after a refusal, so that the client can read it."""
LINGER_BYTES = 1024 * 1024
"""How many of them. Further ones are not read: even discarding them takes time from others."""

log = logging.getLogger("uvicorn.error.castline")
# What a client sends wrong is answered, not logged: it could fill the disk.
log.setLevel(logging.ERROR)


def build_server(
    settings: Settings, *, on_listening: Callable[[], None] = lambda: None
) -> uvicorn.Server:
    """The server of `castline api`. It listens when it is run, and says so once it does."""

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_listening()

    return Announced(
        _config(
            settings,
            "api.app:create_app",
            factory=True,
            host=settings.host,
            port=settings.port,
            timeout_graceful_shutdown=settings.graceful_seconds,
        )
    )


@asynccontextmanager
async def serving(
    settings: Settings, app: ASGIApp, listeners: Sequence[socket.socket]
) -> AsyncIterator[None]:
    """Serve an application inside the block, in a process that has another job."""
    server = _Guest(_config(settings, app, lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=list(listeners)))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({task})
        for listener in listeners:
            listener.close()


class _Guest(uvicorn.Server):
    """A server that leaves the signals to the process it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(settings: Settings, app: ASGIApp | str, **more: Any) -> uvicorn.Config:
    most = min(settings.max_connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
    room = Room(most, settings.connections_per_address, settings.trusted_proxies)

    class Bounded(BoundedProtocol):
        shared = room

    return uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        h11_max_incomplete_event_size=MAX_HEAD,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        # `domain.clients` is the one reader of X-Forwarded-For.
        proxy_headers=False,
        server_header=False,
        # Ours is set up, and a line per request would hold the codes of callbacks.
        log_config=None,
        access_log=False,
        **more,
    )


class Room:
    """The connections of one server: how many there are, in total and per peer."""

    def __init__(self, most: int, per_peer: int, trusted: Sequence[Network]) -> None:
        self._most = most
        self._per_peer = per_peer
        self._trusted = trusted
        self._held: dict[BoundedProtocol, str | None] = {}
        self._by_peer: Counter[str | None] = Counter()
        self._idle: dict[BoundedProtocol, None] = {}

    def enter(self, connection: "BoundedProtocol", address: str | None) -> bool:
        """Count a connection. False when it may not stay: nothing is counted then."""
        peer = peer_of(address, self._trusted)
        if peer is not None and self._by_peer[peer] >= self._per_peer:
            return False
        if len(self._held) >= self._most and not self._displace():
            return False
        self._held[connection] = peer
        self._by_peer[peer] += 1
        return True

    def leave(self, connection: "BoundedProtocol") -> None:
        """Idempotent."""
        self._idle.pop(connection, None)
        if connection not in self._held:
            return
        peer = self._held.pop(connection)
        self._by_peer[peer] -= 1
        if not self._by_peer[peer]:
            del self._by_peer[peer]

    def is_idle(self, connection: "BoundedProtocol", idle: bool) -> None:
        """Note whether a connection has a request. An idle one may be displaced."""
        self._idle.pop(connection, None)
        if idle and connection in self._held:
            self._idle[connection] = None

    def _displace(self) -> bool:
        oldest = next(iter(self._idle), None)
        if oldest is None:
            return False
        self.leave(oldest)
        oldest.transport.abort()
        return True


class BoundedProtocol(H11Protocol):
    """One connection. `shared` is the room that all connections of the server share."""

    shared: Room

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = log
        self._deadline: asyncio.TimerHandle | None = None
        self._reader_deadline: asyncio.TimerHandle | None = None
        self._is_over = False
        self._discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        peer = transport.get_extra_info("peername")
        if not self.shared.enter(self, peer[0] if isinstance(peer, tuple) else None):
            self._is_over = True
            transport.write(_TOO_MANY_CONNECTIONS)
            transport.close()
            return
        super().connection_made(transport)
        self.shared.is_idle(self, True)
        self._expect(HEAD_SECONDS, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.shared.leave(self)
        self._expect_nothing()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            self._discard(data)
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self._deadline is None and not self._is_over:
            self._expect(HEAD_SECONDS, self._head_is_late)

    def handle_events(self) -> None:
        if self._is_head_too_long():
            self._refuse(431, "The head of the request is too long.")
            return
        super().handle_events()
        if self.conn.their_state is not h11.IDLE and not self._is_over:
            self._expect_nothing()
            self.shared.is_idle(self, False)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            # Closing waits for the client to take in what is still to be sent.
            self._expect(READER_SECONDS, self.transport.abort)
            return
        if self.conn.their_state is h11.IDLE:
            self.shared.is_idle(self, True)
        elif self.conn.our_state is h11.DONE:
            # The rest of the body is discarded; this is how long that is awaited.
            self._expect(HEAD_SECONDS, self._end)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's signature
        """What uvicorn calls while it handles h11's error, which says how it is answered."""
        if getattr(sys.exc_info()[1], "error_status_hint", 400) == 431:
            self._refuse(431, "The head of the request is too long.")
        else:
            self._refuse(400, "The request is not valid HTTP/1.1.")

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._reader_deadline is None:
            self._reader_deadline = self.loop.call_later(READER_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._reader_deadline is not None:
            self._reader_deadline.cancel()
            self._reader_deadline = None
        if self.flow is not None:
            super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        self._expect(READER_SECONDS, self.transport.abort)
        super().timeout_keep_alive_handler()

    def _is_head_too_long(self) -> bool:
        """h11 checks what is incomplete; a head that came whole is to be as short."""
        if self.conn.their_state is not h11.IDLE:
            return False
        received, _ = self.conn.trailing_data
        return len(received) > MAX_HEAD and not any(
            0 <= received.find(end) < MAX_HEAD for end in (b"\n\r\n", b"\n\n")
        )

    def _head_is_late(self) -> None:
        self._refuse(408, "The head of the request did not arrive in time.")

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer, and close as soon as the client has had time to read it."""
        if self._is_over or self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE:
            self.transport.write(_refusal(status, sentence))
        self._end()

    def _end(self) -> None:
        self._is_over = True
        self.shared.is_idle(self, True)
        self._unset_keepalive_if_required()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._expect(LINGER_SECONDS, self.transport.abort)

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > LINGER_BYTES and not self.transport.is_closing():
            self.transport.pause_reading()

    def _expect(self, seconds: float, otherwise: Callable[[], None]) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, otherwise)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


_CODES = {
    400: ("not_http", Remedy.CHANGE),
    408: ("request_timeout", Remedy.CHANGE),
    431: ("head_too_large", Remedy.CHANGE),
    503: ("too_many_connections", Remedy.WAIT),
}


def _refusal(status: int, sentence: str) -> bytes:
    """A whole answer in the API's shape of an error, for what never reaches the application."""
    code, remedy = _CODES[status]
    problem = {"error": sentence, "code": code, "details": {}, "remedy": remedy}
    body = json.dumps(problem).encode()
    lines = [
        b"HTTP/1.1 %d %s" % (status, STATUS_PHRASES[status]),
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        b"cache-control: no-store",
        b"connection: close",
    ]
    if remedy is Remedy.WAIT:
        lines.append(b"retry-after: 5")
    return b"\r\n".join([*lines, b"", body])


_TOO_MANY_CONNECTIONS = _refusal(
    503, "There are too many connections, in total or from this address. Close some."
)
