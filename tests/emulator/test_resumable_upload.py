"""Resumable uploads on the wire, corner by corner."""

import socket
from collections.abc import Iterator

import httpx2
import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import KIB256, Stranger, reason, sha256, some_bytes

DATA = some_bytes(3 * KIB256 + 1000)
SIZE = len(DATA)


@pytest.fixture
def session(ana: Stranger) -> str:
    """An open session for `DATA`."""
    return ana.session(SIZE)


def test_a_session_opens_with_an_absolute_address_and_an_empty_body(ana: Stranger) -> None:
    answer = ana.start(SIZE)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["location"].startswith(ana.emulator.url + "/upload/youtube/v3/videos?")
    assert "upload_id=" in answer.headers["location"]
    assert answer.headers["x-guploader-uploadid"]
    assert answer.headers["server"] == "UploadServer"


def test_chunks_end_in_a_video(ana: Stranger, session: str) -> None:
    first = ana.put(session, DATA[: 2 * KIB256], f"0-{2 * KIB256 - 1}/{SIZE}")
    assert (first.status_code, first.reason_phrase) == (308, "Resume Incomplete")
    assert first.headers["range"] == f"bytes=0-{2 * KIB256 - 1}"
    assert first.content == b""
    last = ana.put(session, DATA[2 * KIB256 :], f"{2 * KIB256}-{SIZE - 1}/{SIZE}")
    assert last.status_code == 201
    assert last.json()["snippet"]["title"] == "A video"
    [video] = ana.emulator.videos()
    assert (video["id"], video["sha256"]) == (last.json()["id"], sha256(DATA))
    assert (video["bytes"], video["file_name"]) == (SIZE, "holiday.mp4")


def test_one_put_without_a_range_is_the_whole_file(ana: Stranger, session: str) -> None:
    assert ana.put(session, DATA).status_code == 201
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_post_does_what_put_does(ana: Stranger, session: str) -> None:
    headers = {"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}"}
    assert ana.ask("POST", session, content=DATA, headers=headers).status_code == 201


def test_the_other_upload_path_of_the_discovery_document_works_too(ana: Stranger) -> None:
    path = "/resumable/upload/youtube/v3/videos?uploadType=resumable&part=snippet"
    answer = ana.ask("POST", path, json={"snippet": {"title": "x"}})
    assert ana.put(answer.headers["location"], b"x").status_code == 201


def test_nothing_stored_has_no_range(ana: Stranger, session: str) -> None:
    answer = ana.query(session, SIZE)
    assert answer.status_code == 308
    assert "range" not in answer.headers


def test_a_question_with_another_total_is_answered_all_the_same(
    ana: Stranger, session: str
) -> None:
    ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}")
    for total in ("*", SIZE, 5):
        assert ana.query(session, total).headers["range"] == f"bytes=0-{KIB256 - 1}"


def test_a_finished_session_gives_its_answer_again(ana: Stranger, session: str) -> None:
    video = ana.put(session, DATA).json()
    questions = [ana.query(session, total) for total in ("*", SIZE, 7)]
    again = ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}")
    for answer in [*questions, again]:
        assert answer.status_code == 200
        assert answer.json()["id"] == video["id"]
    assert len(ana.emulator.videos()) == 1


def test_bytes_after_a_gap_are_refused(ana: Stranger, session: str) -> None:
    answer = ana.put(session, DATA[KIB256:], f"{KIB256}-{SIZE - 1}/{SIZE}")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == (
        "Invalid request.  According to the Content-Range header, the upload offset is "
        f"{KIB256} byte(s), which exceeds already uploaded size of 0 byte(s)."
    )


def test_an_unaligned_chunk_keeps_its_aligned_prefix(ana: Stranger) -> None:
    data = some_bytes(2_500_000)
    session = ana.session(4_000_000)
    answer = ana.put(session, data, "0-2499999/4000000")
    assert answer.headers["range"] == "bytes=0-2359295"


def test_bytes_that_overlap_are_taken_once(ana: Stranger, session: str) -> None:
    ana.put(session, DATA[: 2 * KIB256], f"0-{2 * KIB256 - 1}/{SIZE}")
    answer = ana.put(session, DATA[KIB256:], f"{KIB256}-{SIZE - 1}/{SIZE}")
    assert answer.status_code == 201
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)
    shown = ana.emulator.state()["sessions"][0]
    assert shown["received"] == SIZE + KIB256


@pytest.mark.parametrize("content_range", ["9-5/10", "0-20/10", "what/ever"])
def test_a_range_that_makes_no_sense_is_refused(
    ana: Stranger, session: str, content_range: str
) -> None:
    answer = ana.put(session, b"12345", content_range)
    assert answer.status_code == 400
    assert answer.text == "Failed to parse Content-Range header."


def test_308_can_be_asked_for_as_200(ana: Stranger, session: str) -> None:
    answer = ana.put(
        session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}", **{"X-GUploader-No-308": "yes"}
    )
    assert answer.status_code == 200
    assert answer.headers["x-http-status-code-override"] == "308"
    assert answer.headers["range"] == f"bytes=0-{KIB256 - 1}"


def test_a_file_of_unknown_length_ends_with_its_last_chunk(ana: Stranger) -> None:
    session = ana.session()
    assert ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/*").status_code == 308
    answer = ana.put(session, DATA[KIB256:], f"{KIB256}-{SIZE - 1}/{SIZE}")
    assert answer.status_code == 201
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_a_file_of_unknown_length_ends_with_a_question_that_names_it(ana: Stranger) -> None:
    session = ana.session()
    ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/*")
    assert ana.query(session, KIB256).status_code == 201


def test_a_body_of_unknown_length_is_the_whole_file(ana: Stranger) -> None:
    def body() -> Iterator[bytes]:
        yield DATA[:5]
        yield DATA[5:]

    answer = ana.ask("PUT", ana.session(), content=body())
    assert answer.status_code == 201
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_an_empty_file_becomes_a_failed_video(ana: Stranger) -> None:
    video = ana.put(ana.session(0), b"").json()
    assert ana.video(video["id"])["status"]["failureReason"] == "emptyFile"


def test_an_empty_body_for_a_file_that_is_not_empty_is_a_question(
    ana: Stranger, session: str
) -> None:
    assert ana.put(session, b"").status_code == 308


def test_a_cancelled_session_is_gone(ana: Stranger, session: str) -> None:
    assert ana.ask("DELETE", session).status_code == 499
    assert ana.put(session, DATA).status_code == 404
    assert ana.emulator.state()["sessions"][0]["state"] == "cancelled"


def test_a_session_dies_of_age(ana: Stranger, session: str) -> None:
    ana.emulator.switch(require_bearer_on_put=False)
    ana.emulator.advance(7 * 86400)
    assert ana.query(session).status_code == 404
    assert ana.emulator.state()["sessions"][0]["state"] == "expired"


def test_an_unknown_session_is_404(ana: Stranger) -> None:
    path = "/upload/youtube/v3/videos?uploadType=resumable&upload_id=nonsense"
    assert ana.ask("PUT", path, content=b"x").status_code == 404


def test_bytes_need_a_token_unless_switched_off(ana: Stranger, session: str) -> None:
    refused = httpx2.put(session, content=DATA)
    assert (refused.status_code, reason(refused)) == (401, "required")
    ana.emulator.switch(require_bearer_on_put=False)
    assert httpx2.put(session, content=DATA).status_code == 201


def test_a_newer_request_takes_over_from_one_whose_client_is_gone(
    ana: Stranger, session: str
) -> None:
    address = httpx2.URL(session)
    head = f"PUT {address.raw_path.decode()} HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n"
    head += f"Authorization: {ana.bearer['Authorization']}\r\n\r\n"
    with socket.create_connection((address.host, address.port or 80)) as silent:
        silent.sendall(head.encode() + DATA[: KIB256 + 1])
        while ana.emulator.state()["transfer"]["bytes_received"] < KIB256 + 1:
            pass
        assert ana.query(session).headers["range"] == f"bytes=0-{KIB256 - 1}"
        answer = ana.put(session, DATA[KIB256:], f"{KIB256}-{SIZE - 1}/{SIZE}")
        assert answer.status_code == 201
    assert ana.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_a_token_that_dies_between_chunks_is_401_and_the_bytes_stay(
    ana: Stranger, session: str
) -> None:
    ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}")
    ana.emulator.advance(3600)
    refused = ana.put(session, DATA[KIB256:], f"{KIB256}-{SIZE - 1}/{SIZE}")
    assert (refused.status_code, reason(refused)) == (401, "authError")
    assert "invalid_token" in refused.headers["www-authenticate"]
    ana.access_token = ana.refresh().json()["access_token"]
    assert ana.query(session).headers["range"] == f"bytes=0-{KIB256 - 1}"


def test_the_final_status_can_be_200(ana: Stranger, session: str) -> None:
    ana.emulator.switch(final_status=200)
    assert ana.put(session, DATA).status_code == 200


def test_a_file_over_the_limit_is_refused_at_the_start(ana: Stranger) -> None:
    assert ana.start(256 * 1024**3 + 1).status_code == 413


def test_two_uploads_of_the_same_file_make_two_videos(ana: Stranger) -> None:
    ana.upload(DATA)
    ana.upload(DATA)
    assert len({video["id"] for video in ana.emulator.videos()}) == 2


def test_the_state_shows_no_session_address_and_no_token(
    ana: Stranger, session: str, emulator: Emulator
) -> None:
    ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}")
    shown = emulator.http.get("/_emulator/state").text
    secret = session.split("upload_id=")[1]
    for word in (secret, ana.access_token, ana.refresh_token, "ya29.", "1//"):
        assert word not in shown
