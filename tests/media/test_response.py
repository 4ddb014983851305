"""How the body of an answer is pulled: in bounded memory, and never for long."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import SourceUnreachable, SourceUnusable
from media.origin import Asking, get
from media.policy import SourcePolicy
from media.response import Response
from tests.support.machine import eventually
from tests.support.origin import Origin
from tests.support.raw_server import RawServer
from tests.support.uploads import answer
from transport.curl import RECEIVE_BYTES

MIB = 1 << 20


def asked(server: RawServer | Origin, policy: SourcePolicy) -> Response:
    return get(server.url, policy=policy, headers={})


def whole(response: Response, *, most: int = 50_000) -> bytes:
    taken, piece = bytearray(), memoryview(bytearray(most))
    while not response.is_over:
        taken += piece[: response.read_into(piece)]
    return bytes(taken)


@pytest.mark.parametrize("most", [1_000, 16_384, 65_536, 65_537, 3 * MIB])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_the_same_in_pieces_of_any_size(
    at_home: SourcePolicy, most: int, chunked: bool
) -> None:
    data = random.Random(7).randbytes(2 * MIB + 17)
    with Origin(data, chunked=chunked) as origin:
        began = time.monotonic()
        assert whole(asked(origin, at_home), most=most) == data
        # Waiting for bytes that are there already would take a second each time.
        assert time.monotonic() < began + 30


@pytest.fixture
def fountain() -> Iterator["Fountain"]:
    with Fountain() as server:
        yield server


class Fountain(RawServer):
    """Sends a body without end, and counts what the network has taken."""

    def __init__(self) -> None:
        super().__init__(self._gush)
        self.sent = 0

    def _gush(self, connection: socket.socket) -> None:
        self.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        # Without this the kernel alone would hold many MiB.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        while True:
            self.sent += connection.send(bytes(65536))


def test_while_nobody_reads_the_origin_waits(fountain: Fountain, at_home: SourcePolicy) -> None:
    response = asked(fountain, at_home)
    view = memoryview(bytearray(1_000))
    read = held = 0
    for _ in range(200):
        read += response.read_into(view)
        held = max(held, len(response._rest))
        time.sleep(0.005)
    assert read == 200_000
    assert held <= RECEIVE_BYTES
    # What lies between the origin and the view is in the kernel and, one piece, in libcurl.
    assert fountain.sent - read < 32 * MIB
    response.close()


@pytest.fixture
def silent() -> Iterator[RawServer]:
    """Begins a body, and says no more."""
    is_over = threading.Event()

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        is_over.wait(60)

    with RawServer(serve) as server:
        yield server
        is_over.set()


def test_a_silent_origin_keeps_nobody_waiting_for_long(
    silent: RawServer, at_home: SourcePolicy
) -> None:
    response, view = asked(silent, at_home), memoryview(bytearray(10))
    assert response.read_into(view) == 3
    began = time.monotonic()
    assert response.read_into(view, seconds=0.2) == 0
    assert not response.is_over
    assert time.monotonic() < began + 10
    assert response.read_into(view, seconds=0) == 0
    response.close()


def test_an_origin_that_says_no_more_is_left(silent: RawServer, at_home: SourcePolicy) -> None:
    response, view = asked(silent, at_home), memoryview(bytearray(10))
    assert response.read_into(view) == 3
    waits: list[int] = []
    with pytest.raises(SourceUnreachable):
        waits.extend(response.read_into(view) for _ in range(60))
    assert set(waits) <= {0}
    response.close()


def test_what_came_before_the_connection_broke_is_returned(at_home: SourcePolicy) -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    with RawServer(serve) as server:
        response, view = asked(server, at_home), memoryview(bytearray(10))
        assert response.read_into(view) == 3
        for _ in range(2):
            with pytest.raises(SourceUnreachable):
                response.read_into(view)
        assert not response.is_over


def test_a_body_without_bytes_is_over_at_once(at_home: SourcePolicy) -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(answer("200 OK"))

    with RawServer(serve) as server:
        response = asked(server, at_home)
        assert response.read_into(memoryview(bytearray(10))) == 0
        assert response.is_over


def test_no_descriptor_is_left_open(origin: Origin, at_home: SourcePolicy) -> None:
    def read_and_fail() -> None:
        response = get(origin.url, policy=at_home, headers={})
        response.read_into(memoryview(bytearray(100_000)))
        response.close()
        response.close()
        origin.refusals.append((404, ""))
        with pytest.raises(SourceUnusable):
            get(origin.url, policy=at_home, headers={})
        asking = Asking(origin.url, policy=at_home, headers={})
        asking.wait(0)
        asking.close()

    read_and_fail()
    before = count_descriptors()
    for _ in range(50):
        read_and_fail()
    eventually(lambda: count_descriptors() <= before + 5)


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
