"""When videos and Reels become public."""

import time

import pytest

from testkit.meta import refusal
from tests.emulator.meta.publisher import Publisher
from tests.emulator.stranger import some_bytes

MINUTE, DAY = 60, 86400


@pytest.fixture(autouse=True)
def at_once(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)


def in_(seconds: int) -> str:
    return str(int(time.time()) + seconds)


def finish_video(bakery: Publisher, **form: str) -> tuple[int, int | None]:
    started = bakery.start(2048)
    bakery.transfer_all(started, some_bytes(2048))
    answer = bakery.finish(started, **form)
    return (0, None) if answer.status_code == 200 else refusal(answer)


def finish_reel(bakery: Publisher, **form: str) -> tuple[int, int | None]:
    started = bakery.start_reel()
    bakery.send(started, some_bytes(2048))
    answer = bakery.finish_reel(started, **form)
    return (0, None) if answer.status_code == 200 else refusal(answer)


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [
        (5 * MINUTE, False),
        (11 * MINUTE, True),
        (180 * DAY, True),
        (190 * DAY, False),
    ],
)
def test_a_video_is_scheduled_ten_minutes_to_six_months_ahead(
    bakery: Publisher, seconds: int, accepted: bool
) -> None:
    said = finish_video(bakery, published="false", scheduled_publish_time=in_(seconds))
    assert said == ((0, None) if accepted else (100, None))


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(5 * MINUTE, False), (11 * MINUTE, True), (30 * DAY, False)]
)
def test_a_reel_is_scheduled_ten_minutes_to_29_days_ahead(
    bakery: Publisher, seconds: int, accepted: bool
) -> None:
    said = finish_reel(bakery, video_state="SCHEDULED", scheduled_publish_time=in_(seconds))
    assert said == ((0, None) if accepted else (100, None))


def test_what_is_published_cannot_be_scheduled(bakery: Publisher) -> None:
    assert finish_video(bakery, scheduled_publish_time=in_(DAY)) == (100, None)
    assert finish_reel(bakery, scheduled_publish_time=in_(DAY)) == (100, None)
    assert finish_reel(bakery, video_state="SCHEDULED") == (100, None)
    assert finish_reel(bakery, video_state="LATER") == (100, None)
    assert bakery.emulator.videos() == []


def test_a_scheduled_video_goes_live_by_the_clock(bakery: Publisher) -> None:
    moment = in_(DAY)
    video_id = bakery.publish(published="false", scheduled_publish_time=moment)
    video = bakery.video(video_id, "status,published,scheduled_publish_time,post_id")
    assert (video["published"], video["scheduled_publish_time"]) == (False, int(moment))
    assert "post_id" not in video
    assert video["status"]["video_status"] == "ready"
    assert video["status"]["publishing_phase"] == {
        "status": "not_started",
        "publish_status": "scheduled",
        "publish_time": int(moment),
    }

    bakery.emulator.advance(DAY)
    video = bakery.video(video_id, "status,published,scheduled_publish_time,post_id")
    assert video["published"] is True
    assert video["post_id"].isdecimal()
    assert "scheduled_publish_time" not in video
    assert video["status"]["publishing_phase"]["publish_status"] == "published"


def test_a_draft_stays_one_until_it_is_published(bakery: Publisher) -> None:
    video_id = bakery.publish(published="false")
    bakery.emulator.advance(DAY)
    assert bakery.status(video_id)["publishing_phase"]["publish_status"] == "draft"

    changed = bakery.ask("POST", video_id, data={"published": "true"})
    assert changed.json() == {"success": True}
    assert bakery.video(video_id)["published"] is True


def test_a_schedule_is_changed_but_not_that_of_a_published_video(bakery: Publisher) -> None:
    waiting = bakery.publish(published="false", scheduled_publish_time=in_(DAY))
    later = {"scheduled_publish_time": in_(2 * DAY)}
    assert bakery.ask("POST", waiting, data=later).json() == {"success": True}
    assert bakery.emulator.videos()[0]["scheduled_publish_time"] == int(
        later["scheduled_publish_time"]
    )
    assert refusal(bakery.ask("POST", bakery.publish(), data=later)) == (100, None)


def test_a_moment_may_be_written_as_a_date(bakery: Publisher) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + DAY))
    assert finish_video(bakery, published="false", scheduled_publish_time=moment) == (0, None)
    said = finish_video(bakery, published="false", scheduled_publish_time="tomorrow")
    assert said == (100, None)
