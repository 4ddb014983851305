"""Origins that misbehave on purpose get an error of ours, in bounded time."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from domain.errors import CastlineError, SourceUnreachable, SourceUnusable
from media.attachments import read_attachment
from media.https import HttpsSource, open_https
from media.origin import get
from media.policy import SourcePolicy
from tests.media.conftest import read
from tests.support.raw_server import RawServer

DATA = bytes(range(256)) * 40
SIZE = len(DATA)
DATE = "Last-Modified: Sun, 22 Nov 2026 10:00:00 GMT"


def said(status: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1") + body


def span(first: int, last: int, *, size: int = SIZE, body: bytes | None = None) -> bytes:
    """A true answer to a range, or one with another body."""
    body = DATA[first : last + 1] if body is None else body
    headers = (f"Content-Range: bytes {first}-{last}/{size}", f"Content-Length: {len(body)}", DATE)
    return said("206 Partial Content", *headers, body=body)


class Hostile(RawServer):
    """Answers each request with what `say` makes of the first byte that was asked for."""

    def __init__(self, say: Callable[[int], bytes]) -> None:
        super().__init__(self._answer)
        self.say = say
        self.asked: list[int] = []

    def _answer(self, connection: socket.socket) -> None:
        self.read_request(connection)
        found = re.search(r"bytes=(\d+)-", self.heads[-1])
        self.asked.append(int(found[1]) if found else 0)
        connection.sendall(self.say(self.asked[-1]))


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with Hostile(lambda first: span(first, SIZE - 1)) as server:
        yield server


def opened(server: RawServer, policy: SourcePolicy) -> HttpsSource:
    return open_https(server.url, policy=policy)


def refusal(server: RawServer, policy: SourcePolicy) -> CastlineError:
    with pytest.raises(CastlineError) as raised:
        read(opened(server, policy), SIZE)
    return raised.value


# When it is opened -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (span(5, SIZE - 1), "source_refused"),
        (said("206 OK", "Content-Type: multipart/byteranges; boundary=x"), "source_unsized"),
        (said("206 OK", "Content-Range: bytes 0-9/*", "Content-Length: 10"), "source_unsized"),
        (said("206 OK", f"Content-Range: bytes 0-9/{'9' * 30}"), "source_unsized"),
        (said("206 OK", f"Content-Range: bytes 0-9/{'9' * 9000}"), "source_unsized"),
        (said("206 OK", f"Content-Range: bytes {'9' * 9000}-9/10"), "source_unsized"),
        (said("206 OK", "Content-Range: bytes 0--9/-10"), "source_unsized"),
        (said("206 OK", "Content-Range: bytes 0-9/\xb2\xb3"), "source_unsized"),
        (said("200 OK", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), "source_unsized"),
        (said("200 OK", "Content-Length: ", body=b"abc"), None),
        (said("200 OK", "Content-Length: -5", body=b"abc"), None),
        (said("200 OK", "Content-Length: 1e3", body=b"abc"), None),
        (said("200 OK", f"Content-Length: {'9' * 30}", body=b"abc"), None),
        (said("200 OK", f"Content-Length: {'9' * 9000}", body=b"abc"), None),
        (said("200 OK", "Content-Length: 3", "Content-Length: 5", body=b"abc"), None),
        (said("200 OK", "Content-Length: 3", "Transfer-Encoding: gzip, chunked"), None),
        (said("200 OK", "Content-Length: 3", "Content-Encoding: gzip"), "source_encoded"),
        (said("200 OK", "Content-Length: 9", body=b"abc"), "source_unreachable"),
        (said("204 No Content"), "source_refused"),
        (said("304 Not Modified", "Content-Length: 3", body=b"abc"), "source_refused"),
        (said("304 Not Modified", "Location: /other"), "source_refused"),
        (said("302 Found"), "source_refused"),
        (said("302 Found", "Location: http://[::1"), "source_not_allowed"),
        (said("302 Found", "Location: http://[::1%25lo]/"), "source_not_allowed"),
        (said("302 Found", "Location: //127.0.0.1.:1/"), "source_not_allowed"),
        (said("302 Found", "Location: file:///etc/hostname"), "source_not_allowed"),
        (said("416 Range Not Satisfiable", "Content-Range: bytes */0"), "source_empty"),
        (said("999 What"), "source_unreachable"),
        (said("101 Switching Protocols", "Upgrade: x"), "source_unreachable"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "source_unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\0b\r\n\r\nabc", "source_unreachable"),
        (b"plain words\r\n\r\n", "source_unreachable"),
        (b"\0" * 1000, "source_unreachable"),
        (b"", "source_unreachable"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, bytes) else "",
)
def test_an_answer_that_means_nothing_is_an_error_of_ours(
    at_home: SourcePolicy, answer: bytes, code: str | None
) -> None:
    with Hostile(lambda _: answer) as server:
        error = refusal(server, at_home)
        assert isinstance(error, SourceUnusable | SourceUnreachable)
        assert code in (None, error.code)


class Counting(RawServer):
    sent = 0


def test_a_flood_of_headers_ends(at_home: SourcePolicy) -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-Flood: " + b"x" * 1000 + b"\r\n")
            server.sent += 1000

    with Counting(serve) as server:
        assert refusal(server, at_home).code == "source_unreachable"
        assert server.sent < 20_000_000


def test_a_flood_of_interim_answers_ends(at_home: SourcePolicy) -> None:
    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        while True:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)
            server.sent += 100

    began = time.monotonic()
    with Counting(serve) as server, pytest.raises(SourceUnreachable):
        get(server.url, policy=at_home, headers={}, within=3)
    assert time.monotonic() < began + 30


def test_interim_answers_are_passed_over(hostile: Hostile, at_home: SourcePolicy) -> None:
    hints = said("103 Early Hints", "Content-Length: 5", "Content-Range: bytes 3-4/5")
    hostile.say = lambda first: said("100 Continue") + hints * 3 + span(first, SIZE - 1)
    assert read(opened(hostile, at_home), SIZE) == DATA


# Once it is open -------------------------------------------------------------------------------


def test_an_origin_that_gives_a_little_at_a_time_is_asked_again_and_again(
    hostile: Hostile, at_home: SourcePolicy
) -> None:
    hostile.say = lambda first: span(first, min(first + 999, SIZE - 1))
    assert read(opened(hostile, at_home), SIZE) == DATA
    assert hostile.asked == [*range(0, SIZE, 1000)]


def test_what_comes_beyond_the_end_is_not_read(hostile: Hostile, at_home: SourcePolicy) -> None:
    hostile.say = lambda first: said(
        "206 Partial Content", f"Content-Range: bytes 0-9/{SIZE}", DATE, body=DATA + b"more"
    )
    source = opened(hostile, at_home)
    assert read(source, SIZE + 100) == DATA
    assert source.read_into(memoryview(bytearray(10))) == 0


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (span(4, SIZE - 1), "source_unreachable"),
        (span(0, SIZE - 1), "source_unreachable"),
        (said("200 OK", f"Content-Length: {SIZE}", DATE, body=DATA), "source_unreachable"),
        (said("503 Busy"), "source_unreachable"),
        (said("404 Not Found"), "source_refused"),
        (said("416 No", f"Content-Range: bytes */{SIZE - 10}"), "source_changed"),
        (said("416 No"), "source_changed"),
        (said("416 No", f"Content-Range: bytes */{SIZE}"), "source_unreachable"),
        (said("200 OK", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), "source_unsized"),
        (span(5, SIZE - 1, size=SIZE + 1), "source_changed"),
        (said("302 Found", "Location: ftp://elsewhere.example/"), "source_not_allowed"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, bytes) else "",
)
def test_a_range_that_is_another_than_was_asked_for_is_never_taken_for_it(
    hostile: Hostile, at_home: SourcePolicy, answer: bytes, code: str
) -> None:
    source = opened(hostile, at_home)
    hostile.say = lambda _: answer
    source.seek(5)
    with pytest.raises((SourceUnusable, SourceUnreachable)) as raised:
        read(source, 10)
    assert raised.value.code == code
    hostile.say = lambda first: span(first, SIZE - 1)
    source.seek(5)
    assert read(source, 10) == DATA[5:15], "reading again after an error is allowed"


def test_a_source_that_does_not_answer_keeps_nobody_waiting_for_long(
    hostile: Hostile, at_home: SourcePolicy
) -> None:
    source, is_free = opened(hostile, at_home), threading.Event()

    def wait(first: int) -> bytes:
        is_free.wait(60)
        return span(first, SIZE - 1)

    hostile.say = wait
    view = memoryview(bytearray(100))
    began = time.monotonic()
    assert source.seek(7) == 7
    assert source.read_into(view) == 0
    assert time.monotonic() < began + 10
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 2:
            raise InterruptedError

    assert source.seek(SIZE) == SIZE
    with pytest.raises(InterruptedError):
        source.verify(beat)
    is_free.set()
    source.seek(7)
    assert read(source, 100) == DATA[7:107]


def test_an_attachment_with_two_lengths_is_not_taken_for_a_short_one(at_home: SourcePolicy) -> None:
    answer = said("200 OK", "Content-Length: 3", "Content-Length: 5", body=b"abcde")
    with Hostile(lambda _: answer) as server, pytest.raises(SourceUnreachable):
        read_attachment(at_home, server.url, at_most=100)
