"""Where a browser may be sent, without a server."""

import pytest

from api.redirects import is_allowed, is_loopback, with_result

PREFIXES = ["https://app.example.com/connected", "http://127.0.0.1:3000"]


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/connected",
        "https://APP.example.com/connected/here?customer=1",
        "https://app.example.com:443/connected/",
        "http://127.0.0.1:3000",
        "http://127.0.0.1:3000/anywhere",
        "https://app.example.com/connected#/settings?tab=1",
        "https://app.example.com/connected?a=1#@evil.example/../x",
        "http://127.0.0.1:3000#/",
    ],
)
def test_an_address_under_a_prefix_is_allowed(url: str) -> None:
    assert is_allowed(url, PREFIXES)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/",
        "https://app.example.com/connectedness",
        "https://app.example.com/connected/../admin",
        "https://app.example.com/connected/%2e%2e/admin",
        "https://app.example.com/connected/..%5cadmin",
        "http://app.example.com/connected",
        "https://app.example.com:8443/connected",
        "https://app.example.com.evil.example/connected",
        "https://evil.example/https://app.example.com/connected",
        "https://user@app.example.com/connected",
        "https://app.example.com@evil.example/connected",
        "https://evil.example\\@app.example.com/connected",
        "https:\\\\app.example.com/connected",
        "https://evil.example/#https://app.example.com/connected",
        "https://evil.example#@app.example.com/connected",
        "https://app.example.com#/connected",
        "https://app.example.com/#/connected",
        "https://app.example.com/connected#/x y",
        "https://app.example.com/connected#\\",
        "https://app.example.com/connected\n",
        "https://app.example.com\t/connected",
        "https://app.example.com/connected?x= y",
        "https://\u0430pp.example.com/connected",
        "//app.example.com/connected",
        "/connected",
        "javascript:alert(1)//app.example.com/connected",
        "https://app.example.com:port/connected",
        "https://[::1/connected",
        "http://127.0.0.1:30000",
        "",
        "https://app.example.com/connected?" + "x" * 2000,
    ],
)
def test_what_is_elsewhere_or_can_be_read_in_two_ways_is_not_allowed(url: str) -> None:
    assert not is_allowed(url, PREFIXES)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/x", "http://127.0.0.9", "http://[::1]:80/", "https://localhost"]
)
def test_the_browsers_own_machine_is_loopback(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://localhost.example.com/", "http://0.0.0.0/", "file:///x"]
)
def test_another_machine_is_not_loopback(url: str) -> None:
    assert not is_loopback(url)


def test_a_result_is_added_beside_what_the_query_holds() -> None:
    url = with_result("https://a.example/x?customer=1&empty=&status=old", {"status": "success"})
    assert url == "https://a.example/x?customer=1&empty=&status=success#"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/#/settings?tab=1", "https://a.example/?status=success#/settings?tab=1"),
        ("https://a.example#a#b", "https://a.example?status=success#a#b"),
        # Without one, the browser would hand on Facebook's `#_=_`.
        ("https://a.example/x", "https://a.example/x?status=success#"),
        ("https://a.example/x#", "https://a.example/x?status=success#"),
    ],
)
def test_a_result_goes_before_the_fragment_which_stays(url: str, expected: str) -> None:
    assert with_result(url, {"status": "success"}) == expected


def test_a_prefix_with_a_fragment_allows_nothing() -> None:
    for prefix in ("https://app.example.com/#/settings", "https://app.example.com/x#"):
        assert not is_allowed("https://app.example.com/#/settings", [prefix])
        assert not is_allowed("https://app.example.com/x", [prefix])
