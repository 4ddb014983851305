from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import (
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
    SessionLost,
)
from domain.secrets import Secret
from platforms.protocol import Live, Publication
from platforms.youtube import YouTube
from platforms.youtube.publishing.session import video_resource
from testkit.emulator import Emulator
from tests.support.google import CREDENTIAL

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_a_payload_becomes_a_video_in_youtubes_words() -> None:
    payload = {
        "title": "Sourdough",
        "description": "Flour",
        "tags": ["bread"],
        "categoryId": "26",
        "language": "en",
        "privacy": "unlisted",
        "madeForKids": True,
        "containsSyntheticMedia": False,
        "license": "creativeCommon",
        "embeddable": False,
        "playlistIds": ["PL1"],
    }
    assert video_resource(payload, NOW) == {
        "snippet": {
            "title": "Sourdough",
            "description": "Flour",
            "tags": ["bread"],
            "categoryId": "26",
            "defaultLanguage": "en",
        },
        "status": {
            "privacyStatus": "unlisted",
            "selfDeclaredMadeForKids": True,
            "containsSyntheticMedia": False,
            "license": "creativeCommon",
            "embeddable": False,
        },
    }


def test_privacy_is_never_left_to_youtube() -> None:
    assert video_resource({"title": "Sourdough"}, NOW)["status"] == {
        "privacyStatus": "private",
        "selfDeclaredMadeForKids": False,
    }


@pytest.mark.parametrize(
    ("at", "more", "said"),
    [
        (
            "2026-12-01T10:00:01+01:00",
            {},
            {"privacyStatus": "private", "publishAt": "2026-12-01T09:00:01Z"},
        ),
        ("2026-12-01T10:00:00+01:00", {}, {"privacyStatus": "private"}),
        ("2026-11-30T09:00:00Z", {"ifPublishAtPassed": "private"}, {"privacyStatus": "private"}),
        ("2026-11-30T09:00:00Z", {"ifPublishAtPassed": "public"}, {"privacyStatus": "public"}),
    ],
)
def test_a_time_of_publication_that_has_passed_is_not_sent(
    at: str, more: dict[str, str], said: dict[str, str]
) -> None:
    status = video_resource({"title": "Sourdough", "publishAt": at, **more}, NOW)["status"]
    assert status == {**said, "selfDeclaredMadeForKids": False}


def test_a_time_that_passed_before_the_session_makes_no_video_public(
    emulator: Emulator, connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    credential = connect()
    passed = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    late = replace(publication, payload={"title": "Sourdough", "publishAt": passed})
    video_id = publish(credential, late)
    (video,) = emulator.videos()
    assert video["privacy_status"] == "private"
    emulator.switch(processing_seconds=0)
    live = youtube.outcome(credential, video_id, late, uploaded_at=datetime.now(UTC))
    assert isinstance(live, Live)
    assert live.warnings.keys() == {"publish_at_passed"}


def test_opening_a_session_is_one_call_and_shows_nothing(
    emulator: Emulator, connect: Any, youtube: YouTube, publication: Publication
) -> None:
    session = youtube.open_session(connect(), publication)
    assert session.reveal().startswith(emulator.url)
    assert emulator.calls("videos.insert.start") == 1
    assert emulator.videos() == []
    (opened,) = emulator.state()["sessions"]
    assert (opened["total"], opened["stored"]) == (publication.size, 0)


def test_subscribers_are_told_unless_asked_not_to(
    scripted: Any, speaking: YouTube, publication: Publication
) -> None:
    quiet = {"title": "Sourdough", "notifySubscribers": False}
    for payload in (publication.payload, quiet):
        with pytest.raises(PlatformUnavailable):
            speaking.open_session(CREDENTIAL, replace(publication, payload=payload))
    loud_path, quiet_path = (path for _, path, _ in scripted.asked)
    assert "notifySubscribers=true" in loud_path
    assert "notifySubscribers=false" in quiet_path


def test_a_session_without_an_address_is_a_blip(
    scripted: Any, speaking: YouTube, publication: Publication
) -> None:
    scripted.answers = [(200, {})]
    with pytest.raises(PlatformUnavailable) as caught:
        speaking.open_session(CREDENTIAL, publication)
    assert caught.value.code == "unreadable_answer"


def test_a_file_over_the_limit_is_refused_without_a_call(
    emulator: Emulator, youtube: YouTube, publication: Publication
) -> None:
    with pytest.raises(PlatformRefusal) as caught:
        youtube.open_session(CREDENTIAL, replace(publication, size=256 * 1024**3 + 1))
    assert caught.value.code == "file_too_large"
    assert emulator.calls("videos.insert.start") == 0


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("daily_limit", QuotaExhausted, "uploads_per_day_exhausted"),
        ("rate_limited", PlatformUnavailable, "rate_limited"),
        ("quota_exceeded", QuotaExhausted, "quota_exhausted"),
        ("upload_limit", QuotaExhausted, "channel_upload_limit"),
        ("unauthorized", ReauthorizationNeeded, "token_rejected"),
        ("cut", PlatformUnavailable, "unreachable"),
    ],
)
def test_a_start_that_fails_says_what_helps(
    emulator: Emulator,
    connect: Any,
    youtube: YouTube,
    publication: Publication,
    kind: str,
    error: type[Exception],
    code: str,
) -> None:
    credential = connect()
    emulator.fault("videos.insert.start", kind)
    with pytest.raises(error) as caught:
        youtube.open_session(credential, publication)
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert emulator.calls("videos.insert.start") == 1


def test_metadata_that_slipped_through_is_refused_by_field(
    connect: Any, youtube: YouTube, publication: Publication
) -> None:
    with pytest.raises(PlatformRefusal) as caught:
        youtube.open_session(connect(), replace(publication, payload={"title": "<"}))
    assert (caught.value.code, list(caught.value.details)) == ("invalid_title", ["title"])


def test_an_account_without_a_channel_opens_nothing(
    connect: Any, youtube: YouTube, publication: Publication
) -> None:
    with pytest.raises(ReauthorizationNeeded) as caught:
        youtube.open_session(connect("nochannel@example.test"), publication)
    assert caught.value.code == "no_channel"


def test_a_discarded_session_is_gone(
    connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    credential = connect()
    session = youtube.open_session(credential, publication)
    youtube.discard_session(session, credential)
    with pytest.raises(SessionLost):
        publish(credential, publication, session=session)


def test_discarding_never_fails(youtube: YouTube) -> None:
    for address in ("http://127.0.0.1:1/?upload_id=x", "no address at all", "http://[::1"):
        youtube.discard_session(Secret(address), CREDENTIAL)
