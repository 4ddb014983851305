"""What the way to a platform reads from its answers."""

import gzip
import socket
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import PlatformUnavailable
from platforms.http import Http, moment_of
from platforms.transfer.machine import Answer
from tests.support.raw_server import RawServer

OURS = datetime(2026, 11, 23, 12, tzinfo=UTC)
THEIRS = datetime(2027, 1, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({"date": "Fri, 22 Jan 2027 12:00:00 GMT"}, THEIRS),
        ({"date": "Fri, 22 Jan 2027 13:00:00 +0100"}, THEIRS),
        ({"date": "Fri, 22 Jan 2027 12:00:00 -0000"}, THEIRS),
        ({}, OURS),
        ({"date": ""}, OURS),
        ({"date": "yesterday"}, OURS),
        ({"date": "Fri, 99 Jan 2027 12:00:00 GMT"}, OURS),
    ],
)
def test_an_answer_says_when_it_was_by_the_platforms_clock(
    headers: dict[str, str], moment: datetime
) -> None:
    assert moment_of(Answer(200, headers, b""), OURS) == moment


def test_without_any_help_it_is_now() -> None:
    assert abs(moment_of(Answer(200, {}, b"")) - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_compressed_answer_is_read() -> None:
    plain = b'{"id": "made"}'
    packed = gzip.compress(plain)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    def answer(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(head + packed)

    with RawServer(answer) as server:
        assert Http("Google").send("GET", server.url, headers={}).body == plain


def test_a_request_on_a_kept_connection_that_dies_goes_out_once() -> None:
    def answer(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        server.read_request(connection)  # and it is answered by hanging up

    http = Http("Google")
    with RawServer(answer) as server:
        assert http.send("POST", server.url, headers={}, body=b"one").status == 200
        with pytest.raises(PlatformUnavailable):
            http.send("POST", server.url, headers={}, body=b"two")
        assert (len(server.heads), server.connections) == (2, 1)
