"""Which client a request comes from."""

from ipaddress import ip_network

import pytest

from domain.clients import UNKNOWN, client_of, peer_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        # Without a proxy that is trusted, the header is the client's own word.
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        # The rightmost hop that is no proxy; what stands left of it was sent by the client.
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2::9]:4711"], "2001:db8:1:2::/64"),
        # Nothing that can be read: the proxy itself.
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        # IPv6 counts by its /64, and IPv4 in IPv6 as IPv4.
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (None, ["198.51.100.1"], UNKNOWN),
    ],
)
def test_the_client_of_a_request(peer: str | None, forwarded_for: list[str], client: str) -> None:
    assert client_of(peer, forwarded_for, PROXIES) == client


def test_a_trusted_proxys_connections_are_not_counted_as_one_clients() -> None:
    assert peer_of("10.1.2.3", PROXIES) is None
    assert peer_of("203.0.113.7", PROXIES) == "203.0.113.7"
    assert peer_of("2001:db8::1", PROXIES) == peer_of("2001:db8::2", PROXIES)
