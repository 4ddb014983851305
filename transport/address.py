"""Where a URL that a caller named may lead: to a public address, by https.

A URL is taken apart once, its name is resolved once, and every address that is not public is
struck out; whoever connects does so to one of those that are left, so a name that changes its
address between check and use gains nothing. The operator may allow private addresses, and with
them plain http and any port. The metadata services of clouds are never called, because they
answer with credentials of the machine. Sentences name the host alone, for such a URL may be a
secret.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urlsplit

import idna

from domain.errors import InvalidRequest
from transport.hosts import DEFAULT_PORTS, bracketed
from transport.names import SECONDS, is_literal, look_up

PORTS = frozenset({443, 8443})
"""The ports of https that are allowed by default."""
_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Google, Azure, Oracle and most others
            "169.254.170.2",  # AWS: credentials of a container
            "169.254.170.23",  # AWS: credentials of a pod
            "169.254.0.23",  # Tencent
            "168.63.129.16",  # Azure: a public address that leads to the host
            "100.100.100.200",  # Alibaba
            "192.0.0.192",  # Oracle
            "fd00:ec2::254",  # AWS
            "fd00:ec2::23",  # AWS: credentials of a pod
            "fd20:ce::254",  # Google
            "fd00:42::42",  # Scaleway
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_NOT_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")),
    *map(
        IPv6Network,
        ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10"),
    ),
)
"""What Python calls global and the registries of special-purpose addresses do not."""
_MAX_HOST = 253
"""Characters of a name in the DNS."""
_NAME = re.compile(r"[a-z0-9_.-]+")
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The upper half of an interface's identifier that wraps an IPv4 address (RFC 5214)."""
_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""Left as they are in a target: reserved characters, and the sign of what is quoted already."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart, as a request wants it. Its target may carry a signature."""

    scheme: str
    host: str
    """As a name is resolved and a certificate is checked: ASCII, without brackets."""
    port: int
    authority: str
    """For the header Host."""
    target: str

    @property
    def url(self) -> str:
        """The URL of what was understood, in ASCII: no other parser is given the caller's words."""
        return f"{self.scheme}://{self.authority}{self.target}"


def parse(url: str, *, allow_private: bool, ports: Collection[int] = PORTS) -> Address:
    """Take a URL apart. With `allow_private` any port will do, otherwise one of `ports`.

    Raises `InvalidRequest` (code `address_not_allowed`).
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _not_allowed("This is not a valid URL.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_private):
        raise _not_allowed("Only https URLs are visited.")
    if not parts.hostname or "@" in parts.netloc:
        raise _not_allowed("A URL needs a host, and neither user nor password.")
    if "[" in parts.netloc and parts.hostname.startswith("v"):  # of a future version of IP
        raise not_a_host()
    if port == 0:
        raise _not_allowed("Nothing is reached at port 0.")
    real_port = port or DEFAULT_PORTS[parts.scheme]
    if not (allow_private or real_port in ports):
        raise _not_allowed(
            f"Port {real_port} is not allowed. Use {' or '.join(map(str, sorted(ports)))}; "
            "the operator sets the list in CASTLINE_SOURCE_PORTS."
        )
    host = _ascii(parts.hostname)
    if not _is_host(host):
        raise not_a_host()
    name = bracketed(host)
    query = f"?{parts.query}" if parts.query else ""
    return Address(
        scheme=parts.scheme,
        host=host,
        port=real_port,
        authority=name if port is None else f"{name}:{port}",
        target=quote((parts.path or "/") + query, _SAFE),
    )


def resolve(
    address: Address,
    *,
    allow_private: bool,
    whose: str,
    seconds: float = SECONDS,
) -> list[str]:
    """The IP addresses that may be connected to, in the order of preference; never empty.

    Raises what `judge` raises, and `OSError` when the name leads nowhere now or is not found
    within so many seconds.
    """
    try:
        found = look_up(address.host, address.port, whose=whose, seconds=seconds)
    except ValueError:  # what can be no name is not even asked for
        raise not_a_host() from None
    return judge(address, found, allow_private=allow_private)


def judge(address: Address, found: Sequence[str], *, allow_private: bool) -> list[str]:
    """Those of the IP addresses found that may be connected to; never none. Pure.

    Raises `InvalidRequest` when none of them is public (code `address_not_public`) or one of them
    is a cloud's metadata service (code `address_not_allowed`).
    """
    if any(map(_is_metadata, found)):
        raise _not_allowed(f"{address.host} leads to a cloud's metadata service.")
    allowed = [ip for ip in found if allow_private or _is_public(ip)]
    if not allowed:
        raise InvalidRequest("address_not_public", f"{address.host} is not on the public internet.")
    return allowed


def _is_metadata(address: str) -> bool:
    ip = _ip(address)
    # Whatever the prefix: a translator between IPv6 and IPv4 may be set up for any.
    last = IPv4Address(int(ip) & 0xFFFFFFFF)
    return not _METADATA.isdisjoint((ip, last, _inner(ip)))


def _is_public(address: str) -> bool:
    ip = _ip(address)
    if not ip.is_global or ip.is_multicast or any(ip in network for network in _NOT_PUBLIC):
        return False
    inner = _inner(ip)
    return inner is None or _is_public(str(inner))


def _ip(address: str) -> IPv4Address | IPv6Address:
    return ip_address(address.partition("%")[0])


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to, where it is a wrapping of one."""
    if not isinstance(ip, IPv6Address):
        return None
    if ip in _NAT64 or int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _is_host(host: str) -> bool:
    """True for what every parser reads alike: a name of plain letters, or an IP address.

    Others decode percent signs, know zones of IPv6, and take `127.0.0.1.` for an address.
    """
    if ":" in host:
        return "%" not in host
    if _ENDS_IN_A_NUMBER.fullmatch(host):
        return is_literal(host)
    return len(host) <= _MAX_HOST and bool(_NAME.fullmatch(host))


def _ascii(host: str) -> str:
    if not host.isprintable() or " " in host:
        raise not_a_host()
    try:
        # Python's own codec writes by the rules of 2003, by which a "ß" leads to a stranger; those
        # of 2008 forbid the underscore, which some ASCII names have.
        if host.isascii():
            return host.encode("idna").decode()
        return idna.encode(host, uts46=True).decode()
    except UnicodeError:
        raise not_a_host() from None


def not_a_host() -> InvalidRequest:
    """What is raised for a host that can be no name."""
    return _not_allowed("This URL names no valid host.")


def _not_allowed(sentence: str) -> InvalidRequest:
    return InvalidRequest("address_not_allowed", sentence)
