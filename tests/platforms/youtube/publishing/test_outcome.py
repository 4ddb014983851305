from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import PlatformUnavailable
from platforms.protocol import Dead, Live, Outcome, Processing, Publication
from platforms.youtube import YouTube
from platforms.youtube.publishing.outcome import judge
from testkit.emulator import Emulator
from tests.support.google import UNTOLD

PAYLOAD = {"title": "Sourdough"}
URL = "https://www.youtube.com/watch?v=abc"


def video(status: dict[str, Any], processing: dict[str, Any] | None = None) -> dict[str, Any]:
    resource: dict[str, Any] = {"id": "abc", "status": {"privacyStatus": "private"} | status}
    return resource if processing is None else resource | {"processingDetails": processing}


def processing(**progress: str) -> dict[str, Any]:
    return {"processingStatus": "processing", "processingProgress": progress}


NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
BEFORE, AFTER = "2026-12-01T08:00:00Z", "2026-12-01T10:00:00Z"
"""Times of publication; the last byte left half an hour before `NOW` unless a test says more."""


def judged(video: Any, payload: Any, minutes_ago: float = 30) -> Outcome:
    return judge(video, payload, NOW - timedelta(minutes=minutes_ago), NOW)


@pytest.mark.parametrize(
    "details",
    [
        None,
        {},
        {"processingStatus": "succeeded"},
        {"processingStatus": "terminated"},
        processing(partsTotal="10", partsProcessed="9"),
    ],
)
def test_processed_is_live_whatever_the_details_say(details: dict[str, Any] | None) -> None:
    assert judged(video({"uploadStatus": "processed"}, details), PAYLOAD) == Live(URL)


@pytest.mark.parametrize(
    ("details", "percent"),
    [
        (None, None),
        ({}, None),
        ({"processingStatus": "terminated"}, None),
        ({"processingStatus": "succeeded"}, None),
        (processing(), None),
        (processing(partsTotal="0", partsProcessed="0"), None),
        (processing(partsTotal="1000", partsProcessed="0"), 0),
        (processing(partsTotal="18446744073709551615", partsProcessed="9223372036854775807"), 49),
        (processing(partsTotal="10", partsProcessed="11"), 100),
        (processing(partsTotal="ten", partsProcessed="1"), None),
    ],
)
def test_uploaded_is_at_work_with_a_percentage_at_best(
    details: dict[str, Any] | None, percent: int | None
) -> None:
    assert judged(video({"uploadStatus": "uploaded"}, details), PAYLOAD) == Processing(percent)


@pytest.mark.parametrize(
    ("status", "details", "code"),
    [
        ({"uploadStatus": "failed", "failureReason": "codec"}, None, "processing_failed_codec"),
        (
            {"uploadStatus": "failed", "failureReason": "invalidFile"},
            {"processingStatus": "terminated"},
            "processing_failed_invalid_file",
        ),
        ({"uploadStatus": "failed"}, None, "processing_failed"),
        (
            {"uploadStatus": "uploaded"},
            {"processingStatus": "failed", "processingFailureReason": "transcodeFailed"},
            "processing_failed_transcode_failed",
        ),
        ({"uploadStatus": "rejected", "rejectionReason": "duplicate"}, None, "rejected_duplicate"),
        (
            {"uploadStatus": "rejected", "rejectionReason": "somethingNew"},
            None,
            "rejected_something_new",
        ),
        ({"uploadStatus": "rejected"}, None, "rejected"),
        ({"uploadStatus": "deleted"}, None, "video_deleted"),
    ],
)
def test_a_dead_video_says_why(
    status: dict[str, Any], details: dict[str, Any] | None, code: str
) -> None:
    outcome = judged(video(status, details), PAYLOAD)
    assert isinstance(outcome, Dead)
    assert outcome.code == code
    assert outcome.sentence


@pytest.mark.parametrize("word", [*UNTOLD, 42])
def test_free_text_in_the_place_of_a_reason_is_no_code(word: object) -> None:
    outcome = judged(video({"uploadStatus": "rejected", "rejectionReason": word}), PAYLOAD)
    assert isinstance(outcome, Dead)
    assert outcome.code == "rejected"


@pytest.mark.parametrize(
    ("payload", "status", "codes"),
    [
        ({}, {"privacyStatus": "private"}, set()),
        ({"privacy": "public"}, {"privacyStatus": "public"}, set()),
        ({"privacy": "public"}, {"privacyStatus": "private"}, {"privacy_differs"}),
        ({}, {"privacyStatus": "public"}, {"privacy_differs"}),
        ({"publishAt": AFTER}, {"privacyStatus": "private", "publishAt": AFTER}, set()),
        (
            {"publishAt": AFTER},
            {"privacyStatus": "private", "publishAt": "2026-12-01T10:01:00Z"},
            {"schedule_differs"},
        ),
        (
            {"publishAt": "2026-12-01T10:00:59.9+00:00"},
            {"privacyStatus": "private", "publishAt": AFTER},
            set(),
        ),
        ({"publishAt": AFTER}, {"privacyStatus": "private"}, {"schedule_differs"}),
        ({"publishAt": AFTER}, {"privacyStatus": "public"}, {"privacy_differs"}),
        ({"publishAt": AFTER}, {"privacyStatus": "unlisted"}, {"privacy_differs"}),
        ({"publishAt": BEFORE}, {"privacyStatus": "private"}, {"publish_at_passed"}),
        ({"publishAt": BEFORE}, {"privacyStatus": "public"}, {"publish_at_passed"}),
        (
            {"publishAt": BEFORE, "ifPublishAtPassed": "public"},
            {"privacyStatus": "public"},
            {"publish_at_passed"},
        ),
        (
            {"publishAt": BEFORE, "ifPublishAtPassed": "public"},
            {"privacyStatus": "private"},
            {"privacy_differs"},
        ),
        ({}, {"madeForKids": True}, {"made_for_kids_differs"}),
        ({"madeForKids": True}, {"madeForKids": True}, set()),
        ({"license": "creativeCommon"}, {"license": "youtube"}, {"license_differs"}),
        ({"embeddable": True}, {"embeddable": False}, {"embeddable_differs"}),
        ({"embeddable": True}, {}, set()),
        ({}, {"license": "creativeCommon", "embeddable": False}, set()),
    ],
)
def test_a_live_video_that_differs_carries_a_warning(
    payload: dict[str, Any], status: dict[str, Any], codes: set[str]
) -> None:
    outcome = judged(video({"uploadStatus": "processed"} | status), PAYLOAD | payload)
    assert isinstance(outcome, Live)
    assert set(outcome.warnings) == codes


def test_a_video_that_became_public_at_its_time_carries_no_warning() -> None:
    public = video({"uploadStatus": "processed", "privacyStatus": "public"})
    outcome = judged(public, {**PAYLOAD, "publishAt": BEFORE}, minutes_ago=90)
    assert isinstance(outcome, Live)
    assert outcome.warnings == {}


@pytest.mark.parametrize(
    ("privacy", "word"), [("private", "the video is private"), ("public", "the video is public")]
)
def test_a_time_that_has_passed_says_what_became_of_it(privacy: str, word: str) -> None:
    late = video({"uploadStatus": "processed", "privacyStatus": privacy})
    outcome = judged(late, {**PAYLOAD, "publishAt": BEFORE})
    assert isinstance(outcome, Live)
    assert word in outcome.warnings["publish_at_passed"]


def test_a_video_is_processed_and_then_live(
    emulator: Emulator, connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    emulator.switch(processing_seconds=60)
    credential = connect()
    video_id = publish(credential, publication)
    assert isinstance(youtube.outcome(credential, video_id, publication), Processing)
    emulator.advance(61)
    live = youtube.outcome(credential, video_id, publication)
    assert live == Live(f"https://www.youtube.com/watch?v={video_id}")
    assert emulator.calls("videos.list") == 2


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("processing_fails", {"reason": "codec"}, "processing_failed_codec"),
        ("processing_rejects", {"reason": "duplicate"}, "rejected_duplicate"),
    ],
)
def test_a_video_that_youtube_refuses_is_dead(
    emulator: Emulator,
    connect: Any,
    youtube: YouTube,
    publish: Any,
    publication: Publication,
    kind: str,
    options: dict[str, Any],
    code: str,
) -> None:
    credential = connect()
    emulator.fault("videos.insert.start", kind, **options)
    outcome = youtube.outcome(credential, publish(credential, publication), publication)
    assert isinstance(outcome, Dead)
    assert outcome.code == code


def test_terminated_details_are_no_failure(
    emulator: Emulator, connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    credential = connect()
    emulator.fault("videos.insert.start", "processing_terminated")
    assert isinstance(
        youtube.outcome(credential, publish(credential, publication), publication), Live
    )


def test_a_video_locked_private_is_live_with_a_warning(
    emulator: Emulator, connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    credential = connect()
    emulator.fault("videos.insert.start", "private_lock")
    video_id = publish(credential, publication)
    asked = replace(publication, payload=PAYLOAD | {"privacy": "public"})
    outcome = youtube.outcome(credential, video_id, asked)
    assert isinstance(outcome, Live)
    assert list(outcome.warnings) == ["privacy_differs"]


@pytest.mark.parametrize("age", [None, timedelta(0), timedelta(minutes=9)])
def test_a_new_video_that_is_not_there_is_awaited(
    connect: Any, youtube: YouTube, publication: Publication, age: timedelta | None
) -> None:
    uploaded_at = None if age is None else datetime.now(UTC) - age
    with pytest.raises(PlatformUnavailable) as caught:
        youtube.outcome(connect(), "dQw4w9WgXcQ", publication, uploaded_at=uploaded_at)
    assert caught.value.code == "not_there_yet"
    assert caught.value.retry_after


def test_an_old_video_that_is_not_there_was_removed(
    connect: Any, youtube: YouTube, publication: Publication
) -> None:
    outcome = youtube.outcome(
        connect(), "dQw4w9WgXcQ", publication, uploaded_at=datetime.now(UTC) - timedelta(minutes=11)
    )
    assert isinstance(outcome, Dead)
    assert outcome.code == "video_missing"
