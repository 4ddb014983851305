from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import PlatformUnavailable
from platforms.facebook import Facebook
from platforms.facebook.publishing.outcome import judge
from platforms.facebook.publishing.status import read_status
from platforms.protocol import Account, Dead, Live, Outcome, Processing, Publication
from testkit.emulator import Emulator
from tests.platforms.facebook.publishing.conftest import Send, Sender

LINK = "https://www.facebook.com/BlueDoor/videos/42"
PUBLIC, DRAFT = {"privacy": "public"}, {"privacy": "private"}
SCHEDULED = {"privacy": "private", "publishAt": "2090-01-01T00:00:00Z"}
LONG, SHORT = timedelta(hours=6, minutes=1), timedelta(hours=5, minutes=59)
BY_ID = "https://www.facebook.com/42"


def publication(type: str, payload: dict[str, Any]) -> Publication:
    return Publication("7", "m.mp4", type, payload, 1, "video/mp4", "m.mp4")


def outcome(
    type: str,
    payload: dict[str, Any],
    status: dict[str, Any],
    age: timedelta | None = SHORT,
    **node: Any,
) -> Outcome:
    node = {"permalink_url": "/BlueDoor/videos/42", "published": False, "status": status, **node}
    return judge(read_status(node), "42", publication(type, payload), age)


def ready(publish_status: str | None = None, phase: str = "not_started") -> dict[str, Any]:
    publishing = {"status": phase, "publish_status": publish_status}
    return {"video_status": "ready", "publishing_phase": publishing}


@pytest.mark.parametrize(
    ("type", "payload", "status", "published"),
    [
        ("video", PUBLIC, ready(), True),
        ("video", PUBLIC, ready("published", "complete"), True),
        ("video", DRAFT, ready(), False),
        ("video", DRAFT, ready("draft"), False),
        ("video", SCHEDULED, ready("scheduled"), False),
        ("reel", PUBLIC, ready("published", "complete"), False),
        ("reel", PUBLIC, ready(None, "complete"), True),
        ("reel", DRAFT, ready("draft"), False),
        ("reel", SCHEDULED, ready("scheduled"), False),
    ],
)
def test_what_was_asked_for_and_is_done_is_live(
    type: str, payload: dict[str, Any], status: dict[str, Any], published: bool
) -> None:
    assert outcome(type, payload, status, published=published) == Live(LINK)


@pytest.mark.parametrize(
    ("type", "payload", "status", "published"),
    [
        ("video", PUBLIC, ready(), False),
        ("video", PUBLIC, ready("draft"), False),
        ("video", PUBLIC, {"video_status": "processing"}, True),
        ("video", SCHEDULED, ready("draft"), False),
        ("video", SCHEDULED, {"video_status": "processing"}, False),
        ("video", DRAFT, {"video_status": "upload_complete"}, False),
        ("reel", PUBLIC, ready(), True),
        ("reel", PUBLIC, ready("published", "in_progress"), False),
        ("reel", PUBLIC, ready("draft", "complete"), False),
        ("reel", PUBLIC, {"video_status": "processing"}, False),
    ],
)
def test_ready_is_not_published(
    type: str, payload: dict[str, Any], status: dict[str, Any], published: bool
) -> None:
    assert outcome(type, payload, status, published=published) == Processing(None)


def at(ahead: timedelta, **more: str) -> dict[str, str]:
    """A payload whose time lies so far from now."""
    return {"publishAt": (datetime.now(UTC) + ahead).isoformat(), **more}


@pytest.mark.parametrize("type", ["video", "reel"])
@pytest.mark.parametrize("ahead", [timedelta(days=-1), timedelta(minutes=9)])
def test_a_time_that_had_passed_at_the_finish_is_a_draft_with_a_warning(
    type: str, ahead: timedelta
) -> None:
    live = outcome(type, at(ahead), ready("draft"), age=timedelta())
    assert isinstance(live, Live)
    assert live.warnings.keys() == {"publish_at_passed"}
    assert "a draft" in live.warnings["publish_at_passed"]


@pytest.mark.parametrize("type", ["video", "reel"])
def test_a_time_that_had_passed_is_published_where_the_payload_says_so(type: str) -> None:
    payload = at(timedelta(days=-1), ifPublishAtPassed="public")
    assert outcome(type, payload, ready("draft"), age=timedelta()) == Processing(None)
    live = outcome(type, payload, ready("published", "complete"), timedelta(), published=True)
    assert isinstance(live, Live)
    assert "published at once" in live.warnings["publish_at_passed"]


@pytest.mark.parametrize("type", ["video", "reel"])
def test_what_facebook_keeps_a_time_for_is_as_asked(type: str) -> None:
    soon = at(timedelta(minutes=10, seconds=30))
    assert outcome(type, soon, ready("scheduled"), age=timedelta()) == Live(LINK)
    gone = at(timedelta(minutes=-10))
    public = ready("published", "complete")
    kept = outcome(type, gone, public, age=timedelta(minutes=30), published=True)
    assert kept == Live(LINK)


@pytest.mark.parametrize("type", ["video", "reel"])
def test_what_is_public_before_its_time_carries_a_warning(type: str) -> None:
    public = ready("published", "complete")
    live = outcome(type, at(timedelta(days=1)), public, timedelta(), published=True)
    assert isinstance(live, Live)
    assert live.warnings.keys() == {"privacy_differs"}


def test_processing_has_a_percentage_where_facebook_gives_one() -> None:
    at_work = {"video_status": "processing", "processing_progress": 40}
    assert outcome("video", PUBLIC, at_work) == Processing(40)


@pytest.mark.parametrize("type", ["video", "reel"])
def test_a_video_that_stays_a_draft_against_what_was_asked_is_dead(type: str) -> None:
    assert outcome(type, PUBLIC, ready("draft"), SHORT) == Processing(None)
    assert outcome(type, PUBLIC, ready("draft"), None) == Processing(None)
    dead = outcome(type, PUBLIC, ready("draft"), LONG)
    assert isinstance(dead, Dead)
    assert dead.code == "left_as_draft"


def test_long_processing_is_not_death() -> None:
    assert outcome("video", PUBLIC, {"video_status": "processing"}, LONG) == Processing(None)


def test_a_fault_is_dead() -> None:
    broken = {"video_status": "ready", "processing_phase": {"status": "error"}}
    dead = outcome("video", PUBLIC, broken)
    assert isinstance(dead, Dead)
    assert dead.code == "processing_failed"


def test_what_is_published_is_live_whatever_went_wrong_before() -> None:
    stale = {**ready(), "uploading_phase": {"status": "complete", "errors": [{"code": 1363019}]}}
    assert isinstance(outcome("video", PUBLIC, stale, published=True), Live)
    broken = {"video_status": "ready", "processing_phase": {"status": "error"}}
    assert isinstance(outcome("video", PUBLIC, broken, published=True), Live)


@pytest.mark.parametrize("type", ["video", "reel"])
def test_what_is_being_published_is_no_draft_however_long_it_took(type: str) -> None:
    slow = {**ready(), "publishing_phase": {"status": "in_progress"}}
    assert isinstance(outcome(type, PUBLIC, slow, age=LONG), Processing)


@pytest.mark.parametrize(
    ("permalink", "url"),
    [
        ("/reel/42", "https://www.facebook.com/reel/42"),
        ("https://www.facebook.com/reel/42/", "https://www.facebook.com/reel/42/"),
        ("https://m.facebook.com/watch/?v=42", "https://m.facebook.com/watch/?v=42"),
        (None, BY_ID),
        ("/", BY_ID),
        ("reel/42", BY_ID),
        ("//elsewhere.example/reel/42", BY_ID),
        ("https://elsewhere.example/reel/42", BY_ID),
        ("https://facebook.com.elsewhere.example/reel/42", BY_ID),
        ("https://notfacebook.com/reel/42", BY_ID),
        ("https://elsewhere.example@www.facebook.com/reel/42", BY_ID),
        ("http://www.facebook.com/reel/42", BY_ID),
        ("https://www.facebook.comhttps://www.facebook.com/reel/42", BY_ID),
        ("javascript:alert(1)", BY_ID),
        ("/reel/42\n", BY_ID),
        ("/reel/42 and more", BY_ID),
    ],
)
def test_a_link_is_made_whole(permalink: str | None, url: str) -> None:
    assert outcome("video", DRAFT, ready(), permalink_url=permalink) == Live(url)


@pytest.mark.parametrize(
    ("payload", "node", "code"),
    [
        (DRAFT, {"published": True}, "privacy_differs"),
        (SCHEDULED, {"scheduled_publish_time": 3786912001}, "schedule_differs"),
        (SCHEDULED, {"scheduled_publish_time": 3786912000}, None),
    ],
)
def test_what_differs_from_what_was_asked_is_a_warning(
    payload: dict[str, Any], node: dict[str, Any], code: str | None
) -> None:
    live = outcome("video", payload, ready("scheduled"), **node)
    assert isinstance(live, Live)
    assert list(live.warnings) == ([code] if code else [])


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ({"status": "error"}, "copyright_unchecked"),
        ({"status": "complete", "matches_found": True}, "copyright_match"),
    ],
)
def test_the_copyright_check_is_a_warning_on_a_video_that_is_live(
    check: dict[str, Any], code: str
) -> None:
    status = {**ready("published", "complete"), "copyright_check_status": check}
    live = outcome("reel", PUBLIC, status)
    assert isinstance(live, Live)
    assert list(live.warnings) == [code]


# Over HTTP ----------------------------------------------------------------------------


def asked(sender: Sender, uploaded_at: datetime | None = None) -> Outcome:
    platform_id = sender.run(fresh=True).platform_id
    return sender.facebook.outcome(
        sender.account.credential, platform_id, sender.publication, uploaded_at=uploaded_at
    )


@pytest.mark.parametrize("documented", [True, False])
def test_a_public_video_goes_live(sender: Sender, documented: bool) -> None:
    sender.emulator.switch(documented_spelling=documented)
    live = asked(sender)
    assert isinstance(live, Live)
    assert live.url.startswith("https://www.facebook.com/")
    assert live.warnings == {}


@pytest.mark.parametrize("days", [None, 2])
@pytest.mark.parametrize("type", ["video", "reel"])
def test_a_draft_and_a_scheduled_video_are_done_as_asked(
    sending: Send, type: str, days: int | None
) -> None:
    payload: dict[str, Any] = {"privacy": "private"}
    if days is not None:
        payload["publishAt"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    live = asked(sending(type, **payload))
    assert isinstance(live, Live)
    assert live.warnings == {}


def test_a_video_is_at_work_until_facebook_says_otherwise(sender: Sender) -> None:
    sender.emulator.switch(page_processing_seconds=60)
    assert isinstance(asked(sender), Processing)


@pytest.mark.parametrize(
    ("fate", "code"),
    [("processing_error", "resolution_unsupported"), ("copyright", "copyright")],
)
def test_a_bad_fate_is_told(sender: Sender, fate: str, code: str) -> None:
    sender.fault("finish", fate)
    dead = asked(sender)
    assert isinstance(dead, Dead)
    assert dead.code == code


def test_a_video_left_as_a_draft_is_told_when_it_stays_one(sender: Sender) -> None:
    sender.fault("finish", "left_as_draft")
    assert isinstance(asked(sender), Processing)
    platform_id = sender.the_one_video()["id"]
    later = datetime.now(UTC) - LONG
    dead = sender.facebook.outcome(
        sender.account.credential, platform_id, sender.publication, uploaded_at=later
    )
    assert isinstance(dead, Dead)
    assert (dead.code, dead.is_there) == ("left_as_draft", True)


@pytest.mark.parametrize("reason", ["100", "12", "4711"])
def test_a_look_that_is_refused_says_nothing_about_the_video(
    facebook: Facebook, bakery: Account, publication: Publication, emulator: Emulator, reason: str
) -> None:
    emulator.fault("video.get", "graph_error", reason=reason)
    with pytest.raises(PlatformUnavailable):
        facebook.outcome(bakery.credential, "123", publication)


def test_a_video_that_is_not_there_may_be_new(
    facebook: Facebook, bakery: Account, publication: Publication, emulator: Emulator
) -> None:
    for uploaded_at in (None, datetime.now(UTC) - SHORT):
        with pytest.raises(PlatformUnavailable) as caught:
            facebook.outcome(bakery.credential, "123", publication, uploaded_at=uploaded_at)
        assert caught.value.code == "not_there_yet"
    assert emulator.calls("video.get") == 2


def test_a_video_that_is_not_there_any_more_is_dead(
    facebook: Facebook, bakery: Account, publication: Publication
) -> None:
    dead = facebook.outcome(
        bakery.credential,
        "123",
        replace(publication, type="reel"),
        uploaded_at=datetime.now(UTC) - LONG,
    )
    assert isinstance(dead, Dead)
    assert dead.code == "video_missing"
