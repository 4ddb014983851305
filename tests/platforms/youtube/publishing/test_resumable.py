"""The machine alone: answers in, requests out, no network."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import (
    PlatformError,
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
    SessionLost,
)
from domain.secrets import Secret
from domain.states import KnownBy
from platforms.transfer.machine import Answer, Finished, Upload
from platforms.youtube.publishing.resumable import GRANULE, ResumableUpload
from tests.support.google import UNTOLD

CHUNK = 2 * GRANULE
SIZE = 2 * CHUNK + 700
SESSION = Secret("https://upload.example/?upload_id=abc")
VIDEO = b'{"kind": "youtube#video", "id": "dQw4w9WgXcQ"}'


def upload(*, size: int = SIZE, fresh: bool = False, tokens: list[str] | None = None) -> Upload:
    supply = iter(tokens or [])
    return ResumableUpload(
        SESSION,
        size=size,
        chunk_size=CHUNK,
        access_token=lambda: Secret(next(supply, "token")),
        fresh=fresh,
    )


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def held(count: int) -> Answer:
    return answer(308, range=f"bytes=0-{count - 1}") if count else answer(308)


def asks(machine: Upload) -> bool:
    request = machine.next_request()
    assert request.method == "PUT"
    return request.length == 0 and request.headers["Content-Range"] == f"bytes */{SIZE}"


def refusal(status: int, reason: str, message: str = "") -> Answer:
    error = {"code": status, "message": message, "errors": [{"reason": reason}]}
    return answer(status, json.dumps({"error": error}).encode())


def test_it_begins_by_asking_for_the_offset() -> None:
    assert asks(upload())


def test_a_fresh_session_begins_with_the_first_byte() -> None:
    request = upload(fresh=True).next_request()
    assert (request.offset, request.length) == (0, CHUNK)
    assert request.headers["Content-Range"] == f"bytes 0-{CHUNK - 1}/{SIZE}"


def test_a_fresh_session_asks_too_once_something_went_wrong() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    machine.lost()
    assert asks(machine)


def test_bytes_go_in_chunks_and_only_the_last_one_may_finish() -> None:
    machine = upload(fresh=True)
    sent = []
    for count in (CHUNK, 2 * CHUNK):
        request = machine.next_request()
        sent.append((request.offset, request.length, request.finishes))
        assert machine.receive(held(count)) is None
    last = machine.next_request()
    assert [*sent, (last.offset, last.length, last.finishes)] == [
        (0, CHUNK, False),
        (CHUNK, CHUNK, False),
        (2 * CHUNK, 700, True),
    ]
    assert last.headers["Content-Range"] == f"bytes {2 * CHUNK}-{SIZE - 1}/{SIZE}"
    finished = machine.receive(answer(201, VIDEO))
    assert finished == Finished("dQw4w9WgXcQ", KnownBy.ANSWER)


@pytest.mark.parametrize("status", [200, 201])
def test_a_lost_final_answer_is_read_back(status: int) -> None:
    machine = upload()
    assert asks(machine)
    finished = machine.receive(answer(status, VIDEO))
    assert finished == Finished("dQw4w9WgXcQ", KnownBy.READ_BACK)


def test_no_range_means_that_nothing_is_held_any_more() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    machine.receive(held(CHUNK))
    machine.next_request()
    machine.receive(answer(308))
    assert machine.confirmed == 0
    assert machine.next_request().offset == 0


def test_the_platform_may_hold_less_than_was_sent() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    machine.receive(held(GRANULE))
    request = machine.next_request()
    assert (machine.confirmed, request.offset, request.length) == (GRANULE, GRANULE, CHUNK)


def test_the_platform_may_hold_more_than_we_knew_of() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    machine.receive(held(CHUNK + GRANULE))
    assert machine.next_request().offset == CHUNK + GRANULE


def test_an_offset_of_any_alignment_is_taken() -> None:
    machine = upload()
    machine.next_request()
    machine.receive(held(1001))
    assert machine.next_request().offset == 1001


def test_a_308_in_disguise_is_a_308() -> None:
    machine = upload()
    machine.next_request()
    disguised = answer(200, x_http_status_code_override="308", range=f"bytes=0-{CHUNK - 1}")
    assert machine.receive(disguised) is None
    assert machine.confirmed == CHUNK


def test_a_location_on_a_308_is_ignored() -> None:
    machine = upload()
    machine.next_request()
    machine.receive(answer(308, range="bytes=0-99", location="https://elsewhere.example/"))
    assert machine.next_request().url == SESSION


def test_every_byte_held_but_not_finished_is_asked_again_after_a_pause() -> None:
    machine = upload()
    machine.next_request()
    with pytest.raises(PlatformUnavailable) as caught:
        machine.receive(answer(308, range=f"bytes=0-{SIZE - 1}", retry_after="7"))
    assert (caught.value.code, caught.value.retry_after) == ("outcome_unconfirmed", 7)
    assert machine.confirmed == SIZE
    assert asks(machine)


@pytest.mark.parametrize(
    "garbled", ["bytes=5-9", "bytes=0-", "0-", "bytes=0-x", f"bytes=0-{SIZE}", "bytes=0-²"]
)
def test_a_range_that_makes_no_sense_moves_nothing(garbled: str) -> None:
    machine = upload()
    machine.next_request()
    with pytest.raises(PlatformUnavailable) as caught:
        machine.receive(answer(308, range=garbled))
    assert caught.value.code == "unreadable_answer"
    assert machine.confirmed == 0
    assert asks(machine)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'"id"',
        b"\xff",
        *(json.dumps({"id": word}).encode() for word in UNTOLD),
    ],
)
def test_a_final_answer_that_cannot_be_read_is_asked_for_again(body: bytes) -> None:
    machine = upload(fresh=True)
    machine.next_request()
    with pytest.raises(PlatformUnavailable) as caught:
        machine.receive(answer(200, body))
    assert caught.value.code == "unreadable_answer"
    assert asks(machine)


@pytest.mark.parametrize(
    ("given", "error", "code"),
    [
        (answer(404), SessionLost, "session_lost"),
        (answer(410), SessionLost, "session_lost"),
        (answer(499), SessionLost, "session_lost"),
        (answer(401), ReauthorizationNeeded, "token_rejected"),
        (refusal(401, "authError"), ReauthorizationNeeded, "token_rejected"),
        (answer(500), PlatformUnavailable, "platform_error"),
        (answer(502, b"<html>Bad Gateway"), PlatformUnavailable, "platform_error"),
        (answer(503, b"Invalid request.  According to"), PlatformUnavailable, "platform_error"),
        (answer(408), PlatformUnavailable, "platform_error"),
        (answer(429), PlatformUnavailable, "rate_limited"),
        (
            refusal(429, "rateLimitExceeded", "limit 'Video Uploads per day' of"),
            QuotaExhausted,
            "uploads_per_day_exhausted",
        ),
        (answer(400), PlatformRefusal, "request_rejected"),
        (refusal(400, "uploadLimitExceeded"), QuotaExhausted, "channel_upload_limit"),
        (answer(302, location="/elsewhere"), PlatformUnavailable, "unreadable_answer"),
        (answer(204), PlatformUnavailable, "unreadable_answer"),
    ],
)
@pytest.mark.parametrize("fresh", [True, False])
def test_every_other_answer_is_an_error_and_then_a_question(
    given: Answer, error: type[PlatformError], code: str, fresh: bool
) -> None:
    machine = upload(fresh=fresh)
    machine.next_request()
    with pytest.raises(error) as caught:
        machine.receive(given)
    assert caught.value.code == code
    assert asks(machine)


def test_a_server_that_is_overloaded_says_for_how_long() -> None:
    machine = upload()
    machine.next_request()
    with pytest.raises(PlatformUnavailable) as caught:
        machine.receive(answer(503, retry_after="30"))
    assert caught.value.retry_after == 30


def test_each_request_takes_the_token_of_its_moment() -> None:
    machine = upload(tokens=["old", "new"])
    assert machine.next_request().headers["Authorization"] == "Bearer old"
    machine.lost()
    assert machine.next_request().headers["Authorization"] == "Bearer new"


def test_nothing_of_a_request_shows_the_session_or_the_token() -> None:
    shown = repr(upload(tokens=["tell-nobody"]).next_request())
    assert "abc" not in shown
    assert "tell-nobody" not in shown


@pytest.mark.parametrize("chunk_size", [0, -GRANULE, GRANULE + 1])
def test_a_chunk_is_a_multiple_of_256_kib(chunk_size: int) -> None:
    with pytest.raises(ValueError, match="multiple"):
        ResumableUpload(SESSION, size=1, chunk_size=chunk_size, access_token=lambda: SESSION)


def test_an_empty_file_is_no_upload() -> None:
    with pytest.raises(ValueError, match="empty"):
        upload(size=0)


class Server:
    """The other side, to the letter of the facts; finds fault with a byte out of place."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.held = 0

    def take(self, content_range: str, length: int) -> Answer:
        span, _, total = content_range.removeprefix("bytes ").partition("/")
        assert int(total) == self.size
        if span != "*":
            first, last = (int(end) for end in span.split("-"))
            assert last - first + 1 == length > 0
            assert self.held < self.size, "bytes were sent to a finished session"
            assert first == self.held, "bytes were sent from another offset than the platform's"
            self.held = last + 1 if last + 1 == self.size else (last + 1) // GRANULE * GRANULE
        return answer(201, VIDEO) if self.held == self.size else held(self.held)


@given(
    size=st.integers(1, 5 * CHUNK),
    fresh=st.booleans(),
    mishaps=st.lists(
        st.sampled_from(["none", "before", "after", "503", "cut", "401"]), max_size=40
    ),
)
def test_whatever_gets_lost_each_byte_arrives_in_its_place(
    size: int, fresh: bool, mishaps: list[str]
) -> None:
    server, machine = Server(size), upload(size=size, fresh=fresh)
    for mishap in [*mishaps, *["none"] * 20]:
        request = machine.next_request()
        if mishap == "cut" and request.length > GRANULE:
            server.held = (request.offset + request.length // 2) // GRANULE * GRANULE
        if mishap in ("before", "cut"):
            machine.lost()
        elif mishap in ("503", "401"):
            with pytest.raises(PlatformError):
                machine.receive(answer(int(mishap)))
        else:
            given = server.take(request.headers["Content-Range"], request.length)
            if mishap == "after":
                machine.lost()
            elif machine.receive(given):
                assert server.held == size
                return
    pytest.fail("the upload never finished")


def refused_at_the_end() -> Upload:
    """A machine whose last chunk was refused; it asks next."""
    machine = upload()
    machine.next_request()
    machine.receive(held(2 * CHUNK))
    assert machine.next_request().finishes
    assert machine.receive(refusal(403, "forbidden")) is None
    assert asks(machine)
    return machine


def test_a_refusal_of_the_last_chunk_is_no_proof() -> None:
    finished = refused_at_the_end().receive(answer(200, VIDEO))
    assert finished == Finished("dQw4w9WgXcQ", KnownBy.READ_BACK)


def test_a_refusal_of_the_last_chunk_stands_when_the_session_agrees() -> None:
    machine = refused_at_the_end()
    assert machine.receive(held(2 * CHUNK)) is None, "the question itself was answered well"
    assert machine.confirmed == 2 * CHUNK
    with pytest.raises(PlatformRefusal) as caught:
        machine.next_request()
    assert caught.value.code == "forbidden"


def test_a_question_that_is_refused_like_the_last_chunk_is_the_last_word() -> None:
    with pytest.raises(PlatformRefusal) as caught:
        refused_at_the_end().receive(refusal(403, "forbidden"))
    assert caught.value.code == "forbidden"


def test_a_refusal_before_the_last_chunk_is_the_last_word() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    with pytest.raises(PlatformRefusal):
        machine.receive(refusal(403, "forbidden"))
