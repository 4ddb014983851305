"""The machine alone: answers in, requests out, no network."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from domain.states import KnownBy
from platforms.facebook.graph import Graph
from platforms.facebook.publishing.session import ReelSession, VideoSession, seal
from platforms.facebook.publishing.upload import LOOK_SECONDS, LOOKS, resume_upload
from platforms.facebook.usage import Usage
from platforms.http import Http
from platforms.protocol import Publication
from platforms.transfer.machine import Answer, Finished, Request, Upload
from tests.platforms.facebook.conftest import app_at

RANGE = 1000
CHUNK = 700
SIZE = 2 * RANGE + 300
VIDEO = seal(VideoSession("7", "42", "99", 0, RANGE))
REEL = seal(ReelSession("7", "42", "https://rupload.example/video-upload/v26.0/42"))
HANDLES = {"video": VIDEO, "reel": REEL}
TYPES = list(HANDLES)
APP = app_at("https://graph.example")
HTTP = Http("Meta")
"""Never used: a machine makes no call."""
PUBLICATION = Publication(
    account_id="7",
    marker="asg_0123456789abcdef.mp4",
    type="video",
    payload={"title": "Sourdough", "privacy": "public"},
    size=SIZE,
    content_type="video/mp4",
    file_name="sourdough.mp4",
)
SUCCESS = Answer(200, {}, b'{"success": true}')
HTML = Answer(502, {}, b"<html>Bad Gateway</html>")


def upload(
    type: str = "video",
    *,
    fresh: bool = False,
    finish_sent: bool = False,
    tokens: list[str] | None = None,
    size: int = SIZE,
    payload: Mapping[str, str] | None = None,
) -> Upload:
    supply = iter(tokens or [])
    publication = replace(
        PUBLICATION, type=type, size=size, payload={**PUBLICATION.payload, **(payload or {})}
    )
    return resume_upload(
        Graph(APP, HTTP, Usage()),
        HANDLES[type],
        publication,
        lambda: Secret(next(supply, "token")),
        chunk_size=CHUNK,
        fresh=fresh,
        finish_sent=finish_sent,
    )


def says(document: object, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(document).encode())


def asked(start: int, end: int) -> Answer:
    return says({"start_offset": str(start), "end_offset": str(end)})


def failed(reason: str, **error: Any) -> Answer:
    code, _, subcode = reason.partition("/")
    error = {"message": "m", "type": "OAuthException", "code": int(code), **error}
    if subcode:
        error["error_subcode"] = int(subcode)
    return says({"error": error}, 400)


def node(stored: int = SIZE, **phases: Any) -> Answer:
    """A video whose bytes are there so far and of whose finish nothing shows."""
    whole = stored == SIZE
    uploading = {"status": "complete" if whole else "in_progress", "bytes_transferred": stored}
    status = {
        "video_status": "upload_complete" if whole else "uploading",
        "uploading_phase": uploading,
        "processing_phase": {"status": "not_started"},
        "publishing_phase": {"status": "not_started"},
    }
    top = {name: phases.pop(name) for name in ("published",) if name in phases}
    return says({"id": "42", "status": {**status, **phases}, **top})


FINISHED_NODE = node(video_status="processing", processing_phase={"status": "in_progress"})


def looks(request: Request) -> bool:
    url = urlsplit(request.url.reveal())
    return (request.method, url.path, request.length) == ("GET", "/v26.0/42", 0)


def form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.head.decode()).items()}


def at_finish(type: str = "video") -> Upload:
    """A machine whose next request is its first finish."""
    machine = upload(type, fresh=True)
    machine.next_request()
    machine.receive(asked(SIZE, SIZE) if type == "video" else SUCCESS)
    return machine


def after_finish(type: str, answer: Answer | None) -> Upload:
    """A machine whose finish was answered so, or not at all."""
    machine = at_finish(type)
    assert machine.next_request().finishes
    if answer is None:
        machine.lost()
    else:
        assert machine.receive(answer) is None
    return machine


# Bytes --------------------------------------------------------------------------------


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
    assert request.url == Secret("https://graph.example/v26.0/7/videos")
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
    assert request.url == Secret("https://rupload.example/video-upload/v26.0/42")
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
    for look, error in ((failed("190"), ReauthorizationNeeded), (node(0), PlatformRefusal)):
        machine = upload("reel", fresh=True)
        machine.next_request()
        assert machine.receive(host) is None
        assert looks(machine.next_request())
        with pytest.raises(error):
            machine.receive(look)


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


# The finish ---------------------------------------------------------------------------


@pytest.mark.parametrize("type", TYPES)
def test_the_finish_carries_no_bytes_and_is_announced(type: str) -> None:
    request = at_finish(type).next_request()
    assert (request.length, request.finishes, form(request)["upload_phase"]) == (0, True, "finish")


@pytest.mark.parametrize(
    ("payload", "visibility"),
    [
        ({"privacy": "public"}, {"published": "true"}),
        ({"privacy": "private"}, {"published": "false", "unpublished_content_type": "DRAFT"}),
        (
            {"privacy": "private", "publishAt": "2027-01-01T00:00:00Z"},
            {
                "published": "false",
                "unpublished_content_type": "SCHEDULED",
                "scheduled_publish_time": "1798761600",
            },
        ),
    ],
)
def test_a_video_says_who_is_to_see_it(payload: dict[str, str], visibility: dict[str, str]) -> None:
    machine = upload(fresh=True, payload=payload)
    machine.next_request()
    machine.receive(asked(SIZE, SIZE))
    said = form(machine.next_request())
    del said["appsecret_proof"]
    assert said == {
        "upload_phase": "finish",
        "upload_session_id": "99",
        "title": "Sourdough",
        **visibility,
    }


@pytest.mark.parametrize(
    ("payload", "visibility"),
    [
        ({"privacy": "public"}, {"video_state": "PUBLISHED"}),
        ({"privacy": "private"}, {"video_state": "DRAFT"}),
        (
            {"privacy": "private", "publishAt": "2027-01-01T01:00:00+01:00"},
            {"video_state": "SCHEDULED", "scheduled_publish_time": "1798761600"},
        ),
    ],
)
def test_a_reel_says_who_is_to_see_it(payload: dict[str, str], visibility: dict[str, str]) -> None:
    machine = upload("reel", fresh=True, payload=payload)
    machine.next_request()
    machine.receive(SUCCESS)
    said = form(machine.next_request())
    del said["appsecret_proof"]
    assert said == {
        "upload_phase": "finish",
        "video_id": "42",
        "title": "Sourdough",
        **visibility,
    }


@pytest.mark.parametrize("type", TYPES)
def test_an_acknowledged_finish_is_the_end(type: str) -> None:
    machine = at_finish(type)
    machine.next_request()
    assert machine.receive(SUCCESS) == Finished("42", KnownBy.ANSWER)


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize(
    "answer",
    [
        None,
        HTML,
        says({}),
        says([]),
        says({"success": False}),
        failed("1"),
        failed("2", is_transient=True),
        failed("4/2207051"),
        failed("6000"),
        failed("100"),
        failed("190/463"),
        failed("506"),
        failed("80001"),
        failed("3"),
    ],
)
def test_any_other_end_of_a_finish_is_read_back_first(type: str, answer: Answer | None) -> None:
    machine = after_finish(type, answer)
    assert looks(machine.next_request())
    assert machine.receive(FINISHED_NODE) == Finished("42", KnownBy.READ_BACK)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed("190/463"), ReauthorizationNeeded),
        (failed("4/2207051"), QuotaExhausted),
        (failed("3"), PlatformMisconfigured),
    ],
)
def test_what_has_to_be_mended_is_told_after_one_look(
    answer: Answer, error: type[PlatformError]
) -> None:
    machine = after_finish("video", answer)
    machine.next_request()
    with pytest.raises(error):
        machine.receive(node())
    assert looks(machine.next_request()), "and the next thing is another look"


def looks_in_vain(machine: Upload, times: int) -> list[PlatformUnavailable]:
    found = []
    for _ in range(times):
        assert looks(machine.next_request())
        with pytest.raises(PlatformUnavailable) as caught:
            machine.receive(node())
        assert caught.value.retry_after == LOOK_SECONDS
        found.append(caught.value)
    return found


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("answer", [None, HTML, failed("2")])
def test_a_finish_is_sent_again_only_after_looks_that_find_nothing(
    type: str, answer: Answer | None
) -> None:
    machine = after_finish(type, answer)
    looks_in_vain(machine, LOOKS - 1)
    assert looks(machine.next_request())
    assert machine.receive(node()) is None
    assert machine.next_request().finishes


def test_each_unclear_finish_is_looked_for_as_often_as_the_first() -> None:
    machine = after_finish("video", None)
    looks_in_vain(machine, LOOKS - 1)
    machine.next_request()
    machine.receive(node())
    machine.next_request()
    machine.lost()
    looks_in_vain(machine, LOOKS - 1)


def test_the_looks_are_seconds_apart() -> None:
    assert LOOKS >= 3
    assert (LOOKS - 1) * LOOK_SECONDS >= 5


def test_a_look_that_gets_no_answer_is_none() -> None:
    machine = after_finish("video", None)
    for _ in range(5):
        assert looks(machine.next_request())
        machine.lost()
    looks_in_vain(machine, LOOKS - 1)


def test_a_refused_finish_is_told_after_as_many_looks() -> None:
    machine = after_finish("video", failed("506"))
    looks_in_vain(machine, LOOKS - 1)
    machine.next_request()
    with pytest.raises(PlatformRefusal) as caught:
        machine.receive(node())
    assert caught.value.code == "content_duplicate"


def test_a_code_that_is_worth_few_tries_keeps_them() -> None:
    error, *_ = looks_in_vain(after_finish("video", failed("6000")), 1)
    assert (error.code, error.tries) == ("file_unusable", 3)


@pytest.mark.parametrize("type", TYPES)
def test_who_comes_after_a_finish_looks_before_another(type: str) -> None:
    machine = upload(type, finish_sent=True)
    assert [error.code for error in looks_in_vain(machine, LOOKS - 1)] == [
        "not_finished_yet",
        "not_finished_yet",
    ]
    machine.next_request()
    assert machine.receive(node()) is None
    assert (machine.confirmed, machine.next_request().finishes) == (SIZE, True)


@pytest.mark.parametrize("type", TYPES)
def test_who_comes_before_any_finish_may_send_it_at_once(type: str) -> None:
    machine = upload(type)
    machine.next_request()
    assert machine.receive(node()) is None
    assert machine.next_request().finishes


@pytest.mark.parametrize("type", TYPES)
def test_who_finds_bytes_missing_sends_them_and_may_finish_at_once(type: str) -> None:
    machine = upload(type, finish_sent=True)
    machine.next_request()
    machine.receive(node(SIZE - 5))
    machine.next_request()
    machine.receive(asked(SIZE, SIZE) if type == "video" else SUCCESS)
    assert machine.next_request().finishes


def test_a_finish_refused_for_want_of_bytes_is_followed_by_the_bytes() -> None:
    machine = after_finish("reel", failed("6000"))
    machine.next_request()
    assert machine.receive(node(10)) is None
    assert machine.next_request().offset == 10
    machine.receive(SUCCESS)
    assert machine.next_request().finishes


def test_a_finish_before_the_last_byte_is_forgotten() -> None:
    machine = after_finish("reel", failed("506"))
    machine.next_request()
    machine.receive(node(10))
    machine.next_request()
    machine.lost()
    assert looks(machine.next_request())
    assert machine.receive(node()) is None
    assert machine.next_request().finishes


@pytest.mark.parametrize("type", TYPES)
def test_a_video_that_failed_is_a_refusal(type: str) -> None:
    machine = after_finish(type, None)
    machine.next_request()
    broken = {"status": "error", "errors": [{"code": 1363127, "message": "m"}]}
    with pytest.raises(PlatformRefusal) as caught:
        machine.receive(node(video_status="error", processing_phase=broken))
    assert caught.value.code == "resolution_unsupported"


def test_processing_as_a_word_is_no_sign_of_a_finish() -> None:
    machine = upload("reel", finish_sent=True)
    machine.next_request()
    with pytest.raises(PlatformUnavailable):
        machine.receive(node(video_status="processing"))


@pytest.mark.parametrize("type", TYPES)
def test_work_on_the_bytes_is_no_sign_of_a_finish_that_nobody_sent(type: str) -> None:
    machine = upload(type)
    machine.next_request()
    assert machine.receive(FINISHED_NODE) is None
    assert machine.next_request().finishes


@pytest.mark.parametrize("type", TYPES)
def test_a_video_that_is_public_needs_no_finish_whoever_sent_it(type: str) -> None:
    machine = upload(type)
    machine.next_request()
    assert machine.receive(node(published=True)) == Finished("42", KnownBy.READ_BACK)


# Secrets and tokens -------------------------------------------------------------------


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


# Everything at once -------------------------------------------------------------------


class Server:
    """The other side, to the letter of the facts; finds fault with a byte out of place."""

    def __init__(self, type: str) -> None:
        self.type = type
        self.held = 0
        self.is_finished = False
        self.finishes = 0

    def take(self, request: Request) -> Answer:
        if looks(request):
            return FINISHED_NODE if self.is_finished else node(self.held)
        if request.finishes:
            assert self.held == SIZE, "a finish came before the last byte"
            assert not self.is_finished, "a finish came after one that had worked"
            self.is_finished = True
            return SUCCESS
        assert not self.is_finished, "bytes came after the finish"
        if request.offset == self.held and request.length <= RANGE + SIZE * (self.type == "reel"):
            self.held += request.length
        elif self.type == "video":
            data = {"start_offset": self.held, "end_offset": min(self.held + RANGE, SIZE)}
            return failed("6001/1363037", error_data=data)
        if self.type == "reel":
            return SUCCESS
        return asked(self.held, min(self.held + RANGE, SIZE))


@settings(deadline=None)
@given(
    type=st.sampled_from(TYPES),
    start=st.sampled_from(["fresh", "resumed", "finish sent"]),
    mishaps=st.lists(
        st.sampled_from(
            ["none", "none", "before", "after", "2", "1363037", "506 after", "html after", "cut"]
        ),
        max_size=40,
    ),
)
def test_whatever_gets_lost_there_is_one_finish_that_works(
    type: str, start: str, mishaps: list[str]
) -> None:
    server = Server(type)
    machine = upload(type, fresh=start == "fresh", finish_sent=start == "finish sent")
    for mishap in [*mishaps, *["none"] * 20]:
        request = machine.next_request()
        before, _, after = mishap.partition(" ")
        if mishap == "cut" and type == "reel" and request.length and request.offset == server.held:
            server.held += request.length // 2
        if mishap in ("before", "cut"):
            machine.lost()
            continue
        if before.isdigit() and not after:
            answer = failed("2")
        else:
            answer = server.take(request)
            if mishap == "after":
                machine.lost()
                continue
            if after and request.finishes:
                answer = HTML if before == "html" else failed("506")
        try:
            finished = machine.receive(answer)
        except PlatformUnavailable:
            continue
        if finished:
            assert server.is_finished
            assert finished.platform_id == "42"
            return
    pytest.fail("the upload never finished")
