"""Which client a request comes from, as far as that can be known.

The socket's peer is the client unless the operator named it a trusted proxy. Then the client is
the rightmost hop of `X-Forwarded-For` that is not a trusted proxy itself: everything to the left
of that hop was written by the client and proves nothing. Pure.
"""

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

UNKNOWN = "unknown"
"""The client of a request without an address, such as one over a Unix socket."""

_IPV6_PREFIX = 64
"""One customer of an internet provider has at least a /64, so its addresses count as one."""


def client_of(peer: str | None, forwarded_for: Iterable[str], trusted: Sequence[Network]) -> str:
    """The name under which a client is counted: an IPv4 address, or an IPv6 /64 network.

    `forwarded_for` is the lines of the header. A hop that is no address ends the search: the
    proxy to the right of it is the client then.
    """
    client = _parse(peer or "")
    if client is None:
        return UNKNOWN
    hops = [hop for line in forwarded_for for hop in line.split(",")]
    while hops and is_trusted(client, trusted):
        hop = _parse(_without_port(hops.pop().strip()))
        if hop is None:
            break
        client = hop
    return _counted_as(client)


def peer_of(peer: str | None, trusted: Sequence[Network]) -> str | None:
    """The name under which a peer's connections are counted; None for a trusted proxy."""
    address = _parse(peer or "")
    if address is None:
        return UNKNOWN
    return None if is_trusted(address, trusted) else _counted_as(address)


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _counted_as(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address.packed, _IPV6_PREFIX), strict=False))


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _without_port(hop: str) -> str:
    """`192.0.2.1:5678` and `[2001:db8::1]:5678` as some proxies write them."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
