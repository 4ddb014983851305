"""The machine alone, up to the last byte: answers in, requests out, no network."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
    SessionLost,
)
from domain.secrets import Secret
from platforms.transfer.machine import Answer
from tests.platforms.facebook.publishing.answers import (
    CHUNK,
    HTML,
    RANGE,
    SIZE,
    TYPES,
    asked,
    at_finish,
    failed,
    looks,
    node,
    says,
    upload,
)


@pytest.mark.parametrize("type", TYPES)
def test_it_begins_by_looking_at_the_video(type: str) -> None:
    request = upload(type).next_request()
    assert looks(request)
    assert request.headers["authorization"] == "Bearer token"
    query = parse_qs(urlsplit(request.url.reveal()).query)
    assert query["fields"] == ["status,published,permalink_url,scheduled_publish_time"]
    assert len(query["appsecret_proof"][0]) == 64


def test_a_fresh_video_begins_with_the_range_that_was_asked_for() -> None:
    request = upload(fresh=True).next_request()
    assert (request.method, request.offset, request.length) == ("POST", 0, RANGE)
    assert request.url == Secret("https://graph.example/v27.0/7/videos")
    assert b'name="upload_session_id"\r\n\r\n99\r\n' in request.head
    assert b'name="start_offset"\r\n\r\n0\r\n' in request.head
    assert b'name="appsecret_proof"' in request.head
    assert not request.finishes


def test_a_piece_is_a_form_that_ends_with_the_file() -> None:
    request = upload(fresh=True).next_request()
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    assert request.head.count(b"--" + boundary + b"\r\n") == 5
    assert b'name="video_file_chunk"; filename=' in request.head
    assert request.head.endswith(b"\r\n\r\n")
    assert request.tail == b"\r\n--" + boundary + b"--\r\n"


def test_a_reel_goes_to_the_address_it_was_given() -> None:
    request = upload("reel", fresh=True).next_request()
    assert request.url == Secret("https://rupload.example/video-upload/v27.0/42")
    assert (request.offset, request.length, request.head) == (0, SIZE, b"")
    assert request.headers["authorization"] == "OAuth token"
    assert (request.headers["offset"], request.headers["file_size"]) == ("0", str(SIZE))


def test_the_answer_says_what_to_send_next() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    assert machine.receive(asked(RANGE, RANGE + 50)) is None
    request = machine.next_request()
    assert (machine.confirmed, request.offset, request.length) == (RANGE, RANGE, 50)


@pytest.mark.parametrize("as_text", [True, False])
def test_a_correction_says_what_to_send_next(as_text: bool) -> None:
    machine = upload(fresh=True)
    machine.next_request()
    data: Any = {"start_offset": 300, "end_offset": 1200}
    data = json.dumps(data) if as_text else data
    assert machine.receive(failed("6001/1363037", error_data=data)) is None
    request = machine.next_request()
    assert (machine.confirmed, request.offset, request.length) == (300, 300, 900)


def test_a_correction_back_to_what_was_held_before_is_obeyed() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    machine.receive(asked(2 * RANGE, SIZE))
    machine.next_request()
    machine.receive(failed("6001/1363037", error_data={"start_offset": 0, "end_offset": 10}))
    request = machine.next_request()
    assert (machine.confirmed, request.offset, request.length) == (0, 0, 10)


def test_without_a_range_asked_for_a_piece_is_bounded_by_the_chunk_size() -> None:
    machine = upload()
    machine.next_request()
    machine.receive(node(500))
    request = machine.next_request()
    assert (request.offset, request.length) == (500, CHUNK)


def test_after_a_look_no_more_is_sent_than_was_asked_for_the_last_time() -> None:
    machine = upload(fresh=True)
    machine.next_request()
    machine.receive(asked(RANGE, RANGE + 50))
    machine.next_request()
    machine.lost()
    machine.next_request()
    machine.receive(node(RANGE + 7))
    request = machine.next_request()
    assert (request.offset, request.length) == (RANGE + 7, 50)


def test_a_piece_ends_with_the_file() -> None:
    machine = upload()
    machine.next_request()
    machine.receive(node(SIZE - 5))
    assert machine.next_request().length == 5


def test_a_reel_goes_on_from_what_arrived() -> None:
    machine = upload("reel")
    machine.next_request()
    machine.receive(node(1234))
    request = machine.next_request()
    assert (request.offset, request.length) == (1234, SIZE - 1234)
    assert (request.headers["offset"], request.headers["file_size"]) == ("1234", str(SIZE))


@pytest.mark.parametrize(
    "garbled",
    [
        says({}),
        says({"start_offset": "5"}),
        says({"start_offset": "x", "end_offset": "9"}),
        asked(700, 700),
        asked(700, 300),
        asked(SIZE + 1, SIZE + 2),
        failed("6001/1363037"),
        failed("6001/1363037", error_data="no json"),
        says([]),
        HTML,
    ],
)
def test_an_answer_that_makes_no_sense_moves_nothing(garbled: Answer) -> None:
    machine = upload(fresh=True)
    machine.next_request()
    with pytest.raises(PlatformUnavailable) as caught:
        machine.receive(garbled)
    assert (caught.value.code, machine.confirmed) == ("unreadable_answer", 0)
    assert looks(machine.next_request())


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize(
    ("given", "error"),
    [
        (failed("2"), PlatformUnavailable),
        (failed("2/1363030"), PlatformUnavailable),
        (failed("100", is_transient=True), PlatformUnavailable),
        (failed("190/460"), ReauthorizationNeeded),
        (failed("368/1390008"), QuotaExhausted),
        (failed("3"), PlatformMisconfigured),
        (HTML, PlatformUnavailable),
    ],
)
def test_an_error_at_a_piece_is_told_and_then_a_look(
    type: str, given: Answer, error: type[PlatformError]
) -> None:
    machine = upload(type, fresh=True)
    machine.next_request()
    with pytest.raises(error):
        machine.receive(given)
    assert looks(machine.next_request())


def test_refused_bytes_are_looked_after_before_they_are_given_up() -> None:
    host = says({"debug_info": {"retriable": False, "type": "NotAuthorizedError"}}, 403)
    machine = upload("reel", fresh=True)
    machine.next_request()
    assert machine.receive(host) is None
    assert looks(machine.next_request())
    with pytest.raises(ReauthorizationNeeded):
        machine.receive(failed("190"))
    assert looks(machine.next_request())
    assert machine.receive(node(0)) is None, "the look itself was answered well"
    with pytest.raises(PlatformRefusal):
        machine.next_request()


def test_a_reel_that_was_offered_from_the_wrong_offset_is_looked_at() -> None:
    machine = upload("reel", fresh=True)
    machine.next_request()
    told = {"debug_info": {"retriable": True, "type": "OffsetInvalidError"}}
    with pytest.raises(PlatformUnavailable):
        machine.receive(says(told, 412))
    assert looks(machine.next_request())


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("unknown", ["100/33", "803"])
def test_a_video_that_is_not_there_is_a_lost_session(type: str, unknown: str) -> None:
    machine = upload(type)
    machine.next_request()
    with pytest.raises(SessionLost):
        machine.receive(failed(unknown))


def test_a_video_that_expired_is_a_lost_session() -> None:
    machine = upload()
    machine.next_request()
    with pytest.raises(SessionLost):
        machine.receive(node(500, video_status="expired"))


def test_each_request_takes_the_token_of_its_moment() -> None:
    machine = upload(tokens=["old", "new"])
    assert machine.next_request().headers["authorization"] == "Bearer old"
    machine.lost()
    assert machine.next_request().headers["authorization"] == "Bearer new"


@pytest.mark.parametrize("type", TYPES)
def test_nothing_of_a_request_shows_the_session_or_the_token(type: str) -> None:
    machine = upload(type, fresh=True, tokens=["tell-nobody"])
    shown = repr(machine.next_request())
    assert "99" not in shown
    assert "rupload" not in shown
    assert "tell-nobody" not in shown


def test_a_token_is_in_no_address() -> None:
    for type in TYPES:
        for machine in (upload(type), upload(type, fresh=True), at_finish(type)):
            assert "token" not in machine.next_request().url.reveal()


@pytest.mark.parametrize("type", TYPES)
def test_an_empty_file_is_no_upload(type: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        upload(type, size=0)


def nearly_used_up(answer: Answer) -> Answer:
    usage = {"7": [{"type": "pages", "call_count": 95, "total_time": 1, "total_cputime": 1}]}
    return replace(answer, headers={"x-business-use-case-usage": json.dumps(usage)})


def test_a_page_that_has_few_calls_left_is_left_alone_after_each_piece() -> None:
    machine = upload("video", fresh=True)
    machine.next_request()
    machine.receive(nearly_used_up(asked(RANGE, 2 * RANGE)))
    with pytest.raises(QuotaExhausted):
        machine.next_request()


def test_who_comes_back_to_such_a_page_sends_a_piece_and_not_just_a_look() -> None:
    machine = upload("video")
    assert looks(machine.next_request())
    machine.receive(nearly_used_up(node(RANGE)))
    assert machine.next_request().offset == RANGE
    machine.receive(nearly_used_up(asked(2 * RANGE, SIZE)))
    with pytest.raises(QuotaExhausted):
        machine.next_request()
