"""A video read back, changed, listed, deleted, and given a thumbnail."""

import pytest

from testkit.emulator import Emulator
from testkit.meta import ANA, BEN, NOBODY, page_token, person_token, refusal
from tests.emulator.meta.publisher import PNG, Publisher
from tests.emulator.stranger import sha256, some_bytes


def test_an_upload_has_a_status_from_its_start(bakery: Publisher) -> None:
    bakery.emulator.switch(range_bytes=1500)
    started = bakery.start(3000)
    bakery.transfer(started, 0, some_bytes(1500))
    assert bakery.status(started["video_id"]) == {
        "video_status": "uploading",
        "processing_progress": 0,
        "uploading_phase": {"status": "in_progress", "bytes_transferred": 1500},
        "processing_phase": {"status": "not_started"},
        "publishing_phase": {"status": "not_started"},
    }
    bakery.transfer(started, 1500, some_bytes(1500))
    status = bakery.status(started["video_id"])
    assert status["video_status"] == "upload_complete"
    assert status["uploading_phase"] == {"status": "complete", "bytes_transferred": 3000}


def test_a_whole_upload_may_be_called_processing_before_its_finish(bakery: Publisher) -> None:
    bakery.emulator.switch(processing_before_finish=True)
    started = bakery.start_reel()
    bakery.send(started, some_bytes(2048))
    status = bakery.status(started["video_id"])
    assert status["video_status"] == "processing"
    assert status["processing_phase"] == {"status": "not_started"}


def test_a_finished_video_is_processed_and_then_published(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=100.0)
    video_id = bakery.publish()
    video = bakery.video(video_id)
    assert (video["status"]["video_status"], video["published"]) == ("processing", False)
    assert video["status"]["processing_phase"] == {"status": "in_progress"}
    assert video["status"]["publishing_phase"] == {"status": "not_started"}

    bakery.emulator.advance(50)
    assert 50 <= bakery.status(video_id)["processing_progress"] < 60

    bakery.emulator.advance(50)
    video = bakery.video(video_id)
    assert (video["status"]["video_status"], video["published"]) == ("ready", True)
    assert video["status"]["processing_phase"] == {"status": "complete"}
    phase = video["status"]["publishing_phase"]
    assert (phase["status"], phase["publish_status"]) == ("complete", "published")


def test_the_status_can_be_spelt_as_in_the_documentation(bakery: Publisher) -> None:
    bakery.emulator.switch(documented_spelling=True, page_processing_seconds=0.0)
    bakery.emulator.fault("page_videos.finish", "processing_error", reason="1363128")
    status = bakery.status(bakery.publish())
    assert status["uploading_phase"] == {"status": "completed", "bytes_transfered": 2048}
    assert status["processing_phase"] == {
        "status": "error",
        "error": {"message": "The duration of this video is not supported."},
    }


def test_addresses_are_relative_and_tell_videos_from_reels(bakery: Publisher) -> None:
    video, reel = bakery.publish(), bakery.publish_reel()
    assert bakery.video(video, "permalink_url")["permalink_url"] == (
        f"/{bakery.page}/videos/{video}/"
    )
    assert bakery.video(reel, "permalink_url")["permalink_url"] == f"/reel/{reel}/"


def test_an_unknown_field_fails_the_whole_call(bakery: Publisher) -> None:
    answer = bakery.ask("GET", bakery.publish(), params={"fields": "status,message"})
    assert refusal(answer) == (100, None)
    assert "(message)" in answer.json()["error"]["message"]


@pytest.mark.parametrize("email", [BEN, NOBODY])
def test_a_video_is_not_there_for_those_who_have_nothing_to_do_with_it(
    emulator: Emulator, bakery: Publisher, email: str
) -> None:
    stranger = Publisher(emulator, bakery.page, person_token(emulator, email))
    video_id = bakery.publish()
    assert refusal(stranger.ask("GET", video_id)) == (100, 33)
    assert refusal(stranger.ask("DELETE", video_id)) == (100, None)


def test_the_person_of_the_page_may_read_it_too(emulator: Emulator, bakery: Publisher) -> None:
    ana = Publisher(emulator, bakery.page, person_token(emulator, ANA))
    assert ana.status(bakery.publish())["video_status"] in ("processing", "ready")


def test_what_is_said_can_be_changed(bakery: Publisher) -> None:
    video_id = bakery.publish(title="Old", description="Old")
    changed = {"title": "New", "description": "", "is_ai_generated": "true"}
    assert bakery.ask("POST", video_id, data=changed).json() == {"success": True}
    (video,) = bakery.emulator.videos()
    assert (video["title"], video["description"], video["is_ai_generated"]) == ("New", "", True)
    assert refusal(bakery.ask("POST", video_id, data={"title": "x" * 255})) == (100, None)
    assert refusal(bakery.ask("POST", video_id, data={"content_tags": '["a"]'})) == (100, None)


@pytest.mark.parametrize(("version", "disclosed"), [("v26.0", False), ("v27.0", True)])
def test_what_was_generated_is_disclosed_afterwards_from_v27_on(
    bakery: Publisher, version: str, disclosed: bool
) -> None:
    video_id = bakery.publish()
    changed = {"access_token": bakery.token, "is_ai_generated": "true"}
    bakery.emulator.http.post(f"/{version}/{video_id}", data=changed)
    assert bakery.emulator.videos()[0]["is_ai_generated"] is disclosed


def test_a_deleted_video_is_gone(bakery: Publisher) -> None:
    video_id = bakery.publish()
    assert bakery.ask("DELETE", video_id).json() == {"success": True}
    assert refusal(bakery.ask("GET", video_id)) == (100, 33)
    assert bakery.emulator.videos() == []


def test_deleting_an_unfinished_reel_gives_up_its_upload(bakery: Publisher) -> None:
    started = bakery.start_reel()
    assert bakery.ask("DELETE", started["video_id"]).json() == {"success": True}
    assert bakery.emulator.state()["sessions"][0]["state"] == "cancelled"


def test_a_thumbnail_is_kept_by_its_hash(bakery: Publisher) -> None:
    video_id = bakery.publish()
    path, other = f"{video_id}/thumbnails", PNG + b"!"
    assert bakery.ask("POST", path, files={"source": ("a.png", PNG)}).json() == {"success": True}
    bakery.ask("POST", path, files={"source": ("b.png", other)})
    assert bakery.emulator.videos()[0]["thumbnail_sha256"] == sha256(PNG)
    preferred = {"data": {"is_preferred": "true"}, "files": {"source": ("b.png", other)}}
    bakery.ask("POST", path, **preferred)
    assert bakery.emulator.videos()[0]["thumbnail_sha256"] == sha256(other)
    assert refusal(bakery.ask("POST", path, files={"source": ("c.png", b"no")})) == (100, None)
    assert refusal(bakery.ask("POST", path)) == (100, None)


def test_only_what_the_public_sees_is_listed_newest_first_and_in_pages(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    ids = [bakery.publish(description=f"number {n}") for n in range(3)]
    bakery.publish(published="false")
    reel = bakery.publish_reel()

    first = bakery.ask("GET", f"{bakery.page}/videos", params={"limit": 2}).json()
    assert [row["id"] for row in first["data"]] == [ids[2], ids[1]]
    assert first["data"][0]["description"] == "number 2"
    second = bakery.emulator.http.get(first["paging"]["next"]).json()
    assert [row["id"] for row in second["data"]] == [ids[0]]
    assert "next" not in second["paging"]

    reels = bakery.ask("GET", f"{bakery.page}/video_reels").json()["data"]
    assert [row["id"] for row in reels] == [reel]
    none = bakery.ask("GET", f"{bakery.page}/video_reels", params={"until": 5}).json()
    assert none["data"] == []


def test_a_listing_needs_the_task_for_it(emulator: Emulator, bakery: Publisher) -> None:
    emulator.account(ANA, platform="facebook", roles={"Blue Door Bakery": ["CREATE_CONTENT"]})
    assert refusal(bakery.ask("GET", f"{bakery.page}/videos")) == (10, None)
    ben = Publisher(emulator, bakery.page, page_token(emulator, BEN, "Ben's Garage"))
    assert refusal(ben.ask("GET", f"{bakery.page}/videos")) == (100, 33)
