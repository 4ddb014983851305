"""Asks a web server for bytes, never one that the policy keeps us from.

The connection goes to the very address that `transport.address` has checked, and redirects are
followed by the same rules, hop by hop. Proxies are not used. Sentences name the host alone,
for a presigned URL is a secret.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer
from urllib.parse import urljoin

from domain.errors import InvalidRequest, SourceUnreachable, SourceUnusable
from media.policy import SourcePolicy
from transport.address import Address, parse, resolve

CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0
"""Of silence. A transfer's heartbeat waits meanwhile, so it is well under that one's limit."""
ANSWER_SECONDS = 20.0
"""Until the head of an answer is there, all redirects together: lines may come byte by byte."""
FILL_SECONDS = 1.0
REDIRECTS = 5

USER_AGENT = "Castline/1"
"""Some origins refuse a request without one."""

_PASSING = frozenset({408, 425, 429})


class Response:
    """An answer whose body is yet to be read, and the connection that it holds."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self._sock = connection.sock  # the connection forgets it once the answer has begun
        self._response = connection.getresponse()
        self.status = self._response.status
        self.host = connection.host
        self.length: int | None = self._response.length
        """Bytes of the body, where the origin says how many there are."""

    def header(self, name: str) -> str:
        """The header's value, empty when there is none."""
        return self._response.headers.get(name, "")

    def read_into(self, view: memoryview) -> int:
        """Fill `view` as far as a second suffices; 0 at the end of body or connection.

        Raises `SourceUnreachable` when the connection breaks or is silent for too long.
        """
        filled, until = 0, time.monotonic() + FILL_SECONDS
        try:
            # `readinto` would wait until the view is full: for hours, if an origin trickles.
            while filled < len(view) and (not filled or time.monotonic() < until):
                piece = self._response.read1(len(view) - filled)
                if not piece:
                    break
                view[filled : filled + len(piece)] = piece
                filled += len(piece)
        except (OSError, HTTPException):
            raise unreachable(self.host) from None
        return filled

    @contextmanager
    def hung_up(self, *, at: float) -> Iterator[None]:
        """Around a read: break the connection at that moment of the monotonic clock.

        Raises `TimeoutError` when the moment has come, whatever the read has returned or raised.
        """
        try:
            with _hung_up(self._sock, at=at):
                yield
        except SourceUnreachable:
            if time.monotonic() >= at:
                raise TimeoutError from None
            raise

    def close(self) -> None:
        """Hang up, whatever has not been read. Never fails."""
        self._response.close()
        self._connection.close()


def get(
    url: str,
    *,
    policy: SourcePolicy,
    headers: Mapping[str, str],
    within: float = ANSWER_SECONDS,
) -> Response:
    """GET `url` and return its answer if it is 200, 206 or 416.

    Raises `SourceUnusable` with `source_not_allowed` for what the policy forbids and
    `source_refused` for an answer that will stay the same, `SourceUnreachable` for none
    `within` so many seconds, 408, 425, 429 and 5xx.
    """
    until = time.monotonic() + within
    for _ in range(REDIRECTS + 1):
        response = _get_once(url, policy, headers, until)
        if response.status in (200, 206, 416):
            return response
        location = response.header("location")
        response.close()
        if not (300 <= response.status < 400 and location):
            raise _error(response)
        url = urljoin(url, _as_utf8(location))
    raise SourceUnusable("source_refused", f"{response.host} redirects without end.")


def _as_utf8(header: str) -> str:
    """A header whose raw bytes are UTF-8, which http.client reads as Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def unreachable(host: str) -> SourceUnreachable:
    return SourceUnreachable("source_unreachable", f"{host} does not answer now.")


def _get_once(url: str, policy: SourcePolicy, headers: Mapping[str, str], until: float) -> Response:
    try:
        address = parse(url, allow_private=policy.allow_private, ports=policy.ports)
        return _ask(address, policy, headers, until)
    except InvalidRequest as error:
        raise SourceUnusable("source_not_allowed", error.sentence) from None


def _ask(
    address: Address, policy: SourcePolicy, headers: Mapping[str, str], until: float
) -> Response:
    connection = HTTPConnection(address.host, address.port)
    try:
        sock = _connect(address, policy, until)
        connection.sock = sock
        with _hung_up(sock, at=until):
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            connection.request(
                "GET",
                address.target,
                headers={
                    "Host": address.authority,
                    "Accept-Encoding": "identity",
                    "User-Agent": USER_AGENT,
                    **headers,
                },
            )
            return Response(connection)
    except ssl.SSLCertVerificationError:
        connection.close()
        raise SourceUnusable(
            "source_refused", f"The certificate of {address.host} cannot be verified."
        ) from None
    except (OSError, HTTPException):
        connection.close()
        raise unreachable(address.host) from None


@contextmanager
def _hung_up(sock: socket.socket, *, at: float) -> Iterator[None]:
    """Break the connection at that moment, whoever waits on it: its own timeout is per read.

    Raises `TimeoutError` after it: a head that was broken off looks like a short one.
    """

    def hang_up() -> None:
        with suppress(OSError):
            # Of TLS, too, the plain one: the other thread is in the midst of its own.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = Timer(max(at - time.monotonic(), 0), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if time.monotonic() >= at:
        raise TimeoutError


def _connect(address: Address, policy: SourcePolicy, until: float) -> socket.socket:
    """A connection, with TLS before its handshake: that is bounded together with the request."""
    allowed = resolve(address, allow_private=policy.allow_private, whose=policy.whose)
    sock = _first_that_connects(allowed, address.port, until)
    if address.scheme == "http":
        return sock
    return ssl.create_default_context().wrap_socket(
        sock, server_hostname=address.host, do_handshake_on_connect=False
    )


def _first_that_connects(addresses: list[str], port: int, until: float) -> socket.socket:
    trouble = OSError()
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            sock = socket.create_connection((address, port), timeout=min(CONNECT_SECONDS, left))
        except OSError as error:
            trouble = error
            continue
        sock.settimeout(READ_SECONDS)
        return sock
    raise trouble


def _error(response: Response) -> SourceUnusable | SourceUnreachable:
    if response.status >= 500 or response.status in _PASSING:
        return unreachable(response.host)
    return SourceUnusable(
        "source_refused", f"{response.host} answered {response.status} and does not give the video."
    )
