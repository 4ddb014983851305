"""Payloads to be judged: for each field what is right, what just is or just is not, and worse."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.moments import to_rfc3339

NOW = datetime.now(UTC)
_EMOJI = "\N{GRINNING FACE}"
_WRONG_TYPES: list[Any] = [None, 5, True, 1.5, [], {}, ["a"], {"a": 1}]
_SHORT: list[Any] = [
    *(
        "a",
        "Sourdough in a day",
        "a\u0301",
        "\u05d0\u05d1",
        "\u200b",
        "a\ufffeb",
        "{}",
        "%00",
        "a&b=c",
    ),
    *("\U0001f468\u200d\U0001f469\u200d\U0001f467", "null", "-", "\N{NO-BREAK SPACE}", "'\"\\"),
]
_HOSTILE: list[Any] = [
    *("", " ", "\t", "\n", "a\nb", "a\r\nb", "a\tb", "a\x0bb", "a\x1b[0m", "a\x07b", "a\x7fb"),
    *("a\x85b", "a\u2028b", "a\u2029b", "a\0b", "<b>", "a > b", "i >3 u", "\ud800", "a\udfffb"),
]


_LONG = 10_000
"""Texts beyond it take their time as forms, so there are few of them."""


def _around(limit: int) -> list[str]:
    """Texts whose UTF-16 units or bytes are close to a limit."""
    if limit > _LONG:
        return ["x" * limit, "x" * (limit + 1), _EMOJI * (limit // 2), _EMOJI * (limit // 2 + 1)]
    near = range(limit - 1, limit + 2)
    bytes_ = [("é" * (n // 2)) + "x" * (n % 2) for n in near]
    units = [(_EMOJI * (n // 2)) + "x" * (n % 2) for n in near]
    return [*("x" * n for n in near), *("é" * n for n in near), *bytes_, *units, _EMOJI * limit]


def _one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*values, *_WRONG_TYPES[:3]])


def _text(limit: int) -> st.SearchStrategy[Any]:
    known = [*_SHORT, *_SHORT, *_HOSTILE, *_around(limit), *_WRONG_TYPES]
    return st.sampled_from(known) | st.text(st.characters(), max_size=4)


_TAG = st.sampled_from(
    [*_SHORT, *_SHORT, "two words", "x" * 240, "x" * 248 + " ", "x" * 251, _EMOJI * 124, *_HOSTILE]
)
_TAGS = (
    st.lists(_TAG, max_size=3)
    | st.sampled_from([["x" * 250, "y" * 249], ["x" * 250, "y" * 250], [_EMOJI * 250]])
    | st.sampled_from([[_EMOJI * 251], ["x" * 497 + " "], ["x" * 498 + " "], ["a"] * 250])
    | st.sampled_from([["a"] * 251, *_WRONG_TYPES, [None], [5], [["a"]]])
)
_AHEAD = [timedelta(days=n) for n in (-1, 1, 28, 29, 30, 179, 180, 181, 184, 400)]
_AHEAD += [timedelta(minutes=n) for n in (-1, 0, 9, 10, 11, 60)] + [timedelta(seconds=1)]
_MOMENTS = st.sampled_from(
    [
        *(to_rfc3339(NOW + ahead) for ahead in _AHEAD),
        *((NOW + ahead).astimezone().isoformat() for ahead in _AHEAD[:4]),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2100-12-31T23:59:59Z"),
        *("2101-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "tomorrow", "2090-01-01", ""),
        *("2090-01-01T00:00:00", "2090-13-01T00:00:00Z", "2090-01-01t00:00:00z", "2090-02-30"),
        *("٢٠٩٠-01-01T00:00:00Z", "2090-01-01T00:00:00.123456789Z", "2090-01-01T24:00:00Z"),
        *(1796115600, None, ["2090-01-01T00:00:00Z"]),
    ]
)
_PRIVACY = st.sampled_from(["private"] * 6 + ["public", "unlisted", "secret", "", None, ["public"]])
_FLAG = st.sampled_from([True, False, True, False, None, 0, "true"])
_LANGUAGE = _one_of("en", "pt-BR", "zh-Hant", "fil", "cn", "jp", "de_DE", "english", "", "e\n", "x")
_URL = _one_of(
    "https://media.example/a.png", "file:///srv/a.png", "a.png", "ftp://x", "https://[", ""
)
_TRACK = st.fixed_dictionaries(
    {
        "language": _LANGUAGE,
        "url": _URL,
        "name": st.sampled_from([*_SHORT, *_HOSTILE, *_around(150), *_WRONG_TYPES]),
    }
)
_CAPTIONS = st.lists(_TRACK, min_size=1, max_size=2) | st.sampled_from(
    [[], "en", [5], [{"language": "en", "url": "https://media.example/a"}]]
)
_PLAYLISTS = st.sampled_from(
    [[], ["PL123"], ["PL1", "PL2"], ["PL1", "PL1"], [""], ["PL\n1"], ["a b"], "PL1", [5], None]
)
_CATEGORY = _one_of("22", "1", "29", "18", "21", "30", "44", "0", "99", "-1", "²", "022", "", "22 ")
_CONTENT_TAGS = st.sampled_from(
    [["123"], ["6003107902433"], [], ["²"], ["٣"], ["a"], [123], "123", [""], ["1" * 33], None]
)
_TARGETING: st.SearchStrategy[Any] = st.sampled_from(
    [{"geo_locations": {"countries": ["AT"]}}, {}, {"a": "\ud800"}, [], "AT", None, 5]
)


def _some(payload: dict[str, Any], choice: int) -> dict[str, Any]:
    """All fields, or three that follow each other and a title: most of these are right."""
    if choice >= len(payload):
        return payload
    fields = [*payload.items()] * 2
    return {"title": "Sourdough", **dict(fields[choice : choice + 3])}


_CHOICES = st.integers(0, 20)

YOUTUBE = st.builds(
    _some,
    st.fixed_dictionaries(
        {},
        optional={
            "title": _text(100),
            "description": _text(5000),
            "tags": _TAGS,
            "privacy": _PRIVACY,
            "categoryId": _CATEGORY,
            "madeForKids": _FLAG,
            "containsSyntheticMedia": _FLAG,
            "publishAt": _MOMENTS,
            "ifPublishAtPassed": _one_of("private", "public", "unlisted"),
            "notifySubscribers": _FLAG,
            "language": _LANGUAGE,
            "license": _one_of("youtube", "creativeCommon", "mit", ""),
            "embeddable": _FLAG,
            "thumbnailUrl": _URL,
            "captions": _CAPTIONS,
            "playlistIds": _PLAYLISTS,
            "unknown": st.just(1),
        },
    ),
    _CHOICES,
)
FACEBOOK = st.builds(
    _some,
    st.fixed_dictionaries(
        {},
        optional={
            "title": _text(254),
            "description": _text(63_206),
            "privacy": _PRIVACY,
            "publishAt": _MOMENTS,
            "ifPublishAtPassed": _one_of("private", "public", "unlisted"),
            "thumbnailUrl": _URL,
            "contentTags": _CONTENT_TAGS,
            "targeting": _TARGETING,
            "feedTargeting": _TARGETING,
            "isAiGenerated": _FLAG,
            "unknown": st.just(1),
        },
    ),
    _CHOICES,
)
