"""Whether a video's metadata is acceptable, by YouTube's own rules of counting.

The limits and the reasons are those of facts: YouTube section 2.2. Fields that may not
be set at insert are dropped without a word, as the platform does. Characters are counted as
UTF-16 units, as YouTube Studio does (a switch has code points); a description has bytes. Control
characters are refused, but for line breaks and tabs in a description.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.google import errors
from emulator.google.errors import GoogleError, invalid_metadata

PARTS = frozenset({"snippet", "status", "localizations", "recordingDetails"})
ASSIGNABLE = frozenset(
    ["1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29"]
)
"""The categories that a video may be given."""
CATEGORIES = frozenset(str(n) for n in (1, 2, 10, 15, *range(17, 45)))
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROLS_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SNIPPET = ("title", "description", "tags", "categoryId", "defaultLanguage", "defaultAudioLanguage")
_STATUS = {
    "embeddable": bool,
    "license": str,
    "privacyStatus": str,
    "publicStatsViewable": bool,
    "publishAt": str,
    "selfDeclaredMadeForKids": bool,
    "containsSyntheticMedia": bool,
}


def check_body_parts(body: Mapping[str, Any], parts: list[str]) -> None:
    """Refuse a body that sets a part which the call does not name."""
    unexpected = sorted((body.keys() & PARTS) - set(parts))
    if unexpected:
        raise errors.bad_request(
            "unexpectedPart",
            f"The part {unexpected[0]} is set in the request body but not named in part.",
            location="part",
        )


def snippet_of(body: Mapping[str, Any], *, utf16: bool = True) -> dict[str, Any]:
    """Return the snippet to keep, checked."""
    if "snippet" not in body:
        return {"title": "unknown", "description": "", "categoryId": "22"}
    given = _object(body, "snippet")
    snippet = {name: given[name] for name in _SNIPPET if name in given}
    title: Any = snippet.get("title")
    if not _is_line(title, 100, utf16) or not title.strip() or _has_brackets(title):
        raise _invalid_title()
    description = snippet.setdefault("description", "")
    if not isinstance(description, str) or _CONTROLS_BUT_LINES.search(description):
        raise _invalid_description()
    if _has_brackets(description) or len(description.encode()) > 5000:
        raise _invalid_description()
    _check_tags(snippet.get("tags", []), utf16)
    category = snippet.setdefault("categoryId", "22")
    if str(category) not in ASSIGNABLE:
        raise invalid_metadata(
            "invalidCategoryId",
            "The <code>snippet.categoryId</code> property specifies an invalid category ID.",
            "body.snippet.categoryId",
        )
    language = snippet.get("defaultLanguage")
    if language is not None and not _is_language(language):
        raise _invalid_video_metadata()
    return snippet


def status_of(body: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return the status to keep, checked; without a privacy it is public."""
    given = _object(body, "status") if "status" in body else {}
    status = {name: given[name] for name in _STATUS if given.get(name) is not None}
    for name, value in status.items():
        if not isinstance(value, _STATUS[name]):
            raise errors.bad_request("badRequest", f"Invalid value at 'status.{name}'.")
    status.setdefault("privacyStatus", "public")
    if status["privacyStatus"] not in ("public", "unlisted", "private"):
        raise _invalid_video_metadata()
    if status.setdefault("license", "youtube") not in ("youtube", "creativeCommon"):
        raise _invalid_video_metadata()
    status.setdefault("embeddable", True)
    status.setdefault("publicStatsViewable", True)
    if "publishAt" in status:
        moment = _moment(status["publishAt"])
        if moment is None or status["privacyStatus"] != "private":
            raise invalid_metadata(
                "invalidPublishAt",
                "The request metadata specifies an invalid scheduled publishing time.",
                "body.status.publishAt",
            )
        if moment <= now:
            status |= {"privacyStatus": "public"}
            del status["publishAt"]
    return status


def localizations_of(body: Mapping[str, Any], snippet: Mapping[str, Any]) -> dict[str, Any]:
    """Return the localizations to keep; they need a default language."""
    localizations = _object(body, "localizations") if "localizations" in body else {}
    if localizations and "defaultLanguage" not in snippet:
        raise invalid_metadata(
            "defaultLanguageNotSet",
            "The request is trying to add localized video details without specifying the "
            "default language of the video details.",
            "body.snippet.defaultLanguage",
        )
    return localizations


def recording_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recording details to keep."""
    recording = _object(body, "recordingDetails") if "recordingDetails" in body else {}
    if "recordingDate" in recording and _moment(recording["recordingDate"]) is None:
        raise invalid_metadata(
            "invalidRecordingDetails",
            "The request metadata specifies invalid recording details.",
            "body.recordingDetails",
        )
    return recording


def publish_moment(status: Mapping[str, Any]) -> float | None:
    """Return when a scheduled video becomes public."""
    return _moment(status["publishAt"]) if "publishAt" in status else None


def tag_length(tags: list[str], *, utf16: bool = True) -> int:
    """Count tags as YouTube does: with commas between, and quotes where a space is."""
    quoted = sum(_length(tag, utf16) + 2 * (" " in tag) for tag in tags)
    return quoted + max(0, len(tags) - 1)


def track_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the snippet of a caption track, checked."""
    snippet = body.get("snippet")
    if not isinstance(snippet, dict) or not (snippet.get("videoId") and snippet.get("language")):
        raise errors.bad_request(
            "invalidMetadata",
            "The request contains invalid metadata values, which prevent the track from "
            "being created.",
            domain="youtube.caption",
        )
    if not _is_line(snippet.get("name", ""), 150):
        raise errors.bad_request(
            "nameTooLong", "The name is too long or no text.", domain="youtube.caption"
        )
    return snippet


def _length(text: str, utf16: bool) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 if utf16 else len(text)


def _is_line(value: Any, most: int, utf16: bool = True) -> bool:
    return isinstance(value, str) and not _CONTROLS.search(value) and _length(value, utf16) <= most


def _check_tags(tags: Any, utf16: bool) -> None:
    good = isinstance(tags, list) and all(_is_line(tag, 500, utf16) for tag in tags)
    if not good or tag_length(tags, utf16=utf16) > 500 or any(_has_brackets(tag) for tag in tags):
        raise invalid_metadata(
            "invalidTags",
            "The request metadata specifies invalid video keywords.",
            "body.snippet.tags",
        )


def _invalid_title() -> GoogleError:
    return invalid_metadata(
        "invalidTitle",
        "The request metadata specifies an invalid or empty video title.",
        "body.snippet.title",
    )


def _invalid_description() -> GoogleError:
    return invalid_metadata(
        "invalidDescription",
        "The request metadata specifies an invalid video description.",
        "body.snippet.description",
    )


def _invalid_video_metadata() -> GoogleError:
    return invalid_metadata("invalidVideoMetadata", "The request metadata is invalid.", "body")


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body[name]
    if not isinstance(value, dict):
        raise errors.bad_request("parseError", f"Invalid value at '{name}'.")
    return value


def _has_brackets(text: str) -> bool:
    return "<" in text or ">" in text


def _is_language(value: Any) -> bool:
    # "cn" is the known trap: it looks like a language and is a country.
    return isinstance(value, str) and value != "cn" and 2 <= len(value.split("-")[0]) <= 3


def _moment(text: Any) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
