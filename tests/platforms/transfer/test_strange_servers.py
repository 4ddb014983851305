"""Servers that misbehave on purpose: what leaves, leaves once, and nothing waits without end."""

import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import trustme

from domain.errors import PlatformMisconfigured
from domain.secrets import Secret
from platforms.transfer.machine import Answer, Request
from platforms.transfer.wire import Patience, Silence, Wire
from tests.platforms.transfer.test_wire import HUGE, reading
from tests.support.raw_server import RawServer
from tests.support.uploads import answer
from transport.names import LookUps

OK = answer("200 OK", body=b"fine")


class Stopped(Exception):
    """What a heartbeat raises that is told to stop."""


def ask(url: str, method: str = "PUT", body: bytes = b"", wire: Wire | None = None) -> object:
    wire = wire or Wire(beat=lambda: None)
    request = Request(method, Secret(url), {}, length=len(body))
    return wire.exchange(request, reading(body))


# Once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", b""), ("PUT", b""), ("POST", b""), ("POST", b"some"), ("PUT", bytes(3 << 20))],
    ids=["GET", "empty PUT", "empty POST", "short POST", "long PUT"],
)
def test_what_dies_with_a_kept_connection_is_not_sent_again(method: str, body: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(OK)
        server.read_request(connection)

    with RawServer(serve) as server:
        wire = Wire(beat=lambda: None)
        assert isinstance(ask(server.url, wire=wire), Answer)
        assert ask(server.url, method, body, wire) is Silence.LOST
        assert len(server.heads) == 2
        assert isinstance(ask(server.url, wire=wire), Answer), "the next one connects again"


def test_a_connection_that_was_closed_between_two_requests_is_made_again() -> None:
    closed = threading.Event()

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(OK)
        connection.close()
        closed.set()

    with RawServer(serve) as server:
        wire = Wire(beat=lambda: None)
        assert isinstance(ask(server.url, wire=wire), Answer)
        closed.wait(60)
        assert isinstance(ask(server.url, "POST", b"some", wire), Answer)
        assert len(server.heads) == 2


@contextmanager
def nobody() -> Iterator[str]:
    """A port of this machine that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/session"


def test_what_was_never_sent_is_told_from_what_was_lost() -> None:
    with nobody() as url:
        assert ask(url) is Silence.UNSENT
    assert ask("http://nobody-has-this-name/session") is Silence.UNSENT
    with RawServer(lambda connection: connection.close()) as server:
        assert ask(server.url.replace("http:", "https:")) is Silence.UNSENT
    with RawServer(lambda connection: connection.recv(1)) as server:
        assert ask(server.url) is Silence.LOST


# Answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200 OK", "308 Resume Incomplete", "403 Forbidden"])
def test_an_answer_in_mid_body_is_the_answer(status: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        connection.sendall(answer(status, body=b"enough"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    with RawServer(serve) as server:
        answered = ask(server.url, body=bytes(HUGE))
    assert isinstance(answered, Answer)
    assert (f"{answered.status}", answered.body) == (status.split()[0], b"enough")


def test_interim_answers_are_passed_over() -> None:
    interim = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Only: here\r\n\r\n"
    )

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(interim + answer("201 Created", "X-Last: one", body=b"made"))

    with RawServer(serve) as server:
        answered = ask(server.url, body=b"bytes")
    assert isinstance(answered, Answer)
    assert (answered.status, answered.body) == (201, b"made")
    assert answered.headers == {"content-length": "4", "x-last": "one"}


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfine",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"fine\r\n\r\n",
        b"",
    ],
)
def test_half_an_answer_is_none(said: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(said)

    with RawServer(serve) as server:
        assert ask(server.url, body=b"bytes") is Silence.LOST


def test_a_header_that_does_not_end_is_left() -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"x" * 10_000 + b"\r\n")

    with RawServer(serve) as server:
        assert ask(server.url) is Silence.LOST


def test_nothing_of_the_environment_changes_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody() as proxy, RawServer(lambda connection: _answer_one(server, connection)) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert isinstance(ask(server.url), Answer)


def _answer_one(server: RawServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(OK)


# Time ------------------------------------------------------------------------------------------


@contextmanager
def unreachable() -> Iterator[str]:
    """A listener whose queue is full: a connection to it is never made."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/session"
        for one in crowd:
            one.close()


@contextmanager
def silent() -> Iterator[str]:
    with RawServer(lambda _: server.closed.wait()) as server:
        yield server.url


@contextmanager
def silent_in_the_handshake() -> Iterator[str]:
    with silent() as url:
        yield url.replace("http:", "https:")


@contextmanager
def silent_after_the_body() -> Iterator[str]:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        server.closed.wait()

    with RawServer(serve) as server:
        yield server.url


@pytest.mark.parametrize(
    ("place", "size"),
    [
        (unreachable, 0),
        (silent_in_the_handshake, 0),
        (silent, HUGE),
        (silent_after_the_body, 10),
    ],
    ids=["connecting", "encrypting", "sending", "waiting"],
)
def test_it_beats_wherever_it_waits_and_stops_when_told_to(
    place: Callable[[], AbstractContextManager[str]], size: int
) -> None:
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 3:
            raise Stopped

    with place() as url, pytest.raises(Stopped):
        ask(url, body=bytes(size), wire=Wire(beat=beat))
    assert len(beats) == 3


def test_a_beat_that_raises_hangs_up() -> None:
    left = threading.Event()

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        if connection.recv(1) == b"":
            left.set()

    def beat() -> None:
        if server.heads:
            raise Stopped

    with RawServer(serve) as server:
        wire = Wire(beat=beat)
        with pytest.raises(Stopped):
            ask(server.url, wire=wire)
        assert left.wait(30)


def test_a_body_that_raises_ends_the_request() -> None:
    with silent() as url:
        request = Request("PUT", Secret(url), {}, length=10)

        def read(_most: int) -> memoryview:
            raise Stopped

        wire = Wire(beat=lambda: None)
        with pytest.raises(Stopped):
            wire.exchange(request, read)


@pytest.mark.parametrize(
    ("place", "size", "patience"),
    [
        (silent, HUGE, Patience(stall=1, answer=3600)),
        (silent_after_the_body, 10, Patience(stall=3600, answer=1)),
    ],
    ids=["stall", "answer"],
)
def test_what_stands_still_for_too_long_is_lost(
    place: Callable[[], AbstractContextManager[str]], size: int, patience: Patience
) -> None:
    impatient = Wire(beat=lambda: None, patience=patience)
    with place() as url:
        assert ask(url, body=bytes(size), wire=impatient) is Silence.LOST


# Addresses and certificates --------------------------------------------------------------------


def test_a_name_is_looked_up_again_only_after_its_host_gave_no_answer() -> None:
    asked: list[str] = []

    def find(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    def serve(connection: socket.socket) -> None:
        for _ in range(2):
            server.read_request(connection)
            connection.sendall(OK)
        server.read_request(connection)

    with RawServer(serve) as server:
        wire = Wire(beat=lambda: None, look_ups=LookUps(find=find))
        answers = [ask(server.url, wire=wire) for _ in range(4)]
        assert [isinstance(one, Answer) for one in answers] == [True, True, False, True]
        assert asked == ["localhost", "localhost"]


def test_ipv6_is_spoken() -> None:
    with RawServer(lambda connection: _answer_one(server, connection), host="::1") as server:
        assert isinstance(ask(server.url), Answer)


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_not_trusted(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    with (
        RawServer(lambda connection: _answer_one(server, connection), tls=context) as server,
        pytest.raises(PlatformMisconfigured) as raised,
    ):
        ask(server.url)
    assert raised.value.code == "platform_untrusted"
    assert server.heads == []


# Resources -------------------------------------------------------------------------------------


def test_no_descriptor_is_left_behind() -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(OK)

    folder = Path("/proc/self/fd") if Path("/proc/self/fd").exists() else Path("/dev/fd")
    with RawServer(serve) as server, nobody() as url:
        gc.collect()
        before = len(list(folder.iterdir()))
        for _ in range(200):
            for target in (server.url, url):
                wire = Wire(beat=lambda: None)
                ask(target, body=b"some", wire=wire)
                wire.close()
        assert len(list(folder.iterdir())) <= before + 5


def test_many_threads_send_at_once() -> None:
    def serve(connection: socket.socket) -> None:
        while True:
            body = server.read_request(connection)
            connection.sendall(answer("200 OK", body=str(sum(body)).encode()))

    sums: list[bool] = []

    def send(number: int) -> None:
        wire = Wire(beat=lambda: None)
        for _ in range(5):
            answered = ask(server.url, body=bytes([number]) * 300_000, wire=wire)
            sums.append(isinstance(answered, Answer) and int(answered.body) == number * 300_000)

    with RawServer(serve) as server:
        threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sums == [True] * 80
