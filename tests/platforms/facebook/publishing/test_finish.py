"""The machine alone, from the last byte on: when a finish is sent, and what its end means."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
    Unconfirmed,
)
from domain.states import KnownBy
from platforms.facebook.publishing.upload import BEGINS_WITHIN, PAUSES
from platforms.transfer.machine import Answer, Finished, Upload
from tests.platforms.facebook.publishing.answers import (
    FINISHED_NODE,
    HTML,
    SIZE,
    SUCCESS,
    TYPES,
    after_finish,
    asked,
    at_finish,
    failed,
    form,
    looks,
    node,
    says,
    upload,
)


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
            {"privacy": "private", "publishAt": "2090-01-01T00:00:00Z"},
            {
                "published": "false",
                "unpublished_content_type": "SCHEDULED",
                "scheduled_publish_time": "3786912000",
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
            {"privacy": "private", "publishAt": "2090-01-01T01:00:00+01:00"},
            {"video_state": "SCHEDULED", "scheduled_publish_time": "3786912000"},
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


def looks_in_vain(machine: Upload, pauses: Sequence[float] = PAUSES) -> list[PlatformUnavailable]:
    found = []
    for pause in pauses:
        assert looks(machine.next_request())
        with pytest.raises(PlatformUnavailable) as caught:
            machine.receive(node())
        assert caught.value.retry_after == pause
        found.append(caught.value)
    return found


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("answer", [None, HTML, failed("2")])
def test_a_finish_is_sent_again_only_after_looks_that_find_nothing(
    type: str, answer: Answer | None
) -> None:
    machine = after_finish(type, answer)
    looks_in_vain(machine)
    assert looks(machine.next_request())
    assert machine.receive(node()) is None
    assert machine.next_request().finishes


def test_each_unclear_finish_is_looked_for_as_often_as_the_first() -> None:
    machine = after_finish("video", None)
    looks_in_vain(machine)
    machine.next_request()
    machine.receive(node())
    machine.next_request()
    machine.lost()
    looks_in_vain(machine)


def test_the_looks_go_on_for_half_a_minute() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert sum(PAUSES) >= 30


def test_a_look_that_gets_no_answer_is_none() -> None:
    machine = after_finish("video", None)
    for _ in range(5):
        assert looks(machine.next_request())
        machine.lost()
    looks_in_vain(machine)


def test_a_refused_finish_is_told_after_as_many_looks() -> None:
    machine = after_finish("video", failed("506"))
    looks_in_vain(machine)
    machine.next_request()
    with pytest.raises(PlatformRefusal) as caught:
        machine.receive(node())
    assert caught.value.code == "content_duplicate"


def test_a_code_that_is_worth_few_tries_keeps_them() -> None:
    error, *_ = looks_in_vain(after_finish("video", failed("6000")))
    assert (error.code, error.tries) == ("file_unusable", 3)


@pytest.mark.parametrize("type", TYPES)
def test_who_comes_after_a_finish_looks_before_another(type: str) -> None:
    machine = upload(type, finish_sent=True)
    assert {error.code for error in looks_in_vain(machine)} == {"outcome_unconfirmed"}
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


JUST_PROCESSING = node(video_status="processing")


def test_a_video_that_is_said_to_be_processing_is_given_time() -> None:
    machine = after_finish("video", None)
    for _ in range(3 * len(PAUSES)):
        assert looks(machine.next_request())
        with pytest.raises(Unconfirmed):
            machine.receive(JUST_PROCESSING)


def test_the_time_that_it_is_given_ends() -> None:
    machine = upload("video", finish_sent_at=datetime.now(UTC) - BEGINS_WITHIN)
    for _ in PAUSES:
        machine.next_request()
        with pytest.raises(Unconfirmed):
            machine.receive(JUST_PROCESSING)
    machine.next_request()
    assert machine.receive(JUST_PROCESSING) is None
    assert machine.next_request().finishes


@pytest.mark.parametrize("reason", ["100", "12", "4711"])
def test_a_refused_look_after_a_finish_is_no_word_on_the_video(reason: str) -> None:
    machine = after_finish("video", None)
    machine.next_request()
    with pytest.raises(Unconfirmed):
        machine.receive(failed(reason))
    assert looks(machine.next_request())
    finished = machine.receive(node(published=True))
    assert finished == Finished("42", KnownBy.READ_BACK)


@pytest.mark.parametrize("empty", [{"id": "42"}, {"status": {"video_status": "processing"}}])
def test_a_look_that_tells_nothing_does_not_begin_anew_after_a_finish(empty: object) -> None:
    machine = after_finish("reel", None)
    machine.next_request()
    with pytest.raises(Unconfirmed):
        machine.receive(says(empty))
    assert looks(machine.next_request())


def test_a_repeated_finish_that_is_refused_is_unclear() -> None:
    machine = after_finish("video", None)
    looks_in_vain(machine)
    machine.next_request()
    machine.receive(node())
    assert machine.next_request().finishes
    assert machine.receive(failed("506")) is None
    looks_in_vain(machine)
    machine.next_request()
    with pytest.raises(Unconfirmed):
        machine.receive(node())
    assert looks(machine.next_request())
