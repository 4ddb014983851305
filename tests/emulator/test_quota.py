"""The buckets: what fills them, what an empty one answers, when they are full again."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.emulator.stranger import Stranger, reason

CHANNELS = "/youtube/v3/channels?part=id&mine=true"
DAY = 86400
HOUR = 3600


def seconds_to_midnight(ana: Stranger) -> int:
    """From the emulator's now to the next midnight in California."""
    now = ana.emulator.state()["clock"]["now"]
    local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo("America/Los_Angeles"))
    return DAY - ((local.hour * 60 + local.minute) * 60 + local.second)


def test_the_upload_bucket_empties_with_429_per_day(ana: Stranger) -> None:
    ana.emulator.switch(uploads_per_day=2)
    assert [ana.start(1).status_code for _ in range(3)] == [200, 200, 429]
    refused = ana.start(1)
    assert reason(refused) == "rateLimitExceeded"
    assert refused.json()["error"]["message"] == (
        "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of "
        "service 'youtube.googleapis.com' for consumer 'project_number:123456789012'."
    )
    assert ana.ask("GET", CHANNELS).status_code == 200


def test_an_empty_upload_bucket_can_answer_403(ana: Stranger) -> None:
    ana.emulator.switch(uploads_per_day=0, upload_bucket_status=403)
    refused = ana.start(1)
    assert (refused.status_code, reason(refused)) == (403, "quotaExceeded")


def test_a_session_costs_when_it_opens_or_when_it_ends(ana: Stranger) -> None:
    ana.start(1)
    assert ana.emulator.state()["quota"]["uploads_used"] == 1
    ana.emulator.switch(charge_at_session_start=False)
    session = ana.session(1)
    assert ana.emulator.state()["quota"]["uploads_used"] == 1
    ana.put(session, b"x")
    assert ana.emulator.state()["quota"]["uploads_used"] == 2


def test_refused_metadata_costs_an_upload_too(ana: Stranger) -> None:
    assert ana.start(1, snippet={"title": ""}).status_code == 400
    assert ana.emulator.state()["quota"]["uploads_used"] == 1


def test_the_bucket_of_units_empties_with_403(ana: Stranger) -> None:
    ana.emulator.switch(units_per_day=2)
    answers = [ana.ask("GET", CHANNELS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[2].json()["error"]["errors"][0]["domain"] == "youtube.quota"
    assert ana.start(1).status_code == 200


def test_methods_cost_what_the_table_says(ana: Stranger) -> None:
    video = ana.upload()["id"]
    ana.video(video)
    path = f"/upload/youtube/v3/thumbnails/set?uploadType=media&videoId={video}"
    ana.ask("POST", path, content=b"\xff\xd8\xff")
    assert ana.emulator.state()["quota"]["units_used"] == 1 + 50


def test_both_buckets_are_full_again_at_midnight_in_california(ana: Stranger) -> None:
    ana.emulator.switch(uploads_per_day=1, units_per_day=1)
    # Whatever time it is here, midnight does not come while this test spends.
    ana.emulator.advance(seconds_to_midnight(ana) + HOUR)
    ana.connect()
    ana.start(1)
    ana.ask("GET", CHANNELS)
    ana.emulator.advance(seconds_to_midnight(ana) - 120)
    ana.connect()
    assert (ana.start(1).status_code, ana.ask("GET", CHANNELS).status_code) == (429, 403)
    ana.emulator.advance(180)
    assert (ana.start(1).status_code, ana.ask("GET", CHANNELS).status_code) == (200, 200)


def test_a_channel_has_a_limit_of_its_own_over_24_hours(ana: Stranger) -> None:
    ana.emulator.switch(channel_uploads_per_day=1)
    ben = Stranger(ana.emulator).connect("ben@example.test")
    ana.upload()
    refused = ana.start(1)
    assert (refused.status_code, reason(refused)) == (400, "uploadLimitExceeded")
    assert ben.start(1).status_code == 200
    ana.emulator.advance(DAY + 1)
    assert ana.connect().start(1).status_code == 200


@pytest.mark.parametrize("switches", [{"uploads_per_day": 0}, {"units_per_day": 0}])
def test_a_reset_fills_everything(ana: Stranger, switches: dict[str, int]) -> None:
    ana.emulator.switch(**switches)
    ana.emulator.reset()
    ana.connect()
    assert (ana.start(1).status_code, ana.ask("GET", CHANNELS).status_code) == (200, 200)
