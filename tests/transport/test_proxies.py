"""Which proxy a connection takes, and which words name none that can be used."""

import pytest

from transport.proxies import DIRECT, Proxies, choose_proxies, parse_exceptions, parse_proxy

PROXY = "http://proxy.example.com:3128"


def chosen(url: str | None = PROXY, exceptions: str = "", **usual: str) -> Proxies:
    return choose_proxies(url, usual, exceptions=exceptions)


def goes_direct(words: str, host: str, port: int = 443) -> bool:
    return chosen(exceptions=words).find("https", host, port) is None


@pytest.mark.parametrize(
    ("url", "whole", "host", "port"),
    [
        (
            "http://proxy.example.com:3128",
            "http://proxy.example.com:3128",
            "proxy.example.com",
            3128,
        ),
        ("http://proxy.example.com/", "http://proxy.example.com:80", "proxy.example.com", 80),
        ("HTTPS://Proxy.example.com", "https://proxy.example.com:443", "proxy.example.com", 443),
        ("proxy:3128", "http://proxy:3128", "proxy", 3128),
        ("http://u:p%40ss@proxy:1", "http://u:p%40ss@proxy:1", "proxy", 1),
        ("http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128", "2001:db8::1", 3128),
    ],
)
def test_a_proxy_is_named_by_its_url(url: str, whole: str, host: str, port: int) -> None:
    proxy = parse_proxy(url)
    assert (proxy.url, proxy.host, proxy.port) == (whole, host, port)


@pytest.mark.parametrize(
    "url",
    [
        "socks5://proxy:1080",
        "http://",
        "http://proxy:port",
        "http://proxy:0",
        "http://proxy:70000",
        "http://user:geheim@proxy:3128/path",
        "http://user:geheim@proxy?query",
        "http://user:ge#heim@proxy:3128",
        "http://user:ge@heim@proxy:3128",
        "http://user:gehéim@proxy:3128",
        "http://user:geheim@pro xy:3128",
        "http://user:geheim@proxy:3128\r\nX-Header: 1",
        "http://[::1",
        "http://pro..xy:3128",
        "http://" + "a" * 64 + ":3128",
    ],
)
def test_what_is_no_proxy_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="must be the http or https URL of a proxy") as raised:
        parse_proxy(url)
    assert "heim" not in str(raised.value)


def test_user_and_password_are_sent_decoded_and_never_shown() -> None:
    proxy = parse_proxy("http://u:p%40ss%C3%A9@proxy:3128")
    assert proxy.authorization == b"Basic dTpwQHNzw6k="
    assert "p%40ss" not in repr(chosen("http://u:p%40ss@proxy:3128"))
    assert parse_proxy(PROXY).authorization is None


def test_a_setting_is_for_both_schemes_and_goes_before_the_usual_variables() -> None:
    proxies = chosen(https="http://other:1", http="http://other:1")
    assert proxies.https == proxies.http == parse_proxy(PROXY)


def test_the_usual_variables_are_the_default() -> None:
    proxies = chosen(None, https="http://a:1", http="http://b:2", all="http://c:3")
    assert (proxies.https, proxies.http) == (parse_proxy("http://a:1"), parse_proxy("http://b:2"))
    rest = chosen(None, http="http://b:2", all="http://c:3")
    assert (rest.https, rest.http) == (parse_proxy("http://c:3"), parse_proxy("http://b:2"))
    assert chosen(None, https="http://a:1").http is None
    assert chosen(None) == DIRECT


def test_the_word_none_is_no_proxy_whatever_the_usual_variables_say() -> None:
    assert chosen("none", https=PROXY, http=PROXY) == DIRECT


def test_a_usual_variable_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ValueError, match=r"^all_proxy or ALL_PROXY must be") as raised:
        chosen(None, all="socks5://user:geheim@proxy:1080")
    assert "geheim" not in str(raised.value)
    # Nobody asks for it then.
    assert chosen(PROXY, all="socks5://proxy:1080")


def test_exceptions_are_those_of_the_usual_variable_unless_they_are_given() -> None:
    usual = {"no": "one.example"}
    assert choose_proxies(PROXY, usual).find("https", "one.example", 443) is None
    assert choose_proxies(PROXY, usual, exceptions="two.example").find("https", "one.example", 443)
    assert choose_proxies(PROXY, usual, exceptions="none").find("https", "one.example", 443)


@pytest.mark.parametrize(
    ("words", "direct", "proxied"),
    [
        ("example.com", ["example.com", "EXAMPLE.com.", "a.b.example.com"], ["notexample.com"]),
        (".example.com", ["example.com", "a.example.com"], ["com", "example.com.evil.test"]),
        ("*.example.com", ["a.example.com"], ["example.org"]),
        ("a.test, b.test c.test", ["a.test", "b.test", "c.test"], ["d.test"]),
        ("192.0.2.1", ["192.0.2.1"], ["192.0.2.2", "1.192.0.2.1.test"]),
        ("10.0.0.0/8,2001:db8::/32", ["10.1.2.3", "2001:db8::7"], ["11.0.0.1", "2001:db9::1"]),
        ("[2001:db8::1]", ["2001:db8::1"], ["2001:db8::2"]),
        ("*", ["anything.test", "192.0.2.1", "::1"], []),
        (" , .,", [], ["anything.test"]),
        ("none", [], ["none.test"]),
    ],
)
def test_exceptions_are_names_addresses_and_networks(
    words: str, direct: list[str], proxied: list[str]
) -> None:
    assert all(goes_direct(words, host) for host in direct)
    assert not any(goes_direct(words, host) for host in proxied)


@pytest.mark.parametrize(
    ("words", "host"),
    [
        ("example.com:8443", "a.example.com"),
        ("192.0.2.1:8443", "192.0.2.1"),
        ("[2001:db8::1]:8443", "2001:db8::1"),
        ("*:8443", "anything.test"),
    ],
)
def test_an_exception_may_be_bound_to_a_port(words: str, host: str) -> None:
    assert goes_direct(words, host, 8443)
    assert not goes_direct(words, host, 443)


def test_an_ipv6_address_without_brackets_has_no_port() -> None:
    assert parse_exceptions("2001:db8::8443").hold("2001:db8::8443", 443)


@pytest.mark.parametrize(
    "host", ["localhost", "emulator.localhost", "127.0.0.1", "127.1.2.3", "::1"]
)
def test_loopback_is_asked_of_a_proxy_on_this_machine_only(host: str) -> None:
    # To a proxy elsewhere it is another machine.
    assert chosen().find("http", host, 8421) is None
    for proxy in ("http://127.0.0.1:3128", "http://localhost:3128", "http://[::1]:3128"):
        assert chosen(proxy).find("http", host, 8421) == parse_proxy(proxy)
        assert chosen(proxy, exceptions=host).find("http", host, 8421) is None


@pytest.mark.parametrize("literal", ["192.0.2.1", "2001:db8::1", "2130706433", "0x7f.1"])
def test_a_literal_address_is_never_left_to_a_proxy(literal: str) -> None:
    proxies = choose_proxies(PROXY, {}, resolves=True)
    assert proxies.leaves_look_up(proxies.https, "a.test")
    assert not proxies.leaves_look_up(proxies.https, literal)
    assert not proxies.leaves_look_up(None, "a.test"), "without a proxy it is looked up here"
    assert not chosen().leaves_look_up(chosen().https, "a.test")
