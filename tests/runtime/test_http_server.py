"""The server of `castline api` as a process of its own, met by clients that mean it no good."""

import json
import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest

from runtime.http_server import MAX_HEAD
from tests.support.machine import Machine, eventually

MIB = 1 << 20
MAX_CONNECTIONS = 60
PER_ADDRESS = 40
PATIENCE = 60
"""Seconds in which a client that is cut is cut, on a slow machine."""


class Server:
    def __init__(self, machine: Machine, process: subprocess.Popen[bytes]) -> None:
        self.url = machine.url
        self.port = machine.ports[0]
        self.process = process

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(
            ("127.0.0.1", self.port), timeout=PATIENCE, source_address=(source, 0)
        )

    def is_alive(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/livez", timeout=PATIENCE).is_success
        except httpx2.TransportError:
            return False

    @property
    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    assert machine.run("migrate").returncode == 0
    limits = {
        "CASTLINE_MAX_CONNECTIONS": str(MAX_CONNECTIONS),
        "CASTLINE_CONNECTIONS_PER_ADDRESS": str(PER_ADDRESS),
        "CASTLINE_RATE_PER_ADDRESS": "60",
    }
    with subprocess.Popen(machine.command("api"), env={**machine.env, **limits}) as process:
        server = Server(machine, process)
        try:
            eventually(server.is_alive, PATIENCE)
            yield server
        finally:
            process.kill()


def answer_to(client: socket.socket) -> tuple[int, dict[str, object]]:
    """What the server sends until it closes: the status and the body."""
    received = b""
    while piece := client.recv(65536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert head, "the server closed without an answer"
    return int(head.split()[1]), json.loads(body)


def is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        client.setblocking(True)


def test_a_head_of_64_mib_is_refused_while_others_are_served(server: Server) -> None:
    def flood() -> None:
        piece = b"a" * 1_000_000
        try:
            flooding.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ")
            for _ in range(64):
                flooding.sendall(piece)
        except OSError:
            pass  # It was cut, as it should be.

    with server.connect() as flooding, httpx2.Client(base_url=server.url, timeout=60) as other:
        thread = threading.Thread(target=flood)
        thread.start()
        slowest = 0.0
        for _ in range(50):
            began = time.monotonic()
            assert other.get("/livez").is_success
            slowest = max(slowest, time.monotonic() - began)
        status, problem = answer_to(flooding)
        thread.join(PATIENCE)
    assert (status, problem["code"]) == (431, "head_too_large")
    assert slowest < 3


def test_what_a_refused_client_sends_on_is_not_read_without_end(server: Server) -> None:
    sent = 0
    with server.connect() as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ")
        with suppress(OSError):
            while sent < 256 * MIB:
                client.sendall(bytes(MIB))
                sent += MIB
        assert answer_to(client)[0] == 431
    # What the buffers of both kernels take in, which is a few MiB each.
    assert sent < 64 * MIB


@pytest.mark.parametrize("end", [b"\r\n\r\n", b""])
def test_a_head_over_the_limit_is_refused_however_it_arrives(server: Server, end: bytes) -> None:
    with server.connect() as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * MAX_HEAD + end)
        assert answer_to(client)[0] == 431


def test_a_head_below_the_limit_is_served(server: Server) -> None:
    answer = httpx2.get(f"{server.url}/livez", headers={"X": "a" * (MAX_HEAD - 1000)})
    assert answer.is_success


def test_a_request_line_over_the_limit_is_refused(server: Server) -> None:
    with server.connect() as client:
        client.sendall(b"GET /" + b"a" * 2 * MAX_HEAD)
        assert answer_to(client)[0] == 431


def test_what_is_not_http_is_refused_in_our_shape(server: Server) -> None:
    with server.connect() as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        status, problem = answer_to(client)
    assert (status, problem["code"]) == (400, "not_http")


def test_a_head_that_comes_byte_by_byte_is_cut(server: Server) -> None:
    with server.connect() as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nX: ")

        def is_answered() -> bool:
            ready, _, _ = select.select([client], [], [], 0.2)
            if not ready:
                client.sendall(b"a")
            return bool(ready)

        eventually(is_answered, PATIENCE)
        status, problem = answer_to(client)
    assert (status, problem["code"]) == (408, "request_timeout")


def test_a_connection_without_a_request_is_closed(server: Server) -> None:
    with server.connect() as client:
        assert answer_to(client)[0] == 408


def test_a_body_that_nobody_reads_does_not_hold_the_connection(server: Server) -> None:
    with server.connect() as client:
        client.sendall(
            b"POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
        )
        assert answer_to(client)[0] == 413


def test_one_address_has_a_bounded_number_of_connections(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(PER_ADDRESS):
            stack.enter_context(server.connect("127.0.0.2"))
        one_more = stack.enter_context(server.connect("127.0.0.2"))
        status, problem = answer_to(one_more)
        assert (status, problem["code"]) == (503, "too_many_connections")
        assert server.is_alive()


def test_idle_connections_make_room_for_requests(server: Server) -> None:
    before = server.open_files
    with ExitStack() as stack:
        idle = [
            stack.enter_context(server.connect(f"127.0.1.{number % 8 + 1}"))
            for number in range(3 * MAX_CONNECTIONS)
        ]
        assert server.is_alive()
        assert server.open_files < before + MAX_CONNECTIONS + 10
        eventually(lambda: sum(map(is_open, idle)) <= MAX_CONNECTIONS)
        assert server.is_alive()


def test_an_address_that_nobody_vouches_for_is_not_believed(server: Server) -> None:
    """uvicorn would believe the loopback interface, unless it is told not to."""
    with httpx2.Client(base_url=server.url) as client:
        answers = [
            client.get("/codec", headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(20)
        ]
    left = [int(answer.headers["RateLimit"].split(";")[1].removeprefix("r=")) for answer in answers]
    assert min(left) < 58


def test_a_connection_serves_one_request_after_another(server: Server) -> None:
    with httpx2.Client(base_url=server.url) as client:
        for _ in range(20):
            assert client.get("/livez").is_success
            assert client.post("/api/v1/organizations", json={}).status_code == 401
    with server.connect() as client:
        request = b"GET /livez HTTP/1.1\r\nHost: x\r\n%s\r\n"
        client.sendall(request % b"" + request % b"" + request % b"Connection: close\r\n")
        received = b""
        while piece := client.recv(65536):
            received += piece
    assert received.count(b"200 OK") == 3
