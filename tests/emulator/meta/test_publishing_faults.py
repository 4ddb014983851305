"""Trouble that publishing meets, ordered by name."""

import httpx2
import pytest

from testkit.emulator import Emulator
from testkit.meta import refusal
from tests.emulator.meta.publisher import MIB, Publisher
from tests.emulator.stranger import sha256, some_bytes

DATA = some_bytes(2048)


@pytest.fixture(autouse=True)
def at_once(emulator: Emulator) -> None:
    emulator.switch(page_processing_seconds=0.0)


def ready_to_finish(bakery: Publisher) -> dict[str, str]:
    started = bakery.start(len(DATA))
    bakery.transfer_all(started, DATA)
    return started


def test_a_chunk_that_breaks_off_leaves_nothing_behind(bakery: Publisher) -> None:
    data = some_bytes(MIB)
    started = bakery.start(len(data))
    bakery.emulator.fault("page_videos.transfer", "cut", after_bytes=MIB // 2)
    with pytest.raises(httpx2.TransportError):
        bakery.transfer(started, 0, data)
    (session,) = bakery.emulator.state()["sessions"]
    assert (session["received"], session["stored"]) == (MIB // 2, 0)

    bakery.transfer_all(started, data)
    bakery.finish(started)
    assert bakery.emulator.videos()[0]["sha256"] == sha256(data)


def test_a_lost_answer_to_a_chunk_shows_in_the_next_offset(bakery: Publisher) -> None:
    bakery.emulator.switch(range_bytes=1024)
    started = bakery.start(len(DATA))
    bakery.emulator.fault("page_videos.transfer", "lose_answer")
    with pytest.raises(httpx2.TransportError):
        bakery.transfer(started, 0, DATA[:1024])
    error = bakery.transfer(started, 0, DATA[:1024]).json()["error"]
    assert error["error_data"] == {"start_offset": 1024, "end_offset": 2048}


def test_a_stalled_session_answers_well_and_keeps_nothing(bakery: Publisher) -> None:
    started = bakery.start(len(DATA))
    bakery.emulator.fault("page_videos.transfer", "stall")
    answer = bakery.transfer(started, 0, DATA)
    assert answer.json() == {"start_offset": "0", "end_offset": "2048"}
    reel = bakery.start_reel()
    bakery.emulator.fault("reels.transfer", "stall")
    assert bakery.send(reel, DATA).json() == {"success": True}
    assert [s["stored"] for s in bakery.emulator.state()["sessions"]] == [0, 0]


def test_a_trickle_takes_its_time(bakery: Publisher) -> None:
    started = bakery.start(len(DATA))
    bakery.emulator.fault("page_videos.transfer", "trickle", bytes_per_second=len(DATA) * 10)
    answer = bakery.transfer(started, 0, DATA)
    assert answer.elapsed.total_seconds() >= 0.1
    assert answer.json()["start_offset"] == "2048"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("2/1363030", (2, 1363030)), ("1363019", (6001, 1363019)), ("190/460", (190, 460))],
)
def test_an_ordered_error_keeps_nothing_of_a_chunk(
    bakery: Publisher, reason: str, expected: tuple[int, int]
) -> None:
    started = bakery.start(len(DATA))
    bakery.emulator.fault("page_videos.transfer", "graph_error", reason=reason)
    assert refusal(bakery.transfer(started, 0, DATA)) == expected
    (session,) = bakery.emulator.state()["sessions"]
    assert (session["received"], session["stored"]) == (len(DATA), 0)


@pytest.mark.parametrize(
    "operation", ["page_videos.start", "page_videos.transfer", "page_videos.finish", "video.get"]
)
def test_a_front_end_answers_in_html(bakery: Publisher, operation: str) -> None:
    bakery.emulator.fault(operation, "status", status=502, html=True)
    started = {"upload_session_id": "1", "video_id": "1"}
    if operation == "page_videos.start":
        answer = bakery.videos("start", file_size=2048)
    elif operation == "page_videos.transfer":
        answer = bakery.transfer(bakery.start(2048), 0, DATA)
    elif operation == "page_videos.finish":
        answer = bakery.finish(started)
    else:
        answer = bakery.ask("GET", "1")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


def test_a_throttle_says_how_full_and_how_long(bakery: Publisher) -> None:
    bakery.emulator.fault("page_videos.start", "graph_error", reason="80001", retry_after=7)
    answer = bakery.videos("start", file_size=2048)
    assert refusal(answer) == (80001, None)
    assert '"estimated_time_to_regain_access": 7' in answer.headers["X-Business-Use-Case-Usage"]


def test_a_lost_answer_to_a_finish_leaves_one_published_video(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=1000.0)
    started = ready_to_finish(bakery)
    bakery.emulator.fault("page_videos.finish", "lose_answer_live")
    with pytest.raises(httpx2.TransportError):
        bakery.finish(started)
    assert bakery.video(started["video_id"])["published"] is True
    assert [video["finishes"] for video in bakery.emulator.videos()] == [1]


def test_an_error_may_come_after_the_deed(bakery: Publisher) -> None:
    started = ready_to_finish(bakery)
    bakery.emulator.fault("page_videos.finish", "graph_error_after", reason="1363011")
    assert refusal(bakery.finish(started)) == (6001, 1363011)
    assert bakery.video(started["video_id"])["published"] is True

    reel = bakery.start_reel()
    bakery.send(reel, DATA)
    bakery.emulator.fault("reels.finish", "graph_error_after", reason="4/2207051")
    assert refusal(bakery.finish_reel(reel)) == (4, 2207051)
    assert bakery.video(reel["video_id"])["published"] is True


def test_a_front_end_may_fail_after_the_deed(bakery: Publisher) -> None:
    started = ready_to_finish(bakery)
    bakery.emulator.fault("page_videos.finish", "status_after", status=502, html=True)
    answer = bakery.finish(started)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (502, "text/html")
    assert bakery.video(started["video_id"])["published"] is True


@pytest.mark.parametrize(
    ("fate", "video_status", "publish_status"),
    [
        ("processing_error", "error", "error"),
        ("never_ready", "processing", "draft"),
        ("left_as_draft", "ready", "draft"),
        ("copyright", "ready", "error"),
    ],
)
@pytest.mark.parametrize("kind", ["video", "reel"])
def test_a_finish_decides_what_becomes_of_a_video(
    bakery: Publisher, kind: str, fate: str, video_status: str, publish_status: str
) -> None:
    operation = "page_videos.finish" if kind == "video" else "reels.finish"
    bakery.emulator.fault(operation, fate)
    video_id = bakery.publish() if kind == "video" else bakery.publish_reel()
    bakery.emulator.advance(86400)
    video = bakery.video(video_id)
    assert (video["status"]["video_status"], video["published"]) == (video_status, False)
    assert bakery.emulator.videos()[0]["publish_status"] == publish_status


def test_a_copyright_match_says_so(bakery: Publisher) -> None:
    bakery.emulator.fault("page_videos.finish", "copyright")
    status = bakery.status(bakery.publish())
    assert status["copyright_check_status"] == {"status": "complete", "matches_found": True}
    assert status["publishing_phase"]["status"] == "error"
    assert status["publishing_phase"]["errors"][0]["message"]


@pytest.mark.parametrize(
    ("reason", "status", "retriable"),
    [
        ("ProcessingFailedError", 400, False),
        ("PartialRequestError", 400, True),
        ("OffsetInvalidError", 412, True),
        ("FileUrlProcessingError", 422, False),
        ("ParameterValidationError", 400, False),
    ],
)
def test_the_upload_host_refuses_as_it_is_told(
    bakery: Publisher, reason: str, status: int, retriable: bool
) -> None:
    bakery.emulator.fault("reels.transfer", "upload_error", reason=reason)
    answer = bakery.send(bakery.start_reel(), DATA)
    said = answer.json()["debug_info"]
    assert (answer.status_code, said["type"], said["retriable"]) == (status, reason, retriable)
    assert bakery.emulator.state()["sessions"][0]["stored"] == 0


def test_a_video_may_not_be_found_yet(bakery: Publisher) -> None:
    video_id = bakery.publish()
    bakery.emulator.fault("video.get", "not_found_yet")
    assert refusal(bakery.ask("GET", video_id)) == (100, 33)
    assert bakery.video(video_id)["published"] is True


def test_a_fault_may_be_meant_for_one_page(emulator: Emulator, bakery: Publisher) -> None:
    other = Publisher.of(emulator, "Blue Door Catering")
    fault = emulator.fault("page_videos.start", "graph_error", owner=other.page)
    bakery.start(2048)
    answer = other.emulator.http.post(
        f"/{other.page}/videos",
        data={"upload_phase": "start", "file_size": "2048", "access_token": other.token},
    )
    assert (refusal(answer), emulator.fired(fault)) == ((2, None), 1)


def test_a_finish_may_have_its_effect_later(bakery: Publisher) -> None:
    started = ready_to_finish(bakery)
    bakery.emulator.fault("page_videos.finish", "late_finish", delay_seconds=60)
    with pytest.raises(httpx2.TransportError):
        bakery.finish(started)
    assert bakery.status(started["video_id"])["video_status"] == "upload_complete"
    bakery.emulator.advance(61)
    assert bakery.status(started["video_id"])["video_status"] == "ready"
    assert bakery.emulator.videos()[0]["finishes"] == 1


@pytest.mark.parametrize("operation", ["page_videos.transfer", "page_videos.finish"])
def test_an_upload_may_be_forgotten(bakery: Publisher, operation: str) -> None:
    started = bakery.start(len(DATA))
    bakery.emulator.fault(operation, "session_lost")
    if operation == "page_videos.finish":
        bakery.transfer_all(started, DATA)
        assert refusal(bakery.finish(started)) == (100, None)
    else:
        assert refusal(bakery.transfer(started, 0, DATA)) == (100, None)
    assert refusal(bakery.ask("GET", started["video_id"])) == (100, 33)
    assert bakery.emulator.videos() == []


@pytest.mark.parametrize("operation", ["reels.transfer", "reels.finish"])
def test_a_reel_may_be_forgotten(bakery: Publisher, operation: str) -> None:
    started = bakery.start_reel()
    bakery.emulator.fault(operation, "session_lost")
    bakery.send(started, DATA)
    assert bakery.finish_reel(started).is_client_error
    assert refusal(bakery.ask("GET", started["video_id"])) == (100, 33)
    assert bakery.emulator.videos() == []
