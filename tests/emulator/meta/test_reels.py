"""Reels: start, bytes at the upload host, finish."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

import httpx2
import pytest

from testkit.emulator import Emulator
from testkit.meta import CATERING, page_token, refusal
from tests.emulator.meta.publisher import MIB, Publisher
from tests.emulator.stranger import sha256, some_bytes
from tests.support.machine import eventually


def test_a_reel_goes_to_the_upload_host_in_one_body(bakery: Publisher) -> None:
    data = some_bytes(MIB + 3)
    started = bakery.start_reel()
    assert started["upload_url"] == (
        f"{bakery.emulator.url}/video-upload/v27.0/{started['video_id']}"
    )
    assert bakery.status(started["video_id"])["uploading_phase"]["status"] == "not_started"

    assert bakery.send(started, data).json() == {"success": True}
    assert bakery.status(started["video_id"])["video_status"] == "upload_complete"

    answer = bakery.finish_reel(started, description="Rolls", title="Today")
    assert answer.json() == {"success": True}
    (reel,) = bakery.emulator.videos()
    assert (reel["id"], reel["kind"], reel["owner"]) == (started["video_id"], "reel", bakery.page)
    assert (reel["bytes"], reel["sha256"]) == (len(data), sha256(data))
    assert (reel["title"], reel["description"]) == ("Today", "Rolls")


def test_a_broken_request_is_gone_on_with_where_it_broke(bakery: Publisher) -> None:
    data = some_bytes(2 * MIB)
    started = bakery.start_reel()
    bakery.emulator.fault("reels.transfer", "cut", after_bytes=MIB + 5)
    with pytest.raises(httpx2.TransportError):
        bakery.send(started, data)
    phase = bakery.status(started["video_id"])["uploading_phase"]
    assert phase == {"status": "in_progress", "bytes_transferred": MIB + 5}
    assert bakery.send(started, data, MIB + 5).json() == {"success": True}
    bakery.finish_reel(started)
    (reel,) = bakery.emulator.videos()
    assert reel["sha256"] == sha256(data)
    assert bakery.emulator.state()["sessions"][0]["received"] == 2 * MIB


def test_a_newer_request_takes_over_from_one_that_has_gone_silent(bakery: Publisher) -> None:
    data = some_bytes(2 * MIB)
    started = bakery.start_reel()
    with connected(started) as silent:
        silent.sendall(head_of(bakery, started, len(data)) + data[:MIB])
        eventually(lambda: bakery.emulator.state()["sessions"][0]["stored"] == MIB)
        assert bakery.send(started, data, MIB).json() == {"success": True}
        with suppress(ConnectionResetError):
            silent.sendall(data[MIB:])
            assert silent.recv(1) == b""
    bakery.finish_reel(started)
    assert bakery.emulator.videos()[0]["sha256"] == sha256(data)


def connected(started: dict[str, str]) -> socket.socket:
    address = urlsplit(started["upload_url"])
    return socket.create_connection((address.hostname, address.port or 80), timeout=10)


def head_of(bakery: Publisher, started: dict[str, str], size: int, offset: int = 0) -> bytes:
    address = urlsplit(started["upload_url"])
    return (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: OAuth {bakery.token}\r\nOffset: {offset}\r\nFile_Size: {size}\r\n"
        f"Content-Length: {size - offset}\r\n\r\n"
    ).encode()


def test_a_refusal_comes_before_the_rest_of_the_file(bakery: Publisher) -> None:
    started = bakery.start_reel()
    with connected(started) as client:
        client.sendall(head_of(bakery, started, MIB, offset=500))
        assert client.recv(1024).startswith(b"HTTP/1.1 412 ")


def test_another_offset_than_the_server_s_is_refused_in_its_own_words(bakery: Publisher) -> None:
    started = bakery.start_reel()
    answer = bakery.send(started, some_bytes(2000), 500)
    assert answer.status_code == 412
    assert answer.json() == {
        "debug_info": {
            "retriable": True,
            "type": "OffsetInvalidError",
            "message": "Request starting offset is invalid",
        }
    }


@pytest.mark.parametrize(
    ("headers", "status", "type"),
    [
        ({"offset": "zero"}, 400, "ParameterValidationError"),
        ({"file_size": ""}, 400, "ParameterValidationError"),
        ({"file_size": "3000"}, 400, "PartialRequestError"),
        ({"file_url": "https://example.test/a.mp4"}, 422, "FileUrlProcessingError"),
        ({"Authorization": "OAuth nobody"}, 403, "NotAuthorizedError"),
    ],
)
def test_headers_that_will_not_do_are_refused(
    bakery: Publisher, headers: dict[str, str], status: int, type: str
) -> None:
    started = bakery.start_reel()
    answer = bakery.send(started, some_bytes(2000), 0, **headers)
    assert (answer.status_code, answer.json()["debug_info"]["type"]) == (status, type)
    assert bakery.emulator.state()["sessions"][0]["stored"] == 0


def test_another_page_s_token_stores_nothing(emulator: Emulator, bakery: Publisher) -> None:
    started = bakery.start_reel()
    token = page_token(emulator, page_name=CATERING)
    answer = bakery.send(started, some_bytes(2000), 0, Authorization=f"OAuth {token}")
    assert answer.json()["debug_info"]["type"] == "NotAuthorizedError"


def test_a_finish_without_bytes_is_refused(bakery: Publisher) -> None:
    assert refusal(bakery.finish_reel(bakery.start_reel())) == (6000, None)


def test_a_second_finish_publishes_nothing_more(bakery: Publisher) -> None:
    video_id = bakery.publish_reel()
    assert bakery.finish_reel({"video_id": video_id}).json() == {"success": True}
    (reel,) = bakery.emulator.videos()
    assert reel["finishes"] == 2


def test_a_page_publishes_so_many_reels_in_24_hours(bakery: Publisher) -> None:
    bakery.emulator.switch(reels_per_day=2)
    bakery.publish_reel()
    bakery.publish_reel()
    started = bakery.start_reel()
    bakery.send(started, some_bytes(2000))
    assert refusal(bakery.finish_reel(started)) == (613, None)
    assert bakery.finish_reel(started, video_state="DRAFT").json() == {"success": True}

    bakery.emulator.advance(24 * 3600)
    bakery.publish_reel()


def test_a_reel_is_no_video_and_the_other_way_round(bakery: Publisher) -> None:
    started = bakery.start(2048)
    bakery.transfer_all(started, some_bytes(2048))
    assert refusal(bakery.finish_reel({"video_id": started["video_id"]})) == (100, None)
    assert refusal(bakery.ask("POST", f"{bakery.page}/video_reels", data={})) == (100, None)
