from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.source import Pin, VideoFacts
from platforms.facebook.limits import FIELDS, MAX_BYTES, SCHEMA, check, check_file

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def wrong(type: str = "video", **fields: Any) -> set[str]:
    return set(check(type, fields, NOW))


def facts(**known: Any) -> VideoFacts:
    size = known.pop("size", 1 << 20)
    usual = {"duration_ms": 30_000, "width": 1080, "height": 1920}
    return VideoFacts(
        pin=Pin(size, ""),
        file_name="a.mp4",
        content_type="video/mp4",
        container="MPEG-4",
        sha256=None,
        **{**usual, **known},
    )


def test_a_full_payload_is_right() -> None:
    payload = {
        "title": "Sourdough",
        "description": "Flour, water, salt.",
        "privacy": "private",
        "publishAt": "2026-12-01T09:00:00+01:00",
        "ifPublishAtPassed": "private",
        "thumbnailUrl": "https://media.example/cover.png",
        "contentTags": ["6003107902433"],
        "targeting": {"geo_locations": {"countries": ["AT"]}},
        "feedTargeting": {"age_min": 18},
        "isAiGenerated": True,
    }
    assert set(payload) == set(FIELDS) == set(SCHEMA["properties"])
    assert check("video", payload, NOW) == {}
    del payload["contentTags"]
    assert check("reel", payload, NOW) == {}


def test_nothing_is_required() -> None:
    assert check("video", {}, NOW) == check("reel", {}, NOW) == {}


def test_a_type_has_to_be_known() -> None:
    assert wrong("story") == {"type"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 255),
        ("title", "\N{SMILING FACE WITH OPEN MOUTH}" * 128),
        ("title", 5),
        ("title", "\ud800"),
        ("title", "a\x07b"),
        ("description", "a\x0bb"),
        ("description", "\N{GRINNING FACE}" * 31_604),
        ("description", None),
        ("privacy", "unlisted"),
        ("privacy", []),
        ("publishAt", "tomorrow"),
        ("publishAt", "0001-01-01T00:00:00+14:00"),
        ("ifPublishAtPassed", "public"),
        ("publishAt", "2026-12-01T09:00:00"),
        ("thumbnailUrl", "ftp://media.example/a.png"),
        ("contentTags", "123"),
        ("contentTags", [123]),
        ("contentTags", ["bread"]),
        ("contentTags", ["²"]),
        ("targeting", "AT"),
        ("feedTargeting", ["AT"]),
        ("isAiGenerated", "true"),
        ("tags", ["bread"]),
    ],
)
def test_what_facebook_does_not_take_is_named(field: str, value: Any) -> None:
    assert wrong(**{field: value}) == {field}


def test_a_title_of_254_characters_is_right() -> None:
    assert wrong(title="x" * 254) == set()


def test_a_reel_takes_no_tags_of_content() -> None:
    assert wrong("reel", contentTags=["123"]) == {"contentTags"}


@pytest.mark.parametrize(
    ("type", "ahead", "right"),
    [
        ("video", timedelta(minutes=9), False),
        ("video", timedelta(minutes=10), True),
        ("video", timedelta(days=180), True),
        ("video", timedelta(days=181), False),
        ("reel", timedelta(minutes=10), True),
        ("reel", timedelta(days=29), True),
        ("reel", timedelta(days=30), False),
        ("video", -timedelta(days=1), False),
    ],
)
def test_facebook_schedules_within_bounds(type: str, ahead: timedelta, right: bool) -> None:
    found = wrong(type, publishAt=(NOW + ahead).isoformat())
    assert found == (set() if right else {"publishAt"})


def test_a_time_of_publication_needs_a_draft() -> None:
    moment = (NOW + timedelta(days=1)).isoformat()
    assert wrong(publishAt=moment, privacy="public") == {"publishAt"}


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(FIELDS)), st.none() | st.text() | st.integers()))
def test_no_payload_breaks_the_check(payload: dict[str, Any]) -> None:
    for type in ("video", "reel"):
        assert set(check(type, payload, NOW)) <= set(payload)


@pytest.mark.parametrize(
    ("type", "known", "codes"),
    [
        ("video", {"width": 1920, "height": 1080}, set()),
        ("video", {"size": MAX_BYTES + 1, "width": 1920, "height": 1080}, {"video_too_large"}),
        ("video", {"size": 1023, "width": 1920, "height": 1080}, {"video_too_small"}),
        ("video", {"duration_ms": 240 * 60_000 + 1, "width": 1, "height": 1}, {"video_too_long"}),
        ("reel", {}, set()),
        ("reel", {"duration_ms": 3000}, set()),
        ("reel", {"duration_ms": 2999}, {"reel_too_short"}),
        ("reel", {"duration_ms": 90_000}, set()),
        ("reel", {"duration_ms": 90_001}, {"reel_too_long"}),
        ("reel", {"width": 540, "height": 960}, set()),
        ("reel", {"width": 1088, "height": 1920}, set()),
        ("reel", {"width": 1920, "height": 1080}, {"reel_not_vertical"}),
        ("reel", {"width": 1080, "height": 1350}, {"reel_not_vertical"}),
        ("reel", {"width": 360, "height": 640}, {"reel_resolution"}),
        ("reel", {"duration_ms": None, "width": None, "height": None}, set()),
        ("video", {"duration_ms": None, "width": None, "height": None}, set()),
    ],
)
def test_a_file_is_judged_by_what_is_known_of_it(
    type: str, known: dict[str, Any], codes: set[str]
) -> None:
    checked = check_file(type, facts(**known))
    assert set(checked.faults) == codes
    assert checked.warnings == {}


def test_a_vertical_video_is_warned_of_and_a_vertical_reel_is_not() -> None:
    assert set(check_file("video", facts()).warnings) == {"vertical_video"}
    assert "type reel" in check_file("video", facts()).warnings["vertical_video"]
    assert check_file("reel", facts()).warnings == {}


@pytest.mark.parametrize("type", ["video", "reel"])
def test_a_file_that_is_cut_off_is_sent_with_a_warning(type: str) -> None:
    checked = check_file(type, facts(is_truncated=True))
    assert "file_truncated" in checked.warnings
    assert checked.faults == {}
