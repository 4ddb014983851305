"""Which proxy a connection takes, if any.

A proxy is always asked to CONNECT, also for plain http, so it sees host and port and no more.
Its own address is the operator's word and is not judged.

A loopback address means another machine to a proxy that runs on another machine. Such a proxy is
not asked for it, so the emulator of a developer's machine is reached behind a company's proxy,
too. A proxy on this machine is asked for loopback addresses like for any other.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import unquote_to_bytes, urlsplit

from transport.hosts import DEFAULT_PORTS, bracketed
from transport.names import is_literal

NONE = "none"
"""Stands for no proxy, and for no exception from one."""
ANY = "*"


class Way(StrEnum):
    """What a connection is for: each kind may have a proxy of its own."""

    PLATFORMS = "platforms"
    SOURCES = "sources"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is asked to CONNECT."""

    url: str = field(repr=False)
    """http or https, with the port, and with user and password where the proxy wants them."""
    host: str
    """As its name is looked up and its certificate is checked, without brackets."""
    port: int

    @property
    def is_encrypted(self) -> bool:
        """True when the connection to the proxy itself is TLS."""
        return self.url.startswith("https:")

    @property
    def authorization(self) -> bytes | None:
        """The value of `Proxy-Authorization`. None: the URL has neither user nor password."""
        userinfo, at, _ = urlsplit(self.url).netloc.rpartition("@")
        if not at:
            return None
        user, _, password = userinfo.partition(":")
        plain = b"%b:%b" % (unquote_to_bytes(user), unquote_to_bytes(password))
        return b"Basic " + base64.b64encode(plain)


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The hosts that are reached without a proxy. Each may be bound to a port."""

    names: tuple[tuple[str, int | None], ...] = ()
    """A name stands for itself and for every name below it; `*` for every host."""
    networks: tuple[tuple[IPv4Network | IPv6Network, int | None], ...] = ()
    """They hold for hosts that are IP addresses. No name is looked up for them."""

    def hold(self, host: str, port: int) -> bool:
        """True when this host is reached without a proxy. Pure."""
        names = [name for name, only in self.names if only in (None, port)]
        if ANY in names:
            return True
        try:
            ip = ip_address(host.partition("%")[0])
        except ValueError:
            host = host.lower().rstrip(".")
            return any(host == name or host.endswith(f".{name}") for name in names)
        return any(ip in network for network, only in self.networks if only in (None, port))


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of one way. Immutable, and asked by any thread."""

    https: Proxy | None = None
    """For targets of https."""
    http: Proxy | None = None
    """For targets of plain http."""
    exceptions: Exceptions = Exceptions()
    resolves: bool = False
    """True: names are looked up by the proxy alone, which enforces what may be reached."""

    def find(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy on the way to a host. None: it is reached directly. Pure."""
        proxy = self.https if scheme == "https" else self.http
        if proxy is None or self.exceptions.hold(host, port):
            return None
        return None if is_loopback(host) and not is_loopback(proxy.host) else proxy

    def leaves_look_up(self, proxy: Proxy | None, host: str) -> bool:
        """True when `proxy`, which was found for `host`, looks it up and judges it. Pure.

        An IP address is never left to a proxy.
        """
        return proxy is not None and self.resolves and not is_literal(host)


DIRECT = Proxies()
"""No proxy."""


def choose_proxies(
    url: str | None,
    usual: Mapping[str, str],
    *,
    exceptions: str | None = None,
    resolves: bool = False,
) -> Proxies:
    """The proxies of one way: `url` for all targets, else what the environment says. Pure.

    `usual` is the environment as `urllib.request.getproxies_environment` gives it. `exceptions`
    are those of `NO_PROXY` unless they are given. Raises `ValueError`, which names the variable
    and not its value, for a proxy that cannot be used.
    """
    if url is not None and url.strip().lower() == NONE:
        return DIRECT
    if url is not None:
        https: Proxy | None = parse_proxy(url)
        http = https
    else:
        https, http = _usual_proxy("https", usual), _usual_proxy("http", usual)
    if https is None and http is None:
        return DIRECT
    words = usual.get("no", "") if exceptions is None else exceptions
    return Proxies(https, http, parse_exceptions(words), resolves)


def parse_proxy(url: str) -> Proxy:
    """A proxy by its URL. Without a scheme it is http; the port is 80 or 443 where none is named.

    Raises `ValueError`, which does not hold the URL.
    """
    whole = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
        is_right = (
            parts.scheme in DEFAULT_PORTS
            and bool(host)
            and port != 0
            and parts.path in ("", "/")
            and not (parts.query or parts.fragment)
            and parts.netloc.count("@") <= 1
            and whole.isascii()
            and whole.isprintable()
            and " " not in whole
            and bool((host or "").encode("idna"))  # what can be no name cannot be looked up
        )
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError(
            "must be the http or https URL of a proxy, such as http://user:password@host:3128, "
            "with user and password percent-encoded; or the word none"
        )
    assert host
    port = port or DEFAULT_PORTS[parts.scheme]
    userinfo, at, _ = parts.netloc.rpartition("@")
    return Proxy(f"{parts.scheme}://{userinfo}{at}{bracketed(host)}:{port}", host, port)


def parse_exceptions(words: str) -> Exceptions:
    """Exceptions as `NO_PROXY` lists them, separated by commas or spaces. Pure.

    Each is a name (with or without a leading `.` or `*.`), an IP address, a network like
    `10.0.0.0/8`, any of these with `:port`, or `*` for every host. `none` is the empty list.
    """
    names: list[tuple[str, int | None]] = []
    networks: list[tuple[IPv4Network | IPv6Network, int | None]] = []
    listed = words.replace(",", " ").lower().split()
    for word in [] if listed == [NONE] else listed:
        host, port = _split_port(word)
        try:
            networks.append((ip_network(host.strip("[]"), strict=False), port))
        except ValueError:
            names.append((host if host == ANY else host.removeprefix("*").strip("."), port))
    return Exceptions(tuple((name, port) for name, port in names if name), tuple(networks))


def is_refusal(status: int) -> bool:
    """True for the answer to CONNECT of a proxy that will say the same again. Pure."""
    return 400 <= status < 500


def is_loopback(host: str) -> bool:
    """True for an address or a name that means this machine, wherever it is asked. Pure."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _usual_proxy(scheme: str, usual: Mapping[str, str]) -> Proxy | None:
    for name in (scheme, "all"):
        if url := usual.get(name):
            try:
                return parse_proxy(url)
            except ValueError as error:
                variables = f"{name}_proxy or {name.upper()}_PROXY"
                raise ValueError(f"{variables} {str(error).partition('; or')[0]}") from None
    return None


def _split_port(word: str) -> tuple[str, int | None]:
    host, colon, port = word.rpartition(":")
    is_port = bool(colon) and port.isascii() and port.isdigit()
    # An IPv6 address has a port only behind brackets.
    if is_port and (":" not in host or host.endswith("]")):
        return host, int(port)
    return word, None
