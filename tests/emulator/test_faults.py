"""Every kind of trouble that can be ordered, as a client meets it."""

import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import KIB256, Stranger, reason, sha256, some_bytes

DATA = some_bytes(4 * KIB256)
SIZE = len(DATA)
PUT, START, ASK = "videos.insert.transfer", "videos.insert.start", "videos.insert.status"
GONE = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)


@pytest.fixture
def session(ana: Stranger) -> str:
    """An open session for `DATA`."""
    return ana.session(SIZE)


def test_a_cut_keeps_the_aligned_part_of_what_arrived(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "cut", after_bytes=2 * KIB256 + 77)
    with pytest.raises(GONE):
        ana.put(session, DATA)
    assert ana.query(session).headers["range"] == f"bytes=0-{2 * KIB256 - 1}"
    rest = ana.put(session, DATA[2 * KIB256 :], f"{2 * KIB256}-{SIZE - 1}/{SIZE}")
    assert rest.status_code == 201
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_a_connection_that_the_client_drops_keeps_the_aligned_part(
    ana: Stranger, session: str
) -> None:
    class Enough(Exception):
        pass

    def body() -> Any:
        yield DATA[: 3 * KIB256 + 5]
        while ana.emulator.state()["transfer"]["bytes_received"] < 3 * KIB256 + 5:
            pass
        raise Enough

    headers = {**ana.bearer, "Content-Length": str(SIZE)}
    with pytest.raises(Enough), httpx2.Client() as client:
        client.put(session, content=body(), headers=headers)
    stored = ""
    while stored != f"bytes=0-{3 * KIB256 - 1}":
        stored = ana.query(session).headers.get("range", "")


def test_an_answer_can_be_lost_after_all_was_done(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "lose_answer", final=True)
    ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}")
    with pytest.raises(GONE):
        ana.put(session, DATA[KIB256:], f"{KIB256}-{SIZE - 1}/{SIZE}")
    found = ana.query(session, SIZE)
    assert found.status_code == 200
    assert [video["id"] for video in ana.emulator.videos()] == [found.json()["id"]]


def test_the_answer_to_a_start_can_be_lost(ana: Stranger) -> None:
    ana.emulator.fault(START, "lose_answer")
    with pytest.raises(GONE):
        ana.start(SIZE)
    assert [s["state"] for s in ana.emulator.state()["sessions"]] == ["open"]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_status_can_be_dictated(ana: Stranger, session: str, status: int) -> None:
    ana.emulator.fault(PUT, "status", status=status, retry_after=7)
    answer = ana.put(session, DATA)
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
    assert answer.headers["content-type"].startswith("text/plain")
    assert ana.put(session, DATA).status_code == 201


def test_a_dictated_status_can_be_html(ana: Stranger) -> None:
    ana.emulator.fault("videos.list", "status", status=502, html=True)
    answer = ana.ask("GET", "/youtube/v3/videos?part=id&id=x")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


def test_a_dictated_status_can_come_in_the_middle(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "status", status=503, after_bytes=KIB256 + 1)
    assert ana.put(session, DATA).status_code == 503
    assert ana.query(session).headers["range"] == f"bytes=0-{KIB256 - 1}"


@pytest.mark.parametrize("operation", [START, "videos.list", PUT])
@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("rate_limited", 429, "rateLimitExceeded"),
        ("daily_limit", 429, "rateLimitExceeded"),
        ("quota_exceeded", 403, "quotaExceeded"),
        ("upload_limit", 400, "uploadLimitExceeded"),
        ("unauthorized", 401, "authError"),
    ],
)
def test_refusals_come_in_their_true_shapes(
    ana: Stranger, session: str, operation: str, kind: str, status: int, word: str
) -> None:
    calls: dict[str, Callable[[], httpx2.Response]] = {
        START: lambda: ana.start(SIZE),
        PUT: lambda: ana.put(session, DATA),
        "videos.list": lambda: ana.ask("GET", "/youtube/v3/videos?part=id&id=x"),
    }
    ana.emulator.fault(operation, kind)
    answer = calls[operation]()
    assert (answer.status_code, reason(answer)) == (status, word)
    assert ("Video Uploads per day" in answer.text) == (kind == "daily_limit")
    assert calls[operation]().is_success


def test_a_401_in_the_middle_of_the_bytes_keeps_what_came_before(
    ana: Stranger, session: str
) -> None:
    ana.emulator.fault(PUT, "unauthorized", after_bytes=2 * KIB256)
    assert ana.put(session, DATA).status_code == 401
    assert ana.query(session).headers["range"] == f"bytes=0-{2 * KIB256 - 1}"


def test_a_session_can_be_forgotten(ana: Stranger, session: str) -> None:
    ana.emulator.fault(ASK, "session_lost")
    assert ana.query(session).status_code == 404
    assert ana.put(session, DATA).status_code == 404
    assert ana.emulator.videos() == []


def test_a_forgotten_session_can_answer_410(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "session_lost", status=410)
    assert ana.put(session, DATA).status_code == 410


def test_a_session_can_be_forgotten_after_its_video_was_made(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "session_lost", after_finish=True)
    assert ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}").status_code == 308
    assert ana.put(session, DATA[KIB256:], f"{KIB256}-{SIZE - 1}/{SIZE}").status_code == 404
    assert ana.query(session).status_code == 404
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_a_server_that_never_advances(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "stall", times=None)
    for _ in range(3):
        answer = ana.put(session, DATA)
        assert answer.status_code == 308
        assert "range" not in answer.headers
    ana.emulator.http.delete("/_emulator/faults")
    assert ana.put(session, DATA).status_code == 201


def test_a_chunk_can_be_kept_in_part(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "stall", after_bytes=2 * KIB256)
    assert ana.put(session, DATA).headers["range"] == f"bytes=0-{2 * KIB256 - 1}"


def test_an_answer_can_be_bad_after_all_was_done(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "status_after", status=502)
    assert ana.put(session, DATA).status_code == 502
    assert ana.query(session).status_code == 200
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_a_video_can_be_held_back_although_every_byte_is_there(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "hold_back")
    ana.emulator.fault(ASK, "hold_back")
    for answer in (ana.put(session, DATA), ana.query(session)):
        assert answer.status_code == 308
        assert answer.headers["range"] == f"bytes=0-{SIZE - 1}"
    assert ana.emulator.videos() == []
    assert ana.query(session, SIZE).is_success
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_an_answer_can_be_slow(ana: Stranger) -> None:
    ana.emulator.fault("channels.list", "slow", delay_seconds=0.3)
    before = time.monotonic()
    assert ana.ask("GET", "/youtube/v3/channels?part=id&mine=true").is_success
    assert time.monotonic() - before >= 0.3


def test_a_body_can_be_read_slowly(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "trickle", bytes_per_second=4 * SIZE)
    before = time.monotonic()
    assert ana.put(session, DATA).status_code == 201
    assert time.monotonic() - before >= 0.2


@pytest.mark.parametrize("operation", [START, PUT, "videos.list"])
@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("processing_fails", {}, {"uploadStatus": "failed", "failureReason": "conversion"}),
        ("processing_fails", {"reason": "codec"}, {"failureReason": "codec"}),
        ("processing_rejects", {}, {"uploadStatus": "rejected", "rejectionReason": "duplicate"}),
        ("processing_rejects", {"reason": "copyright"}, {"rejectionReason": "copyright"}),
        ("processing_stuck", {}, {"uploadStatus": "uploaded"}),
        ("processing_terminated", {}, {"uploadStatus": "processed"}),
        ("private_lock", {}, {"uploadStatus": "processed", "privacyStatus": "private"}),
    ],
)
def test_processing_can_end_otherwise(
    ana: Stranger, operation: str, kind: str, options: dict[str, str], expected: dict[str, str]
) -> None:
    ana.emulator.switch(processing_seconds=0.0)
    ana.emulator.fault(operation, kind, **options)
    video = ana.upload(DATA, snippet={"title": "x"}, status={"privacyStatus": "unlisted"})
    found = ana.video(video["id"])
    assert expected.items() <= found["status"].items()
    if kind == "processing_terminated":
        assert found["processingDetails"]["processingStatus"] == "terminated"


def test_a_grant_can_die_under_a_call(ana: Stranger, session: str) -> None:
    ana.emulator.fault(PUT, "revoke_grant")
    assert ana.put(session, DATA).status_code == 401
    refused = ana.refresh()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_grant_can_die_at_a_refresh(ana: Stranger) -> None:
    ana.emulator.fault("oauth.token.refresh", "revoke_grant")
    assert ana.refresh().json()["error_description"] == "Token has been expired or revoked."
    assert ana.ask("GET", "/youtube/v3/channels?part=id&mine=true").status_code == 401


def test_a_start_can_be_refused_as_a_repetition(ana: Stranger) -> None:
    ana.emulator.fault(START, "already_exists")
    answer = ana.start(SIZE)
    assert (answer.status_code, reason(answer)) == (409, "alreadyExists")


def test_a_new_video_can_be_invisible_for_a_while(ana: Stranger) -> None:
    video = ana.upload()
    ana.emulator.fault("videos.list", "not_found_yet")
    path = f"/youtube/v3/videos?part=id&id={video['id']}"
    assert ana.ask("GET", path).json()["items"] == []
    assert len(ana.ask("GET", path).json()["items"]) == 1


def test_a_fault_lets_the_first_calls_pass_and_strikes_as_often_as_told(ana: Stranger) -> None:
    fault = ana.emulator.fault("channels.list", "status", status=500, skip=1, times=2)
    answers = [ana.ask("GET", "/youtube/v3/channels?part=id&mine=true") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 500, 500, 200]
    assert ana.emulator.fired(fault) == 2


def test_a_fault_can_be_meant_for_one_owner(ana: Stranger) -> None:
    ben = Stranger(ana.emulator).connect("ben@example.test")
    owner = ana.emulator.channel("Ben")["id"]
    ana.emulator.fault("channels.list", "rate_limited", owner=owner)
    path = "/youtube/v3/channels?part=id&mine=true"
    assert ana.ask("GET", path).status_code == 200
    assert ben.ask("GET", path).status_code == 429


def test_a_refresh_can_fail_for_one_owner(ana: Stranger) -> None:
    ben = Stranger(ana.emulator).connect("ben@example.test")
    ana.emulator.fault("oauth.token.refresh", "revoke_grant", owner="ben@example.test")
    assert ana.refresh().status_code == 200
    assert ben.refresh().json()["error"] == "invalid_grant"


def test_the_token_endpoint_can_be_down(ana: Stranger) -> None:
    ana.emulator.fault("oauth.token.refresh", "status", status=503)
    assert ana.refresh().status_code == 503
    assert ana.refresh().status_code == 200


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"operation": "videos.fly", "kind": "cut"}, "There is no operation videos.fly"),
        ({"operation": PUT, "kind": "explode"}, "has no kind explode"),
        ({"operation": "oauth.revoke", "kind": "stall"}, "oauth.revoke has no kind stall"),
        ({"platform": "vimeo", "operation": PUT, "kind": "cut"}, "There is no platform vimeo"),
        ({"operation": PUT, "kind": "cut", "time": 1}, "no option time"),
        ({"operation": PUT, "kind": "cut", "times": 0}, "times must be"),
        ({"operation": PUT, "kind": "slow"}, "needs delay_seconds"),
        ({"operation": PUT, "kind": "status"}, "needs status"),
        ({"operation": PUT, "kind": "trickle"}, "needs bytes_per_second"),
        ({}, "There is no operation None"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_with_a_sentence(
    emulator: Emulator, order: dict[str, Any], words: str
) -> None:
    answer = emulator.http.post("/_emulator/faults", json=order)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
