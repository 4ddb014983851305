"""What YouTube accepts in a payload, checked before anything is sent.

One table of fields, each with its JSON schema and its rule; the limits are those of the
facts (YouTube section 2.2) and, where Google leaves a unit open, the stricter reading: the
characters of titles, tags and names are counted as UTF-16 units, those of a description as bytes.
What only YouTube can know stays with YouTube: categories of a region, languages it
supports, playlists of the channel.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from domain.texts import TextRule, Unit
from media.attachments import AttachmentKind, AttachmentRule
from media.source import VideoFacts
from platforms import publish_at
from platforms.payload import (
    BOOLEAN,
    URI,
    Field,
    address,
    check_fields,
    flag,
    one_of,
    schema_of,
    text_field,
    texts,
)
from platforms.protocol import FileCheck, file_warnings

MAX_BYTES = 256 * 1024**3
MAX_SECONDS = 12 * 3600
MAX_LANGUAGE = 35
"""Characters: the length that BCP 47 wants to be supported."""
TYPES = ("video",)

THUMBNAIL = AttachmentRule(AttachmentKind.IMAGE, max_bytes=50 << 20, max_side=3840)
"""50 MB since 2026-09-14, up to 4K since 2026-09-11."""
CAPTIONS = AttachmentRule(AttachmentKind.CAPTIONS, max_bytes=10 << 20)
"""YouTube takes 100 MB. Ten are a limit of ours: they are read into memory, and a day of speech
is less than two."""
MAX_TRACKS = 50
"""A limit of ours: each is read before the assignment is accepted."""

_TITLE = TextRule(100, excluded="<>", may_be_blank=False)
_DESCRIPTION = TextRule(5000, Unit.BYTES, has_lines=True, excluded="<>")
_TAG = TextRule(500, excluded="<>", may_be_blank=False)
_TRACK_NAME = TextRule(150)
_PLAYLIST = re.compile(r"[A-Za-z0-9_-]{2,100}")
_PASSED = "It must lie after the moment at which the upload begins: now, or scheduledAt."

_PRIVACIES = ("private", "unlisted", "public")
_LICENSES = ("youtube", "creativeCommon")
_CATEGORIES = frozenset(
    ["1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29"]
)
"""Those that videos may be given (videoCategories.list says `assignable`). A region may lack some,
which YouTube says when the upload begins."""
_LANGUAGE = re.compile(r"(?P<primary>[a-z]{2,3})(-[A-Za-z0-9]{2,8})*")
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu "
    "cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi "
    "ho hr ht hu hy hz ia id ie ig ii ik io is it iu iw ja jv ka kg ki kj kk kl km kn ko kr "
    "ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh "
    "si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk "
    "ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_TWO_LETTERS = frozenset(_CODES.split())
"""ISO 639-1, and the old codes YouTube still lists: `cn` or `jp` would only fail later."""


def check(
    type: str, payload: Mapping[str, Any], at: datetime | None = None
) -> dict[str, list[str]]:
    """Everything wrong with a payload: field → sentences. Empty when it is right.

    `at` is when it is sent at the earliest, None for now. Otherwise pure.
    """
    found: dict[str, list[str]] = {}
    if type not in TYPES:
        found["type"] = [f"YouTube takes {' or '.join(TYPES)}."]
    if "title" not in payload:
        found["title"] = ["A title is needed."]
    found |= check_fields(FIELDS, payload, "YouTube")
    is_moment = publish_at.AT not in found
    publish_at.add_faults(found, publish_at.find_faults(payload))
    if is_moment and publish_at.has_passed(payload, at or datetime.now(UTC)):
        publish_at.add_faults(found, {publish_at.AT: [_PASSED]})
    return found


def check_file(facts: VideoFacts) -> FileCheck:
    """YouTube converts whatever it can read; only size and length are bounded. Pure."""
    faults = {}
    if facts.pin.size > MAX_BYTES:
        faults["video_too_large"] = "YouTube takes videos up to 256 GiB."
    if (facts.duration_ms or 0) > MAX_SECONDS * 1000:
        faults["video_too_long"] = "YouTube takes videos up to 12 hours long."
    return FileCheck(faults, file_warnings(facts))


def tags_length(tags: list[str]) -> int:
    """The characters of tags as YouTube counts them: commas between, quotes around spaces."""
    quoted = sum(Unit.UTF16.measure(tag) + (2 if " " in tag else 0) for tag in tags)
    return quoted + max(0, len(tags) - 1)


def _tags(value: Any) -> list[str]:
    if not isinstance(value, list):
        return ["It must be a list of texts."]
    wrong = [f"Each tag: {sentence}" for tag in value for sentence in _TAG.faults(tag)]
    if not wrong and tags_length(value) > _TAG.most:
        wrong.append(
            f"All tags together may have {_TAG.most} characters, commas and quotes included."
        )
    return [*dict.fromkeys(wrong)]


def _category(value: Any) -> list[str]:
    if isinstance(value, str) and value in _CATEGORIES:
        return []
    return ['It must be the number, as text, of a category that videos may have, like "22".']


def _language(value: Any) -> list[str]:
    wrong = ['It must be a language code like "en" or "pt-BR".']
    match = _LANGUAGE.fullmatch(value) if isinstance(value, str) else None
    if match is None or (len(match["primary"]) == 2 and match["primary"] not in _TWO_LETTERS):
        return wrong
    return []


def _captions(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(track, Mapping) for track in value):
        return ["It must be a list of objects with language, name and url."]
    if len(value) > MAX_TRACKS:
        return [f"There may be {MAX_TRACKS} tracks at most."]
    wrong = list(chain.from_iterable(_track(track) for track in value))
    names = [(str(track.get("language")), str(track.get("name", ""))) for track in value]
    if len(set(names)) < len(names):
        wrong.append("Two tracks have the same language and name.")
    return wrong


def _track(track: Mapping[str, Any]) -> list[str]:
    wrong = [f"A track has no field {name}." for name in track if name not in _TRACK]
    wrong += [f"language: {sentence}" for sentence in _language(track.get("language"))]
    wrong += [f"url: {sentence}" for sentence in address(track.get("url"))]
    return wrong + [f"name: {sentence}" for sentence in _TRACK_NAME.faults(track.get("name", ""))]


def _playlists(value: Any) -> list[str]:
    right = isinstance(value, list) and all(isinstance(id, str) for id in value)
    if not right or not all(_PLAYLIST.fullmatch(id) for id in value):
        return ['It must be a list of playlist ids, like "PLw-VjHDlEOgs658kAHR_LAaILBXb-s6Q5".']
    return ["A playlist is named twice."] if len(set(value)) < len(value) else []


_TRACK: dict[str, Any] = {
    "language": {"type": "string", "maxLength": MAX_LANGUAGE},
    "name": dict(_TRACK_NAME.schema()),
    "url": {**URI, "description": "SubRip, WebVTT, SubViewer, SCC, TTML or SAMI; 10 MiB at most"},
}
FIELDS: Mapping[str, Field] = {
    "title": text_field(_TITLE),
    "description": text_field(_DESCRIPTION, description="5000 bytes at most"),
    "tags": Field(texts(most=250, longest=_TAG.most, description="500 characters in all"), _tags),
    "privacy": one_of(*_PRIVACIES),
    "categoryId": Field({"type": "string", "maxLength": 10, "pattern": "^[0-9]+$"}, _category),
    "madeForKids": Field({**BOOLEAN, "default": False}, flag),
    "containsSyntheticMedia": Field(BOOLEAN, flag),
    **publish_at.fields("ahead; needs privacy private"),
    "notifySubscribers": Field({**BOOLEAN, "default": True}, flag),
    "language": Field(
        {"type": "string", "maxLength": MAX_LANGUAGE, "description": "BCP 47"}, _language
    ),
    "license": one_of(*_LICENSES),
    "embeddable": Field(BOOLEAN, flag),
    "thumbnailUrl": Field(
        {**URI, "description": "a JPEG or PNG of 50 MiB and 3840 pixels a side at most"}, address
    ),
    "captions": Field(
        {
            "type": "array",
            "maxItems": MAX_TRACKS,
            "items": {
                "type": "object",
                "required": ["language", "url"],
                "properties": _TRACK,
                "additionalProperties": False,
            },
        },
        _captions,
    ),
    "playlistIds": Field(texts(most=50, longest=100, uniqueItems=True), _playlists),
}

SCHEMA: Mapping[str, Any] = schema_of(FIELDS, required=("title",))
