"""One kept-alive HTTPS connection that sends a machine's requests.

A request goes out once: head, body pieces as they come, tail. What comes back is an
`Answer`, or None when the network took it, and then nothing is known about what the
other side did. Nothing is ever resent here, no redirect followed, no proxy used.
"""

import io
import socket
import ssl
from collections.abc import Callable, Iterable
from http.client import HTTPConnection, HTTPException, IncompleteRead
from ipaddress import ip_address
from typing import cast
from urllib.parse import SplitResult, urlsplit

from domain.errors import PlatformMisconfigured
from platforms.transfer.machine import Answer, Request
from platforms.transfer.steady import Cut, SteadySocket, Stream
from platforms.transfer.tls import TlsStream

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 300.0
"""How long an answer may take in all: the final one of a large video is slow."""
SALVAGE_SECONDS = 2.0
"""How long to look for the answer of a server that hung up in mid-body."""
ANSWER_BYTES = 1024 * 1024


class Wire:
    """Holds at most one connection, to the host that was asked last. Not thread-safe.

    `beat` is called about every second in which a request is under way; what it raises
    closes the connection and passes through.
    """

    def __init__(self, *, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._connection: _Connection | None = None

    def exchange(self, request: Request, body: Iterable[memoryview]) -> Answer | None:
        """Send `request` once and read its answer; None when there was none.

        Whatever `body` raises closes the connection in mid-request and passes through.
        An answer that comes before the end of the body is the answer.
        """
        keep = False
        try:
            connection = self._connect(urlsplit(request.url.reveal()))
            whole = _send(connection, request, body)
            answer, reusable = _receive(connection)
            keep = whole and reusable
        except HTTPException:
            return None
        finally:
            if not keep:
                self.close()
        return answer

    def close(self) -> None:
        """Hang up. The next exchange connects again. Never fails."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connect(self, url: SplitResult) -> "_Connection":
        origin = (url.scheme, url.netloc)
        if self._connection is None or self._connection.origin != origin:
            self.close()
            self._connection = _Connection(url, beat=self._beat)
            self._connection.connect()
        return self._connection


class _Connection(HTTPConnection):
    """http.client's manners over a stream of ours."""

    stream: Stream

    def __init__(self, url: SplitResult, *, beat: Callable[[], None]) -> None:
        self.origin = (url.scheme, url.netloc)
        self._beat = beat
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        host = url.hostname or ""
        if self._tls is None and not _is_near(host):
            raise PlatformMisconfigured(
                "platform_insecure", f"Tokens and videos go to {host} by https only."
            )
        super().__init__(host, url.port or (443 if self._tls else 80))

    def connect(self) -> None:
        try:
            sock = socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            raise Cut from None
        steady = SteadySocket(sock, beat=self._beat)
        self._use(steady)
        if self._tls is not None:
            steady.expect_within(CONNECT_SECONDS)
            try:
                self._use(TlsStream(steady, context=self._tls, host=self.host))
            except ssl.SSLCertVerificationError:
                raise PlatformMisconfigured(
                    "platform_untrusted",
                    f"The certificate of {self.host} cannot be verified. "
                    "An additional authority is trusted through SSL_CERT_FILE.",
                ) from None

    def _use(self, stream: Stream) -> None:
        self.stream = stream
        self.sock = cast(socket.socket, _HttpSocket(stream))


class _HttpSocket:
    """The part of a socket that http.client uses."""

    def __init__(self, stream: Stream) -> None:
        self.sendall = stream.sendall
        self.close = stream.close
        self._stream = stream

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self._stream))


class _Reading(io.RawIOBase):
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._stream.recv_into(memoryview(buffer))


def _send(connection: _Connection, request: Request, body: Iterable[memoryview]) -> bool:
    """True when all was sent; False when an answer came, or may have come, before that."""
    url = urlsplit(request.url.reveal())
    length = len(request.head) + request.length + len(request.tail)
    stream = connection.stream
    try:
        connection.putrequest(
            request.method,
            (url.path or "/") + (f"?{url.query}" if url.query else ""),
            skip_host=True,
            skip_accept_encoding=True,
        )
        connection.putheader("Host", url.netloc)
        connection.putheader("Content-Length", str(length))
        for name, value in request.headers.items():
            connection.putheader(name, value)
        connection.endheaders(request.head or None)
        for piece in body:
            if stream.has_spoken():
                break
            stream.sendall(piece)
        else:
            stream.sendall(request.tail)
            stream.expect_within(ANSWER_SECONDS)
            return True
    except Cut:
        # A server that refuses in mid-body answers and reads no more: it may have arrived.
        pass
    stream.expect_within(SALVAGE_SECONDS)
    return False


def _receive(connection: _Connection) -> tuple[Answer, bool]:
    """The answer, and whether the connection may carry another request."""
    response = connection.getresponse()
    body = response.read(ANSWER_BYTES)
    if response.length and len(body) < ANSWER_BYTES:
        raise IncompleteRead(body, response.length)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body), response.isclosed() and not response.will_close


def _is_near(host: str) -> bool:
    """True for this machine, and for a name without a dot: one of its container network."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host
