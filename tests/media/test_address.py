"""How a URL is taken apart."""

import pytest

from media.address import is_literal, parse


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


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("127.0.0.1", True), ("2130706433", True), ("[::1]", True), ("localhost", False)],
)
def test_an_address_that_needs_no_look_up_is_told_from_a_name(host: str, is_one: bool) -> None:
    assert is_literal(parse(f"https://{host}/", allow_private=False)) is is_one
