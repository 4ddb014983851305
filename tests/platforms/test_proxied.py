"""JSON APIs and bytes on their way to a platform through a proxy: both ways are alike."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from domain.errors import PlatformError, PlatformMisconfigured, PlatformUnavailable
from domain.secrets import Secret
from platforms.http import Http
from platforms.transfer.machine import Answer, Request
from platforms.transfer.wire import Silence, Wire
from tests.support.connect_proxy import ConnectProxy
from tests.support.raw_server import RawServer
from transport.proxies import Proxies, choose_proxies

pytestmark = pytest.mark.usefixtures("trusted")

Send = Callable[[Proxies, str], Answer]
BODY = b"some bytes"


def by_http(proxies: Proxies, url: str) -> Answer:
    return Http("Google", proxies).send("PUT", url, headers={}, body=BODY)


def by_wire(proxies: Proxies, url: str) -> Answer:
    request = Request("PUT", Secret(url), {}, length=len(BODY))
    with closing(Wire(beat=lambda: None, proxies=proxies)) as wire:
        answer = wire.exchange(request, lambda _: memoryview(BODY))
    assert not isinstance(answer, Silence)
    return answer


@pytest.fixture(params=[by_http, by_wire], ids=["http", "wire"])
def send(request: pytest.FixtureRequest) -> Send:
    chosen: Send = request.param
    return chosen


@pytest.fixture
def bodies() -> list[bytes]:
    return []


@pytest.fixture
def serve(bodies: list[bytes]) -> Callable[..., RawServer]:
    """Make a platform that answers 200 to what it gets."""

    def make(tls: ssl.SSLContext | None = None) -> RawServer:
        def answer(connection: socket.socket) -> None:
            bodies.append(server.read_request(connection))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        server = RawServer(answer, tls)
        return server

    return make


@pytest.fixture
def platform(serve: Callable[..., RawServer]) -> Iterator[RawServer]:
    with serve() as server:
        yield server


def refusal(send: Send, proxies: Proxies, url: str) -> PlatformError:
    with pytest.raises(PlatformError) as raised:
        send(proxies, url)
    assert raised.value.__cause__ is None
    assert "geheim" not in raised.value.sentence
    return raised.value


def test_the_proxy_is_asked_to_connect_for_plain_http_too(
    send: Send, platform: RawServer, bodies: list[bytes]
) -> None:
    with ConnectProxy(user="u", password="geheim") as proxy:
        assert send(proxy.proxies(), platform.url).body == b"ok"
        assert proxy.asked == [f"localhost:{platform.port}"], "the proxy looks the name up"
    assert bodies == [BODY]
    (head,) = platform.heads
    assert f"host: localhost:{platform.port}\r\n" in head.lower()
    assert "proxy-" not in head.lower()


@pytest.mark.parametrize("is_proxy_encrypted", [False, True])
def test_tls_goes_through_to_the_platform(
    send: Send,
    serve: Callable[..., RawServer],
    tls: ssl.SSLContext,
    bodies: list[bytes],
    is_proxy_encrypted: bool,
) -> None:
    names = {"platform.invalid": "127.0.0.1"}  # nobody else finds it
    proxy_tls = tls if is_proxy_encrypted else None
    with serve(tls) as platform, ConnectProxy(names=names, tls=proxy_tls) as proxy:
        url = platform.url.replace("localhost", "platform.invalid")
        assert send(proxy.proxies(), url).status == 200
        assert proxy.asked == [f"platform.invalid:{platform.port}"]
    assert bodies == [BODY]


def test_an_exception_and_a_loopback_address_of_another_machines_proxy_go_direct(
    send: Send, platform: RawServer
) -> None:
    with ConnectProxy() as proxy:
        assert send(proxy.proxies(exceptions="localhost"), platform.url).status == 200
        assert proxy.heads == []
    assert send(choose_proxies("http://proxy.invalid:3128", {}), platform.url).status == 200


def test_the_environment_alone_sends_nothing_through_a_proxy(
    send: Send, platform: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(Proxies(), platform.url).status == 200


@pytest.mark.parametrize(("status", "word"), [(403, "let it through"), (407, "user and password")])
def test_a_refusal_of_the_proxy_waits_for_the_operator(
    send: Send, platform: RawServer, status: int, word: str
) -> None:
    with ConnectProxy(status=status, user="u", password="geheim") as proxy:
        error = refusal(send, proxy.proxies(), platform.url)
    assert isinstance(error, PlatformMisconfigured)
    assert error.code == "platform_proxy_refused"
    assert f"(status {status})" in error.sentence
    assert word in error.sentence
    assert platform.heads == []


def test_a_proxy_that_gets_no_connection_is_an_outage(send: Send) -> None:
    with ConnectProxy(user="u", password="geheim") as proxy:
        error = refusal(send, proxy.proxies(), "https://nowhere.invalid/session")
    assert isinstance(error, PlatformUnavailable)
    assert error.code == "platform_proxy_unreachable"
    assert error.sentence.startswith("nowhere.invalid is not reached through the proxy.")


@pytest.mark.parametrize("url", ["http://u:geheim@127.0.0.1:1", "http://u:geheim@none.invalid:1"])
def test_a_proxy_that_is_not_there_is_an_outage(send: Send, url: str) -> None:
    error = refusal(send, choose_proxies(url, {}), "https://platform.invalid/session")
    assert isinstance(error, PlatformUnavailable)
    assert error.code == "platform_proxy_unreachable"


def test_a_proxy_that_answers_no_http_is_an_outage(send: Send) -> None:
    with RawServer(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")) as server:
        proxies = choose_proxies(f"http://127.0.0.1:{server.port}", {})
        error = refusal(send, proxies, "https://platform.invalid/session")
    assert error.code == "platform_proxy_unreachable"


def test_whose_certificate_cannot_be_verified_is_said(
    send: Send,
    serve: Callable[..., RawServer],
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with serve(tls) as platform, ConnectProxy() as proxy:
        error = refusal(send, proxy.proxies(), platform.url)
        assert (type(error), error.code) == (PlatformMisconfigured, "platform_untrusted")
        assert error.code == refusal(send, Proxies(), platform.url).code
    with ConnectProxy(tls=tls) as proxy:
        error = refusal(send, proxy.proxies(), "https://platform.invalid/session")
        assert (type(error), error.code) == (PlatformMisconfigured, "platform_proxy_untrusted")
        assert proxy.heads == []
