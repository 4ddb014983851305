"""How a URL is taken apart."""

import pytest

from domain.errors import InvalidRequest
from transport.address import parse, resolve
from transport.names import is_literal


@pytest.mark.parametrize(
    ("url", "host", "authority"),
    [
        ("https://fa\u00df.de/", "xn--fa-hia.de", "xn--fa-hia.de"),
        (
            "https://B\u00fccher.Example:8443/",
            "xn--bcher-kva.example",
            "xn--bcher-kva.example:8443",
        ),
        ("https://a_b.example/", "a_b.example", "a_b.example"),
        ("https://[2606:4700::1]:8443/", "2606:4700::1", "[2606:4700::1]:8443"),
    ],
)
def test_a_host_is_written_by_the_rules_of_today(url: str, host: str, authority: str) -> None:
    address = parse(url, allow_private=False)
    assert (address.host, address.authority) == (host, authority)


@pytest.mark.parametrize("host", ["[v1.a]", "[v1.a:b]", "[vF.127.0.0.1]"])
def test_brackets_hold_an_ipv6_address_and_nothing_else(host: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse(f"https://{host}/", allow_private=True)
    assert raised.value.code == "address_not_allowed"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1.", "127.1.", "2130706433.", "0x7f.1.", "0177.0.0.1."),
        *("1.2.3.4.5", "256.1.1.1", "4294967296", "08.1.1.1", "a.0x7f", "films.1", "films.1."),
        *("127.0.0.%31", "ex%61mple.com", "%6cocalhost", "films.example%00.com"),
        *("[::1%25lo]", "[::1%lo]", "[fe80::1%25eth0]"),
        *("films,example.com", "films!example.com", "films*example.com", "a'b.com", "a;b.com"),
        *("a\\b.example", "a|b.example", "a\u3000b.example", "a\x7fb.example", "films$.example"),
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_a_host_that_parsers_read_differently_is_refused(host: str, allow_private: bool) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse(f"https://{host}/", allow_private=allow_private)
    assert raised.value.code == "address_not_allowed"


@pytest.mark.parametrize(
    ("url", "rebuilt"),
    [
        ("HTTPS://Films.Example", "https://films.example/"),
        ("https://films.example:8443/a b?c=\u00e9#d", "https://films.example:8443/a%20b?c=%C3%A9"),
        ("https://films.example/a\\b/../%2e/%zz?", "https://films.example/a%5Cb/../%2e/%zz"),
        ("https://films.example./a", "https://films.example./a"),
        ("https://\uff26ilms.example/", "https://films.example/"),
        ("https://films\u3002example/", "https://films.example/"),
        ("https://film\ts.example/\na", "https://films.example/a"),
        ("https://[2606:4700::A]:443/a", "https://[2606:4700::a]:443/a"),
        ("https://films.example/?a=1&b={x}", "https://films.example/?a=1&b=%7Bx%7D"),
        ("https://a-1.b_2.example/", "https://a-1.b_2.example/"),
    ],
)
def test_a_url_is_made_again_of_what_was_understood(url: str, rebuilt: str) -> None:
    assert parse(url, allow_private=False).url == rebuilt


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("127.0.0.1", True), ("2130706433", True), ("[::1]", True), ("localhost", False)],
)
def test_an_address_that_needs_no_look_up_is_told_from_a_name(host: str, is_one: bool) -> None:
    assert is_literal(parse(f"https://{host}/", allow_private=False).host) is is_one


METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "2852039166",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[::ffff:169.254.169.254]",
    "[::ffff:168.63.129.16]",
    "[64:ff9b::a83f:8110]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a83f:8110::]",
]


@pytest.mark.parametrize("host", METADATA)
@pytest.mark.parametrize("allow_private", [False, True])
def test_a_metadata_service_is_never_called(host: str, allow_private: bool) -> None:
    address = parse(f"https://{host}/latest/", allow_private=allow_private)
    with pytest.raises(InvalidRequest, match="metadata service") as raised:
        resolve(address, allow_private=allow_private, whose="")
    assert raised.value.code == "address_not_allowed"


@pytest.mark.parametrize("port", [1, 22, 25, 80, 2375, 6379, 8420, 9200, 65535])
def test_a_port_that_is_not_allowed_is_refused_with_those_that_are(port: int) -> None:
    with pytest.raises(InvalidRequest, match=f"Port {port} is not allowed. Use 443 or 8443"):
        parse(f"https://media.example:{port}/", allow_private=False)


def test_the_operator_chooses_the_ports() -> None:
    ports = frozenset({9443})
    assert parse("https://media.example:9443/", allow_private=False, ports=ports).port == 9443
    for other in ("https://media.example/", "https://media.example:8443/"):
        with pytest.raises(InvalidRequest, match="Use 9443"):
            parse(other, allow_private=False, ports=ports)


def test_where_private_addresses_are_allowed_any_port_is() -> None:
    assert parse("http://127.0.0.1:4321/", allow_private=True).port == 4321
    assert parse("http://127.0.0.1/", allow_private=True).port == 80
