from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.source import Pin, VideoFacts
from platforms.youtube.limits import FIELDS, SCHEMA, check, check_file, tags_length


def wrong(**fields: Any) -> set[str]:
    return set(check("video", {"title": "Sourdough", **fields}))


def test_a_full_payload_is_right() -> None:
    payload = {
        "title": "Sourdough",
        "description": "Flour, water, salt.",
        "tags": ["bread", "slow food"],
        "privacy": "private",
        "categoryId": "26",
        "madeForKids": False,
        "containsSyntheticMedia": False,
        "publishAt": "2090-12-01T09:00:00+01:00",
        "ifPublishAtPassed": "public",
        "notifySubscribers": False,
        "language": "pt-BR",
        "license": "creativeCommon",
        "embeddable": True,
        "thumbnailUrl": "https://media.example/cover.png",
        "captions": [{"language": "de", "name": "", "url": "file:///srv/de.srt"}],
        "playlistIds": ["PL123"],
    }
    assert set(payload) == set(FIELDS) == set(SCHEMA["properties"])
    assert check("video", payload) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 100),
        ("description", ""),
        ("description", "é" * 2500),
        ("description", "a\nb\r\n\tc"),
        ("tags", ["\N{GRINNING FACE}" * 250]),
        ("tags", []),
        ("publishAt", "2090-12-01T09:00:00.5Z"),
        ("language", "en"),
        ("language", "zh-Hant"),
        ("language", "fil"),
        ("thumbnailUrl", "file:///srv/cover.jpg"),
        (
            "captions",
            [
                {"language": "en", "url": "https://m.example/a"},
                {"language": "en", "name": "SDH", "url": "https://m.example/b"},
            ],
        ),
    ],
)
def test_what_just_fits_is_right(field: str, value: object) -> None:
    assert wrong(**{field: value}) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \n"),
        ("title", "x" * 101),
        ("title", "😀" * 51),
        ("title", "a < b"),
        ("title", "a > b"),
        ("title", None),
        ("title", 7),
        ("title", "\ud800"),
        ("title", "a\x07b"),
        ("title", "a\nb"),
        ("title", "a\u2028b"),
        ("description", "a\x0bb\x1b[0m"),
        ("description", "a\x85b"),
        ("description", "é" * 2501),
        ("description", "<b>"),
        ("description", ["text"]),
        ("tags", "bread"),
        ("tags", ["bread", ""]),
        ("tags", [1]),
        ("tags", ["<b>"]),
        ("tags", ["a", "i >3 u"]),
        ("tags", ["a\x07"]),
        ("tags", ["\N{GRINNING FACE}" * 251]),
        ("tags", ["x" * 501]),
        ("tags", ["x" * 250, "y" * 250]),
        ("tags", ["x" * 498 + " "]),
        ("privacy", "secret"),
        ("privacy", ["public"]),
        ("categoryId", 22),
        ("categoryId", ""),
        ("categoryId", "²"),
        ("categoryId", "30"),
        ("categoryId", "999"),
        ("madeForKids", "false"),
        ("madeForKids", 0),
        ("embeddable", None),
        ("publishAt", "tomorrow"),
        ("publishAt", "0001-01-01T00:00:00+14:00"),
        ("publishAt", "9999-12-31T23:59:59-12:00"),
        ("publishAt", "2020-01-01T00:00:00Z"),
        ("ifPublishAtPassed", "private"),
        ("publishAt", "2090-12-01T09:00:00"),
        ("publishAt", "2090-13-01T09:00:00Z"),
        ("publishAt", "2090-12-01"),
        ("publishAt", 1796115600),
        ("language", "cn"),
        ("language", "english"),
        ("language", "de_DE"),
        ("language", 1),
        ("license", "mit"),
        ("thumbnailUrl", "cover.jpg"),
        ("thumbnailUrl", "ftp://m.example/cover.jpg"),
        ("thumbnailUrl", "https://[::1"),
        ("captions", {"language": "en"}),
        ("captions", ["en"]),
        ("captions", [{"language": "en"}]),
        ("captions", [{"url": "https://m.example/a"}]),
        ("captions", [{"language": "en", "url": "https://m.example/a", "name": "x" * 151}]),
        ("captions", [{"language": "en", "url": "https://m.example/a", "kind": "asr"}]),
        ("captions", [{"language": "en", "url": "https://m.example/a"}] * 2),
        ("playlistIds", "PL123"),
        ("playlistIds", ["PL123", "PL123"]),
        ("playlistIds", [""]),
        ("playlistIds", ["PL\n1"]),
        ("playlistIds", [["PL"]]),
        ("privacyStatus", "private"),
    ],
)
def test_what_youtube_would_refuse_is_named_by_its_field(field: str, value: object) -> None:
    assert wrong(**{field: value}) == {field}


def test_a_title_is_needed() -> None:
    assert set(check("video", {})) == {"title"}


def test_another_type_is_refused() -> None:
    assert set(check("story", {"title": "Sourdough"})) == {"type"}


def test_everything_wrong_is_told_at_once() -> None:
    assert wrong(title="<" * 101, tags=7, colour="red") == {"title", "tags", "colour"}
    assert len(check("video", {"title": "<" * 101})["title"]) == 2


@pytest.mark.parametrize("privacy", ["public", "unlisted"])
def test_a_time_of_publication_needs_a_private_video(privacy: str) -> None:
    assert wrong(publishAt="2090-12-01T09:00:00Z", privacy=privacy) == {"publishAt"}


@pytest.mark.parametrize(
    ("seconds", "right"), [(-86_400, False), (-1, False), (0, False), (1, True), (86_400, True)]
)
def test_a_time_of_publication_lies_after_the_moment_of_the_upload(
    seconds: int, right: bool
) -> None:
    at = datetime(2030, 1, 1, 12, tzinfo=UTC)
    payload = {"title": "Sourdough", "publishAt": (at + timedelta(seconds=seconds)).isoformat()}
    assert (check("video", payload, at) == {}) == right
    assert right or check("video", payload, at).keys() == {"publishAt"}


@pytest.mark.parametrize(
    ("tags", "length"), [([], 0), (["Foo-Baz"], 7), (["Foo Baz"], 9), (["a", "b c", "d"], 9)]
)
def test_tags_are_counted_as_youtube_counts_them(tags: list[str], length: int) -> None:
    assert tags_length(tags) == length


LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="<>")


@given(st.lists(st.text(LETTERS, min_size=1).filter(str.strip)))
def test_tags_are_right_exactly_up_to_their_limit(tags: list[str]) -> None:
    written = ",".join(f'"{tag}"' if " " in tag else tag for tag in tags)
    fits = len(written.encode("utf-16-le")) // 2 <= 500 and len(tags) <= 250
    assert (wrong(tags=tags) == set()) == fits


TRACKS = st.sampled_from(["language", "name", "url", "kind"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRACKS, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([*FIELDS, "unknown"])


@given(st.dictionaries(NAMES, ANYTHING, max_size=4))
def test_no_payload_breaks_the_check(payload: dict[str, Any]) -> None:
    found = check("video", payload)
    assert set(found) <= {*payload, "title"}
    assert all(sentences and all(sentences) for sentences in found.values())


def test_a_file_that_is_cut_off_is_sent_with_a_warning() -> None:
    facts = VideoFacts(Pin(5000, ""), "a.mp4", "video/mp4", "MPEG-4", 1, 640, 360, None)
    assert check_file(facts).warnings == {}
    checked = check_file(replace(facts, is_truncated=True))
    assert checked.warnings.keys() == {"file_truncated"}
    assert checked.faults == {}
