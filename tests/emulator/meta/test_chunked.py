"""The chunked upload of a Page's video, over HTTP."""

import pytest

from testkit.emulator import Emulator
from testkit.meta import BAKERY, CATERING, page_id, page_token, person_token, refusal
from tests.emulator.meta.publisher import MIB, PNG, Publisher
from tests.emulator.stranger import sha256, some_bytes


def test_a_video_arrives_in_the_ranges_the_server_asks_for(bakery: Publisher) -> None:
    data = some_bytes(3 * MIB + 17)
    bakery.emulator.switch(range_bytes=MIB)
    started = bakery.start(len(data))
    assert (started["start_offset"], started["end_offset"]) == ("0", str(MIB))
    assert started["upload_session_id"].isdecimal()
    assert started["video_id"].isdecimal()

    bakery.transfer_all(started, data)
    assert bakery.finish(started, title="Rolls", description="Warm").json() == {"success": True}

    (video,) = bakery.emulator.videos()
    assert (video["id"], video["owner"]) == (started["video_id"], bakery.page)
    assert (video["bytes"], video["sha256"]) == (len(data), sha256(data))
    assert (video["kind"], video["title"], video["description"]) == ("video", "Rolls", "Warm")
    assert bakery.emulator.calls("page_videos.transfer") == 4


def test_the_state_shows_a_session_without_its_secret(bakery: Publisher) -> None:
    data = some_bytes(5000)
    bakery.emulator.switch(range_bytes=3000)
    started = bakery.start(len(data))
    bakery.transfer(started, 0, data[:3000])
    (session,) = bakery.emulator.state()["sessions"]
    assert session == {
        "id": started["video_id"],
        "platform": "facebook",
        "owner": bakery.page,
        "kind": "video",
        "state": "open",
        "size": 5000,
        "received": 3000,
        "stored": 3000,
        "finished": False,
    }
    bakery.transfer(started, 3000, data[3000:])
    bakery.finish(started)
    (session,) = bakery.emulator.state()["sessions"]
    assert (session["state"], session["stored"], session["finished"]) == ("complete", 5000, True)
    assert started["upload_session_id"] not in str(bakery.emulator.state())


@pytest.mark.parametrize(("offset", "length"), [(500, 1000), (0, 1001), (1000, 1000)])
def test_bytes_that_were_not_asked_for_are_refused_with_what_is_wanted(
    bakery: Publisher, offset: int, length: int
) -> None:
    bakery.emulator.switch(range_bytes=1000)
    started = bakery.start(5000)
    answer = bakery.transfer(started, offset, some_bytes(length))
    error = answer.json()["error"]
    assert (answer.status_code, refusal(answer)) == (400, (6001, 1363037))
    assert error["error_data"] == {"start_offset": 0, "end_offset": 1000}
    assert error["is_transient"] is False
    assert bakery.emulator.state()["sessions"][0]["stored"] == 0


def test_a_shorter_chunk_is_kept_and_the_next_range_begins_behind_it(bakery: Publisher) -> None:
    started = bakery.start(5000)
    answer = bakery.transfer(started, 0, some_bytes(1200))
    assert answer.json() == {"start_offset": "1200", "end_offset": "5000"}


def test_a_chunk_that_comes_before_its_fields_is_understood(bakery: Publisher) -> None:
    data = some_bytes(200_000)
    started = bakery.start(len(data))
    parts: list[tuple[str, tuple[str | None, bytes | str]]] = [
        ("video_file_chunk", ("holiday.mp4", data)),
        ("upload_phase", (None, "transfer")),
        ("upload_session_id", (None, started["upload_session_id"])),
        ("start_offset", (None, "0")),
        ("access_token", (None, bakery.token)),
    ]
    answer = bakery.emulator.http.post(f"/{bakery.page}/videos", files=parts)
    assert answer.json() == {"start_offset": "200000", "end_offset": "200000"}
    bakery.finish(started)
    assert bakery.emulator.videos()[0]["sha256"] == sha256(data)


def test_a_finish_needs_every_byte(bakery: Publisher) -> None:
    started = bakery.start(5000)
    bakery.transfer(started, 0, some_bytes(1200))
    assert refusal(bakery.finish(started)) == (6000, None)
    assert bakery.emulator.videos() == []


def test_a_second_finish_is_answered_like_the_first_and_counted(bakery: Publisher) -> None:
    started = bakery.start(2048)
    bakery.transfer_all(started, some_bytes(2048))
    bakery.finish(started, title="First")
    assert bakery.finish(started, title="Second").json() == {"success": True}
    (video,) = bakery.emulator.videos()
    assert (video["title"], video["finishes"]) == ("First", 2)


def test_a_cancelled_session_takes_nothing_more(bakery: Publisher) -> None:
    started = bakery.start(5000)
    session = started["upload_session_id"]
    assert bakery.videos("cancel", upload_session_id=session).json() == {"success": True}
    assert refusal(bakery.transfer(started, 0, some_bytes(5000))) == (100, None)
    assert refusal(bakery.ask("GET", started["video_id"])) == (100, 33)
    assert bakery.emulator.state()["sessions"][0]["state"] == "cancelled"


@pytest.mark.parametrize(
    ("size", "expected"),
    [("1023", (6000, 1363022)), ("20000", (6000, 1363023)), ("", (100, None)), ("x", (100, None))],
)
def test_a_size_that_will_not_do_is_refused(
    bakery: Publisher, size: str, expected: tuple[int, int | None]
) -> None:
    bakery.emulator.switch(most_video_bytes=10_000)
    assert refusal(bakery.videos("start", file_size=size)) == expected


def test_a_person_s_token_does_not_publish(emulator: Emulator) -> None:
    person = Publisher(emulator, page_id(emulator, BAKERY), person_token(emulator))
    answer = person.videos("start", file_size=5000)
    assert answer.json()["error"]["message"] == "(#100) No permission to publish the video"


def test_another_page_s_session_is_not_there(emulator: Emulator, bakery: Publisher) -> None:
    started = bakery.start(2048)
    other = Publisher(
        emulator, page_id(emulator, CATERING), page_token(emulator, page_name=CATERING)
    )
    assert refusal(other.transfer(started, 0, some_bytes(2048))) == (100, None)
    assert refusal(other.finish(started)) == (100, None)


def test_what_is_said_at_the_finish_is_kept(bakery: Publisher) -> None:
    started = bakery.start(2048)
    bakery.transfer_all(started, some_bytes(2048))
    bakery.ask(
        "POST",
        f"{bakery.page}/videos",
        data={
            "upload_phase": "finish",
            "upload_session_id": started["upload_session_id"],
            "content_tags": '["6003107902433","6003139266461"]',
            "targeting": '{"geo_locations":{"countries":["AT"]}}',
            "is_ai_generated": "true",
        },
        files={"thumb": ("thumb.png", PNG)},
    )
    (video,) = bakery.emulator.videos()
    assert video["content_tags"] == ["6003107902433", "6003139266461"]
    assert video["targeting"] == {"geo_locations": {"countries": ["AT"]}}
    assert (video["is_ai_generated"], video["thumbnail_sha256"]) == (True, sha256(PNG))


def test_a_file_in_one_request_becomes_a_video_at_once(bakery: Publisher) -> None:
    data = some_bytes(300_000)
    answer = bakery.ask(
        "POST",
        f"{bakery.page}/videos?fields=id,permalink_url",
        files=[("source", ("a.mp4", data)), ("description", (None, "All at once"))],
    )
    (video,) = bakery.emulator.videos()
    permalink = f"/{bakery.page}/videos/{video['id']}/"
    assert answer.json() == {"id": video["id"], "permalink_url": permalink}
    assert (video["sha256"], video["description"]) == (sha256(data), "All at once")


def test_a_refusal_of_a_large_chunk_is_seen_by_its_sender(bakery: Publisher) -> None:
    started = bakery.start(32 * MIB)
    bakery.token = "nobody's"
    assert refusal(bakery.transfer(started, 0, bytes(32 * MIB))) == (190, None)


def test_a_post_without_a_file_is_refused(bakery: Publisher) -> None:
    assert refusal(bakery.ask("POST", f"{bakery.page}/videos", data={"title": "x"})) == (353, None)
    elsewhere = {"file_url": "https://example.test/a.mp4"}
    assert refusal(bakery.ask("POST", f"{bakery.page}/videos", data=elsewhere)) == (389, None)
    odd = bakery.videos("begin", file_size=5000)
    assert refusal(odd) == (100, None)


def test_a_form_without_an_end_is_no_form(bakery: Publisher) -> None:
    answer = bakery.ask(
        "POST",
        f"{bakery.page}/videos",
        content=b"--b\r\nContent-Disposition: form-data; name=upload_phase\r\n\r\nstart",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 400
    assert answer.text == "The form has no end."
