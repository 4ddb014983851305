"""Where a URL leads, hop by hop, and how long a web server is listened to."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from domain.errors import SourceUnreachable, SourceUnusable
from media.https import open_https
from media.origin import get
from media.policy import SourcePolicy
from tests.media.conftest import SIZE, read, still
from tests.support.connect_proxy import ConnectProxy
from tests.support.origin import Origin
from tests.support.raw_server import RawServer
from tests.support.uploads import answer
from transport.proxies import Proxies, Proxy

OK = answer("200 OK", body=b"fine")


def test_an_answer_that_never_begins_is_not_waited_for(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.data, origin.trickles = bytes(400), "head"
    began = time.monotonic()
    with pytest.raises(SourceUnreachable):
        get(origin.url, policy=at_home, headers={}, within=0.5)
    assert time.monotonic() < began + 4


@contextmanager
def endless_handshake() -> Iterator[int]:
    """A port where a TLS record is announced, of which a byte comes now and then."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(b"\x16\x03\x03\x40\x00")
                    while not stopped.wait(0.05):
                        peer.sendall(b"\0")

        thread = threading.Thread(target=drip)
        thread.start()
        yield listener.getsockname()[1]
        stopped.set()
        thread.join()


def test_a_handshake_that_never_ends_is_not_waited_for(at_home: SourcePolicy) -> None:
    with endless_handshake() as port:
        began = time.monotonic()
        with pytest.raises(SourceUnreachable):
            get(f"https://localhost:{port}/", policy=at_home, headers={}, within=0.5)
        # Without the limit it would be the 16 KiB of the record: a quarter of an hour.
        assert time.monotonic() < began + 10


# Hop by hop ------------------------------------------------------------------------------------


def chain(*answers: bytes) -> RawServer:
    """Gives the next of these to each request."""
    left = list(answers)

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(left.pop(0))

    server = RawServer(serve)
    return server


def moved(location: str, *headers: str, status: str = "302 Found") -> bytes:
    return answer(status, f"Location: {location}", *headers).decode().encode("latin-1")


def asked(head: str) -> str:
    return head.split()[1]


def header(head: str, name: str) -> list[str]:
    lines = [line.partition(": ") for line in head.splitlines()]
    return [value for key, _, value in lines if key.lower() == name]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/caf\xc3\xa9.mp4", "/caf%C3%A9.mp4"),
        (b"/caf\xe9.mp4?a=\xff", "/caf%E9.mp4?a=%FF"),
        (b"/a b.mp4", "/a%20b.mp4"),
        (b"other.mp4#part", "/other.mp4"),
        (b"?signature=a%2Fb+c", "/session?signature=a%2Fb+c"),
        (b"/..\\x/%zz", "/..%5Cx/%zz"),
        (b"/a/../b/./c", "/b/c"),
    ],
)
def test_a_location_is_followed_as_it_is_meant(
    at_home: SourcePolicy, location: bytes, target: str
) -> None:
    with chain(moved(location.decode("latin-1")), OK) as server:
        get(server.url, policy=at_home, headers={}).close()
        assert asked(server.heads[1]) == target


@pytest.mark.parametrize("status", ["301 A", "302 A", "303 A", "307 A", "308 A"])
def test_every_hop_is_asked_for_the_same_range_by_the_same_name(
    at_home: SourcePolicy, status: str
) -> None:
    with chain(moved("/a", status=status), moved("/b"), OK) as server:
        get(server.url, policy=at_home, headers={"Range": "bytes=5-"}).close()
        assert [asked(head) for head in server.heads] == ["/session", "/a", "/b"]
        for head in server.heads:
            assert header(head, "range") == ["bytes=5-"]
            assert header(head, "user-agent") == ["Castline/1"]
            assert header(head, "accept-encoding") == ["identity"]
            assert header(head, "accept") == ["*/*"]
            assert header(head, "host") == [f"localhost:{server.port}"]


def test_a_long_body_of_a_redirect_is_not_read(at_home: SourcePolicy) -> None:
    far = moved("/a").replace(b"Content-Length: 0", b"Content-Length: 99999999") + bytes(500_000)
    with chain(far, OK) as server:
        get(server.url, policy=at_home, headers={}).close()
        assert len(server.heads) == 2


def test_cookies_are_kept_along_a_chain_and_in_no_other(at_home: SourcePolicy) -> None:
    first = moved("/b", "Set-Cookie: seen=yes; Path=/", "Set-Cookie: other=no; Path=/c")
    with chain(first, moved("/a"), OK, OK) as server:
        get(server.url, policy=at_home, headers={}).close()
        get(server.url, policy=at_home, headers={}).close()
        told = [header(head, "cookie") for head in server.heads]
        assert told == [[], ["seen=yes"], ["seen=yes"], []]


def test_a_cookie_is_told_to_nobody_but_its_host(at_home: SourcePolicy) -> None:
    with chain(OK) as other:
        first = moved(f"http://127.0.0.1:{other.port}/", "Set-Cookie: seen=yes; Path=/")
        with chain(first) as server:
            get(server.url, policy=at_home, headers={}).close()
        assert header(other.heads[0], "cookie") == []


# Addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"])
def test_a_number_leads_where_it_was_judged_to_lead(at_home: SourcePolicy, host: str) -> None:
    with chain(OK) as server:
        get(f"http://{host}:{server.port}/", policy=at_home, headers={}).close()
        assert len(server.heads) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}#@elsewhere.example/",
        "http://localhost:{port}?@elsewhere.example/",
        "http://local\thost:{port}/",
        "  http://localhost:{port}/",
        "HTTP://LOCALHOST:{port}/",
        "http://\uff4c\uff4f\uff43\uff41\uff4chost:{port}/",
    ],
)
def test_a_url_leads_to_the_host_that_was_understood(at_home: SourcePolicy, url: str) -> None:
    with chain(OK) as server:
        get(url.format(port=server.port), policy=at_home, headers={}).close()
        assert header(server.heads[0], "host") == [f"localhost:{server.port}"]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}\\@elsewhere.example/",
        "http://elsewhere.example\\.localhost:{port}/",
        "http://localhost\\:{port}/",
        "http://localhost%00.elsewhere.example:{port}/",
        "http://%6cocalhost:{port}/",
        "http://user@localhost:{port}/",
        "http://:secret@localhost:{port}/",
        "http://127.0.0.1.:{port}/",
    ],
)
def test_a_url_that_parsers_read_differently_leads_nowhere(at_home: SourcePolicy, url: str) -> None:
    with chain(OK) as server:
        with pytest.raises(SourceUnusable) as raised:
            get(url.format(port=server.port), policy=at_home, headers={})
        assert raised.value.code == "source_not_allowed"
        assert server.connections == 0


# Proxies ---------------------------------------------------------------------------------------


def through(proxy: ConnectProxy, *, resolves: bool = False, **others: object) -> SourcePolicy:
    found = Proxy(proxy.url, "127.0.0.1", proxy.port)
    proxies = Proxies(https=found, http=found, resolves=resolves)
    return SourcePolicy(proxies=proxies, **others)  # type: ignore[arg-type]


@pytest.fixture
def proxy() -> Iterator[ConnectProxy]:
    with ConnectProxy("castline", "passphrase") as proxy:
        yield proxy


def test_a_proxy_connects_to_the_judged_address_and_the_origin_proves_its_name(
    origin: Origin, proxy: ConnectProxy
) -> None:
    response = get(origin.url, policy=through(proxy, allow_private=True), headers={})
    assert (response.status, response.host) == (200, "localhost")
    response.close()
    # Where the name has another address, too, that one is refused before.
    assert proxy.asked[-1] == f"127.0.0.1:{origin.port}"
    assert len(origin.targets) == 1


def test_a_source_is_read_through_a_proxy(origin: Origin, proxy: ConnectProxy, data: bytes) -> None:
    source = open_https(origin.url, policy=through(proxy, allow_private=True))
    source.seek(300_000)
    assert read(source, SIZE) == data[300_000:]
    source.verify(still)
    assert proxy.asked.count(f"127.0.0.1:{origin.port}") == 3


def test_each_hop_is_judged_before_a_proxy_is_asked(proxy: ConnectProxy) -> None:
    policy = through(proxy, allow_private=True)
    with chain(moved("http://169.254.169.254/latest/"), OK) as server:
        with pytest.raises(SourceUnusable, match="metadata service") as raised:
            get(server.url, policy=policy, headers={})
        assert raised.value.code == "source_not_allowed"
        assert proxy.asked[-1] == f"127.0.0.1:{server.port}"


def test_a_private_address_is_not_reached_through_a_proxy_either(proxy: ConnectProxy) -> None:
    with pytest.raises(SourceUnusable) as raised:
        get("https://localhost/", policy=through(proxy), headers={})
    assert raised.value.code == "source_not_allowed"
    assert proxy.asked == []


def test_a_proxy_that_resolves_is_asked_for_the_name(proxy: ConnectProxy) -> None:
    proxy.names = {"films.invalid": "127.0.0.1"}
    with chain(moved("/b"), OK) as server:
        url = f"http://films.invalid:{server.port}/a"
        policy = through(proxy, resolves=True, allow_private=True)
        get(url, policy=policy, headers={}).close()
        assert proxy.asked == [f"films.invalid:{server.port}"] * 2
        assert header(server.heads[1], "host") == [f"films.invalid:{server.port}"]
    assert not is_known_here("films.invalid")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.1", "[::1]", "[::ffff:7f00:1]"),
        *(
            "127.0.0.1.",
            "2130706433.",
            "0x7f.0x1.",
            "127.0.0.%31",
            "[::1%25lo]",
            "\uff1127.0.0.1",
        ),
        *("169.254.169.254", "2852039166", "[::ffff:169.254.169.254]", "169.254.169.254."),
    ],
)
def test_an_address_in_the_place_of_a_name_is_judged_also_where_a_proxy_resolves(
    proxy: ConnectProxy, host: str
) -> None:
    with pytest.raises(SourceUnusable) as raised:
        get(f"https://{host}/", policy=through(proxy, resolves=True), headers={})
    assert raised.value.code == "source_not_allowed"
    assert proxy.asked == []


def test_a_proxy_that_does_not_connect_passes_by_itself_and_keeps_its_password(
    proxy: ConnectProxy,
) -> None:
    policy = through(proxy, allow_private=True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SourceUnreachable) as raised:
            get(f"http://localhost:{taken.getsockname()[1]}/", policy=policy, headers={})
    assert raised.value.sentence == "localhost is not reached through the proxy now."
    proxy.password = "another"
    with chain(OK) as server, pytest.raises(SourceUnreachable) as raised:
        get(server.url, policy=policy, headers={})
    assert "passphrase" not in repr(raised.value)
    assert "passphrase" not in repr(policy)


@pytest.mark.parametrize("host", ["127.0.0.1", "proxy.invalid"])
def test_a_proxy_that_is_not_there_is_not_taken_for_the_origin(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = Proxy(f"http://{host}:{port}", host, port)
        policy = SourcePolicy(proxies=Proxies(https=found, http=found), allow_private=True)
        with pytest.raises(SourceUnreachable) as raised:
            get("https://93.184.216.34/", policy=policy, headers={})
    assert raised.value.sentence == "93.184.216.34 is not reached through the proxy now."


def is_known_here(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, 80))
    except OSError:
        return False


# Deadlines -------------------------------------------------------------------------------------


def test_a_caller_that_waits_for_an_answer_beats_about_every_second(at_home: SourcePolicy) -> None:
    is_over = threading.Event()
    beats: list[float] = []

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        is_over.wait(60)

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 3:
            raise InterruptedError

    with RawServer(serve) as server, pytest.raises(InterruptedError):
        get(server.url, policy=at_home, headers={}, beat=beat)
    is_over.set()
    assert beats[-1] - beats[0] < 10
