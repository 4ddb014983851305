"""The Resumable Upload API: a file first, a video of it then."""

from pathlib import Path

import httpx2
import pytest

from testkit.emulator import Emulator
from testkit.meta import APP_ID, APP_TOKEN, BEN, person_token, refusal
from tests.emulator.meta.publisher import Publisher
from tests.emulator.stranger import sha256, some_bytes

FILE = some_bytes(200_000)


def open_upload(emulator: Emulator, token: str, **params: str) -> httpx2.Response:
    """Open a session, as the documentation does it: all in the query."""
    usual = {
        "file_name": "holiday.mp4",
        "file_length": str(len(FILE)),
        "file_type": "video/mp4",
        "access_token": token,
    }
    return emulator.http.post(f"/v27.0/{APP_ID}/uploads", params={**usual, **params})


def send(
    emulator: Emulator, upload: str, token: str, data: bytes, offset: int = 0
) -> httpx2.Response:
    headers = {"Authorization": f"OAuth {token}", "file_offset": str(offset)}
    return emulator.http.post(f"/v27.0/{upload}", headers=headers, content=data)


def offset_of(emulator: Emulator, upload: str, token: str) -> int:
    answer = emulator.http.get(f"/v27.0/{upload}", headers={"Authorization": f"OAuth {token}"})
    assert answer.json()["id"] == upload
    offset: int = answer.json()["file_offset"]
    return offset


def uploaded(emulator: Emulator, token: str, data: bytes = FILE, **params: str) -> str:
    """Upload a file and return its handle."""
    opened = open_upload(emulator, token, file_length=str(len(data)), **params)
    handle: str = send(emulator, opened.json()["id"], token, data).json()["h"]
    return handle


def publish(bakery: Publisher, handle: str) -> httpx2.Response:
    form = {"fbuploader_video_file_chunk": handle, "title": "Rolls"}
    return bakery.ask("POST", f"{bakery.page}/videos", data=form)


def test_a_file_is_uploaded_and_then_published(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    handle = uploaded(bakery.emulator, person_token(bakery.emulator))
    answer = publish(bakery, handle)
    (video,) = bakery.emulator.videos()
    assert answer.json() == {"id": video["id"]}
    assert (video["bytes"], video["sha256"]) == (len(FILE), sha256(FILE))
    assert (video["title"], video["published"]) == ("Rolls", True)
    assert handle not in str(bakery.emulator.state())


def test_a_broken_upload_goes_on_where_it_broke(bakery: Publisher) -> None:
    emulator, token = bakery.emulator, person_token(bakery.emulator)
    upload = open_upload(emulator, token).json()["id"]
    emulator.fault("uploads.transfer", "cut", after_bytes=70_000)
    with pytest.raises(httpx2.TransportError):
        send(emulator, upload, token, FILE)
    assert offset_of(emulator, upload, token) == 70_000
    wrong = send(emulator, upload, token, FILE)
    assert wrong.json()["debug_info"]["type"] == "OffsetInvalidError"
    handle = send(emulator, upload, token, FILE[70_000:], 70_000).json()["h"]
    assert offset_of(emulator, upload, token) == len(FILE)
    assert send(emulator, upload, token, b"", len(FILE)).json() == {"h": handle}
    publish(bakery, handle)
    assert emulator.videos()[0]["sha256"] == sha256(FILE)


def test_a_request_that_is_too_short_is_gone_on_with(bakery: Publisher) -> None:
    emulator, token = bakery.emulator, person_token(bakery.emulator)
    upload = open_upload(emulator, token).json()["id"]
    short = send(emulator, upload, token, FILE[:1000])
    assert short.json()["debug_info"]["type"] == "PartialRequestError"
    assert offset_of(emulator, upload, token) == 1000
    assert refusal(send(emulator, upload, token, FILE, 1000)) == (100, None)
    assert offset_of(emulator, upload, token) == 1000


def test_a_session_needs_an_app_a_person_and_a_type(emulator: Emulator) -> None:
    token = person_token(emulator)
    assert refusal(open_upload(emulator, APP_TOKEN)) == (100, None)
    assert refusal(open_upload(emulator, "")) == (104, None)
    assert refusal(open_upload(emulator, token, file_type="text/plain")) == (100, None)
    assert refusal(open_upload(emulator, token, file_length="0")) == (100, None)
    assert refusal(open_upload(emulator, token, file_length="")) == (100, None)
    other = emulator.http.post("/v27.0/999/uploads", params={"access_token": token})
    assert refusal(other) == (100, 33)


def test_the_token_has_to_be_in_the_header(emulator: Emulator) -> None:
    token = person_token(emulator)
    upload = open_upload(emulator, token).json()["id"]
    answer = emulator.http.post(
        f"/v27.0/{upload}",
        params={"access_token": token},
        headers={"file_offset": "0"},
        content=FILE,
    )
    assert answer.json()["debug_info"]["type"] == "NotAuthorizedError"
    nowhere = send(emulator, "upload:nowhere", token, FILE)
    assert nowhere.json()["debug_info"]["type"] == "NotAuthorizedError"
    no_offset = emulator.http.post(
        f"/v27.0/{upload}", headers={"Authorization": f"OAuth {token}"}, content=FILE
    )
    assert no_offset.json()["debug_info"]["type"] == "ParameterValidationError"


def test_a_handle_that_stands_for_no_video_publishes_none(bakery: Publisher) -> None:
    token = person_token(bakery.emulator, BEN)
    assert refusal(publish(bakery, "4:nothing")) == (100, None)
    picture = uploaded(bakery.emulator, token, b"a picture", file_type="image/png")
    assert refusal(publish(bakery, picture)) == (352, None)
    assert bakery.emulator.videos() == []


def test_sessions_and_handles_outlive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = Emulator.start(state=state)
    bakery, token = Publisher.of(first), person_token(first)
    handle = uploaded(first, token)
    upload = open_upload(first, token).json()["id"]
    send(first, upload, token, FILE[:1000])
    assert first.stop() == 0

    second = Emulator.start(state=state)
    try:
        again = Publisher(second, bakery.page, bakery.token)
        publish(again, handle)
        offset = offset_of(second, upload, token)
        assert offset == 1000
        publish(again, send(second, upload, token, FILE[offset:], offset).json()["h"])
        assert [video["sha256"] for video in second.videos()] == [sha256(FILE)] * 2
    finally:
        assert second.stop() == 0
