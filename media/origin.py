"""Asks a web server for bytes, never one that the policy keeps us from.

The name is resolved once, every address that is not public is struck out, and the
connection goes to the very address that was checked: a name that changes its address
between check and use gains nothing. Redirects are followed by the same rules, hop by
hop. Proxies are not used. Sentences name the host alone, for a presigned URL is a secret.
"""

import socket
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from domain.errors import SourceUnreachable, SourceUnusable
from media.policy import SourcePolicy

CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0
"""Of silence. A transfer's heartbeat waits meanwhile, so it is well under that one's limit."""
FILL_SECONDS = 1.0
REDIRECTS = 5

_PASSING = frozenset({408, 425, 429})
_NAT64 = IPv6Network("64:ff9b::/96")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""Left as they are in a target: reserved characters, and the sign of what is quoted already."""


class Response:
    """An answer whose body is yet to be read, and the connection that it holds."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self._response = connection.getresponse()
        self.status = self._response.status
        self.host = connection.host

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

    def close(self) -> None:
        """Hang up, whatever has not been read. Never fails."""
        self._response.close()
        self._connection.close()


def get(url: str, *, policy: SourcePolicy, headers: Mapping[str, str]) -> Response:
    """GET `url` and return its answer if it is 200, 206 or 416.

    Raises `SourceUnusable` with `source_not_allowed` for what the policy forbids and
    `source_refused` for an answer that will stay the same, `SourceUnreachable` for no
    answer, 408, 425, 429 and 5xx.
    """
    for _ in range(REDIRECTS + 1):
        response = _get_once(_checked(url, policy), policy, headers)
        if response.status in (200, 206, 416):
            return response
        location = response.header("location")
        response.close()
        if not (300 <= response.status < 400 and location):
            raise _error(response)
        url = urljoin(url, location)
    raise SourceUnusable("source_refused", f"{response.host} redirects without end.")


def unreachable(host: str) -> SourceUnreachable:
    return SourceUnreachable("source_unreachable", f"{host} does not answer now.")


def _checked(url: str, policy: SourcePolicy) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for what is not a port
    except ValueError:
        raise _not_allowed("The video's address is not a valid URL.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and policy.allow_private):
        raise _not_allowed("A video is read by https only.")
    if not parts.hostname or "@" in parts.netloc:
        raise _not_allowed("The video's address needs a host, and neither user nor password.")
    return parts


def _get_once(url: SplitResult, policy: SourcePolicy, headers: Mapping[str, str]) -> Response:
    host = url.hostname or ""
    connection = HTTPConnection(host, _port(url))
    try:
        connection.sock = _connect(url, policy)
        query = f"?{url.query}" if url.query else ""
        connection.request(
            "GET",
            quote((url.path or "/") + query, _SAFE),
            headers={"Host": _ascii(url.netloc), "Accept-Encoding": "identity", **headers},
        )
        return Response(connection)
    except ssl.SSLCertVerificationError:
        connection.close()
        raise SourceUnusable(
            "source_refused", f"The certificate of {host} cannot be verified."
        ) from None
    except (OSError, HTTPException):
        connection.close()
        raise unreachable(host) from None


def _connect(url: SplitResult, policy: SourcePolicy) -> socket.socket:
    host = url.hostname or ""
    found = socket.getaddrinfo(_ascii(host), _port(url), type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    allowed = [ip for ip in addresses if policy.allow_private or _is_public(ip)]
    if not allowed:
        raise _not_allowed(f"{host} is not on the public internet.")
    sock = _first_that_connects(allowed, _port(url))
    if url.scheme == "http":
        return sock
    try:
        return ssl.create_default_context().wrap_socket(sock, server_hostname=_ascii(host))
    except OSError:
        sock.close()
        raise


def _first_that_connects(addresses: list[str], port: int) -> socket.socket:
    trouble = OSError()
    for address in addresses:
        try:
            sock = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
        except OSError as error:
            trouble = error
            continue
        sock.settimeout(READ_SECONDS)
        return sock
    raise trouble


def _is_public(address: str) -> bool:
    ip = ip_address(address.partition("%")[0])
    inner = _inner(ip)
    return ip.is_global and not ip.is_multicast and (inner is None or _is_public(str(inner)))


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to, where it is a wrapping of one."""
    if not isinstance(ip, IPv6Address):
        return None
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise _not_allowed("The video's address names no valid host.") from None


def _not_allowed(sentence: str) -> SourceUnusable:
    return SourceUnusable("source_not_allowed", sentence)


def _error(response: Response) -> SourceUnusable | SourceUnreachable:
    if response.status >= 500 or response.status in _PASSING:
        return unreachable(response.host)
    return SourceUnusable(
        "source_refused", f"{response.host} answered {response.status} and does not give the video."
    )
