"""One exchange at a time: what is connected to, what counts as the answer, and who is asked."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.support.raw_server import RawServer
from tests.support.uploads import answer
from transport.curl import Call, Failure, Handle, Head
from transport.proxies import Proxy

OK = answer("200 OK", body=b"fine")


@pytest.fixture
def handle() -> Iterator[Handle]:
    handle = Handle()
    yield handle
    handle.close()


def serving(said: bytes) -> RawServer:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(said)

    server = RawServer(serve)
    return server


def to(server: RawServer, **others: object) -> Call:
    call = {"method": "GET", "url": server.url, "host": "localhost", "port": server.port}
    return Call(**{**call, "addresses": ["127.0.0.1"], **others})  # type: ignore[arg-type]


def collect(handle: Handle, call: Call) -> bytes:
    """Move the exchange to its end; return the body of the answer."""
    body = bytearray()

    def write(data: memoryview | bytes) -> bool:
        body.extend(data)
        return True

    handle.begin(call, write)
    finish(handle)
    return bytes(body)


def finish(handle: Handle) -> None:
    while not handle.step(1.0):
        pass


# Where a connection leads ----------------------------------------------------------------------


def test_a_name_leads_where_the_caller_says_and_nowhere_else(handle: Handle) -> None:
    with serving(OK) as server:
        url = f"http://nobody.invalid:{server.port}/"
        assert collect(handle, to(server, url=url, host="nobody.invalid")) == b"fine"
        assert "Host: nobody.invalid" in server.heads[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1"])
def test_a_literal_that_is_not_among_the_addresses_is_not_connected_to(
    handle: Handle, host: str
) -> None:
    with serving(OK) as server:
        url = f"http://{host}:{server.port}/"
        collect(handle, to(server, url=url, host=host, addresses=["192.0.2.1"]))
        assert handle.failure is Failure.UNCONNECTED
        assert server.connections == 0


def test_the_next_address_is_tried_where_the_first_refuses(handle: Handle) -> None:
    with serving(OK) as server:
        assert collect(handle, to(server, addresses=["127.0.0.2", "127.0.0.1"])) == b"fine"


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://localhost/", "gopher://localhost/"])
def test_nothing_but_http_is_spoken(handle: Handle, url: str) -> None:
    with serving(OK) as server:
        assert collect(handle, to(server, url=url)) == b""
        assert handle.failure is Failure.UNCONNECTED


def test_no_redirect_is_followed(handle: Handle) -> None:
    with serving(answer("302 Found", "Location: http://127.0.0.1/")) as server:
        collect(handle, to(server))
        assert (handle.head.status, handle.head.get("location")) == (302, "http://127.0.0.1/")
        assert server.connections == 1


def test_a_host_that_does_not_answer_is_left_after_a_while(handle: Handle) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        url = f"http://localhost:{port}/"
        call = Call("GET", url, "localhost", port, ["127.0.0.1"], connect_seconds=0.2)
        collect(handle, call)
        assert (handle.failure, handle.was_sent) == (Failure.UNCONNECTED, False)
        for one in crowd:
            one.close()


def test_one_connection_is_kept_and_no_more(handle: Handle) -> None:
    left = threading.Event()

    def serve(connection: socket.socket) -> None:
        first.read_request(connection)
        connection.sendall(OK)
        if connection.recv(1) == b"":
            left.set()

    with RawServer(serve) as first, serving(OK) as second:
        collect(handle, to(first))
        assert not left.is_set()
        collect(handle, to(second))
        assert left.wait(30)


# Requests --------------------------------------------------------------------------------------


def test_a_request_is_what_the_caller_says_and_nothing_more(handle: Handle) -> None:
    with serving(OK) as server:
        url = f"http://localhost:{server.port}/a/../b;c?d=%7e"
        headers = [("Host", "origin.example"), ("X-One", "1")]
        handle.begin(to(server, url=url, headers=headers), lambda _: True)
        finish(handle)
        method, *lines = server.heads[0].strip().split("\r\n")
        assert method == "GET /a/../b;c?d=%7e HTTP/1.1"
        assert sorted(lines) == ["Host: origin.example", "User-Agent: Castline/1", "X-One: 1"]


def test_a_long_body_is_sent_without_asking_first(handle: Handle) -> None:
    size = 2 << 20
    with serving(OK) as server:
        body = memoryview(bytes(size))
        call = to(server, method="PUT", length=size)
        handle.begin(call, lambda _: True, lambda most: body[:most])
        finish(handle)
        method, *lines = server.heads[0].strip().split("\r\n")
        assert method == "PUT /session HTTP/1.1"
        assert sorted(lines) == [
            f"Content-Length: {size}",
            f"Host: localhost:{server.port}",
            "User-Agent: Castline/1",
        ]


def test_an_answer_in_mid_body_ends_it_though_the_server_reads_no_more(handle: Handle) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(OK)
        server.closed.wait()

    with RawServer(serve) as server:
        body = memoryview(bytes(1 << 20))
        call = to(server, method="PUT", length=1 << 40)
        handle.begin(call, lambda _: True, lambda most: body[:most])
        finish(handle)
        assert (handle.head.status, handle.failure) == (200, None)


def test_a_request_that_was_read_and_not_answered_is_cut(handle: Handle) -> None:
    with serving(b"") as server:
        collect(handle, to(server))
        assert (handle.failure, handle.was_sent) == (Failure.CUT, True)


# Proxies ---------------------------------------------------------------------------------------


def proxied(server: RawServer, **others: object) -> Call:
    """Through `server`, which plays the proxy and what is behind it."""
    proxy = Proxy(f"http://user:secret@127.0.0.1:{server.port}", "127.0.0.1", server.port)
    target = {"url": "http://origin.example/video", "host": "origin.example", "port": 80}
    return to(server, **{**target, "proxy": proxy, **others})


@pytest.fixture
def tunnel() -> Iterator[RawServer]:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 Connected\r\nLocation: of the proxy\r\n\r\n")
        server.read_request(connection)
        connection.sendall(answer("404 Not Found", body=b"of the origin"))

    with RawServer(serve) as server:
        yield server


def test_a_proxy_is_asked_for_the_judged_address_and_the_origin_by_its_name(
    handle: Handle, tunnel: RawServer
) -> None:
    assert collect(handle, proxied(tunnel, tunnel_to="192.0.2.7")) == b"of the origin"
    asked, request = tunnel.heads
    assert asked.startswith("CONNECT 192.0.2.7:80 ")
    assert "Proxy-Authorization: Basic" in asked
    assert "Host: origin.example" in request
    assert "Proxy-Authorization" not in request


def test_a_proxy_that_looks_names_up_is_asked_for_the_name(
    handle: Handle, tunnel: RawServer
) -> None:
    collect(handle, proxied(tunnel))
    assert tunnel.heads[0].startswith("CONNECT origin.example:80 ")


def test_the_environment_makes_no_exception_from_a_proxy(
    handle: Handle, tunnel: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    assert collect(handle, proxied(tunnel)) == b"of the origin"


def test_what_a_proxy_answers_is_not_the_answer(handle: Handle, tunnel: RawServer) -> None:
    collect(handle, proxied(tunnel))
    assert (handle.head.status, handle.head.get("location")) == (404, "")


def test_a_proxy_that_refuses_is_told_from_an_origin_that_does(handle: Handle) -> None:
    with serving(answer("407 Proxy Authentication Required", body=b"no")) as server:
        assert collect(handle, proxied(server)) == b""
        assert (handle.failure, handle.was_sent) == (Failure.REFUSED_BY_PROXY, False)
        assert handle.head.status == 0


def test_a_secret_of_the_proxy_is_not_shown(tunnel: RawServer) -> None:
    assert "secret" not in repr(proxied(tunnel))


# Back pressure and errors ----------------------------------------------------------------------


def test_what_is_not_taken_is_given_again_and_holds_up_the_sender(handle: Handle) -> None:
    size = 64 << 20
    sent = threading.Event()

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        connection.sendall(bytes(size))
        sent.set()

    taken, is_open = 0, False

    def write(data: memoryview | bytes) -> bool:
        nonlocal taken
        taken += len(data) if is_open else 0
        return is_open

    with RawServer(serve) as server:
        handle.begin(to(server), write)
        for _ in range(10):
            handle.step(0.1)
        assert not sent.is_set(), "it waits for us, and we hold nothing of it"
        is_open = True
        handle.resume()
        finish(handle)
        assert (taken, handle.failure) == (size, None)


@pytest.mark.parametrize("who", ["write", "read"])
def test_what_a_callback_raises_ends_the_exchange_and_is_raised(handle: Handle, who: str) -> None:
    class Stopped(Exception):
        pass

    def stop(_: object) -> bytes:
        raise Stopped

    def write(data: memoryview | bytes) -> bool:
        return bool(stop(data))

    with serving(OK) as server:
        if who == "write":
            handle.begin(to(server), write)
        else:
            handle.begin(to(server, method="PUT", length=4), lambda _: True, stop)
        with pytest.raises(Stopped):
            finish(handle)
        assert collect(handle, to(server)) == b"fine", "the next exchange knows nothing of it"


def test_an_exchange_that_is_left_hangs_up(handle: Handle) -> None:
    left = threading.Event()

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        if connection.recv(1) == b"":
            left.set()

    with RawServer(serve) as server:
        handle.begin(to(server), lambda _: True)
        while not handle.was_sent:
            handle.step(0.1)
        handle.end()
        assert left.wait(30)
        assert handle.step(0), "there is nothing under way"


# Heads -----------------------------------------------------------------------------------------


def head_of(*lines: bytes) -> Head:
    head = Head()
    for line in lines:
        head.take(line + b"\r\n")
    return head


def test_what_an_interim_answer_said_is_over_with_it() -> None:
    head = head_of(b"HTTP/1.1 103 Early Hints", b"Link: </a>", b"")
    assert not head.is_final
    for line in (b"HTTP/1.1 200 OK", b'ETag: "a"', b""):
        head.take(line + b"\r\n")
    assert head.is_final
    assert (head.status, head.all()) == (200, {"etag": '"a"'})


def test_a_head_that_broke_off_is_none() -> None:
    assert not head_of(b"HTTP/1.1 200 OK", b"Content-Length: 1").is_final


def test_a_trailer_changes_nothing() -> None:
    head = head_of(b"HTTP/1.1 200 OK", b"", b"Content-Length: 7")
    assert (head.status, head.all()) == (200, {})


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([b"HTTP/1.1 200 OK", b"Content-Length: 5"], 5),
        ([b"HTTP/1.1 200 OK", b"Content-Length: 5", b"Transfer-Encoding: chunked"], None),
        ([b"HTTP/1.1 200 OK", b"Content-Length: -5"], None),
        ([b"HTTP/1.1 200 OK", "Content-Length: \u0665".encode()], None),
        ([b"HTTP/1.1 200 OK"], None),
        ([b"HTTP/1.1 204 No Content"], 0),
        ([b"HTTP/1.1 304 Not Modified", b"Content-Length: 5"], 0),
    ],
)
def test_a_length_is_what_the_answer_says_it_is(lines: list[bytes], length: int | None) -> None:
    assert head_of(*lines, b"").length == length


def test_no_byte_of_a_header_is_lost() -> None:
    head = head_of(b"HTTP/1.1 302 Found", "Location: /café".encode(), b"")
    assert head.get("location").encode("latin-1").decode() == "/café"


@pytest.mark.parametrize("line", [b"HTTP/1.1", b"HTTP/1.1 abc"])
def test_what_is_no_status_line_is_refused(line: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        Head().take(line)
