"""What YouTube accepts in a payload, checked before anything is sent.

One table of fields, each with its JSON schema and its rule; the limits are those of the
facts (YouTube section 2.2) and, where Google leaves a unit open, the stricter reading.
What only YouTube can know stays with YouTube: categories of a region, languages it
supports, playlists of the channel.
"""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from media.attachments import AttachmentKind, AttachmentRule
from media.source import VideoFacts
from platforms.payload import (
    BOOLEAN,
    URI,
    Field,
    address,
    check_fields,
    flag,
    moment,
    one_of,
    schema_of,
    text,
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

_PRIVACIES = ("private", "unlisted", "public")
_LICENSES = ("youtube", "creativeCommon")
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


def check(type: str, payload: Mapping[str, Any]) -> dict[str, list[str]]:
    """Everything wrong with a payload: field → sentences. Empty when it is right. Pure."""
    found: dict[str, list[str]] = {}
    if type not in TYPES:
        found["type"] = [f"YouTube takes {' or '.join(TYPES)}."]
    if "title" not in payload:
        found["title"] = ["A title is needed."]
    found |= check_fields(FIELDS, payload, "YouTube")
    if "publishAt" in payload and payload.get("privacy", "private") != "private":
        found.setdefault("publishAt", []).append("It needs the privacy to be private.")
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
    quoted = sum(len(tag) + (2 if " " in tag else 0) for tag in tags)
    return quoted + max(0, len(tags) - 1)


def _visible_text(value: Any) -> list[str]:
    if wrong := text(value):
        return wrong
    return ["It may not contain < or >."] if "<" in value or ">" in value else []


def _title(value: Any) -> list[str]:
    wrong = _visible_text(value)
    if isinstance(value, str):
        if not value.strip():
            wrong.append("It may not be empty.")
        # Google does not say which characters it counts; UTF-16 units are never the fewer.
        if len(value.encode("utf-16-le", "surrogatepass")) // 2 > 100:
            wrong.append("It may have 100 characters at most.")
    return wrong


def _description(value: Any) -> list[str]:
    wrong = _visible_text(value)
    if isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > 5000:
        wrong.append("It may have 5000 bytes (UTF-8) at most.")
    return wrong


def _tags(value: Any) -> list[str]:
    if not isinstance(value, list):
        return ["It must be a list of texts."]
    if any(text(tag) or not tag.strip() for tag in value):
        return ["Each tag must be text and not empty."]
    if tags_length(value) > 500:
        return ["All tags together may have 500 characters, commas and quotes included."]
    return []


def _category(value: Any) -> list[str]:
    right = isinstance(value, str) and value.isascii() and value.isdigit()
    return [] if right else ['It must be a category number as text, like "22".']


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
    wrong += [f"name: {sentence}" for sentence in text(track.get("name", ""))]
    if not wrong and len(track.get("name", "")) > 150:
        wrong.append("name: It may have 150 characters at most.")
    return wrong


def _playlists(value: Any) -> list[str]:
    if not isinstance(value, list) or any(text(id) or not id.strip() for id in value):
        return ["It must be a list of playlist ids."]
    return ["A playlist is named twice."] if len(set(value)) < len(value) else []


_TRACK: dict[str, Any] = {
    "language": {"type": "string", "maxLength": MAX_LANGUAGE},
    "name": {"type": "string", "maxLength": 150},
    "url": {**URI, "description": "SubRip, WebVTT, SubViewer, SCC, TTML or SAMI; 10 MiB at most"},
}
FIELDS: Mapping[str, Field] = {
    "title": Field({"type": "string", "minLength": 1, "maxLength": 100}, _title),
    "description": Field(
        {"type": "string", "maxLength": 5000, "description": "5000 bytes at most"}, _description
    ),
    "tags": Field(texts(most=250, longest=500, description="500 characters in all"), _tags),
    "privacy": one_of(*_PRIVACIES),
    "categoryId": Field({"type": "string", "maxLength": 10, "pattern": "^[0-9]+$"}, _category),
    "madeForKids": Field({**BOOLEAN, "default": False}, flag),
    "containsSyntheticMedia": Field(BOOLEAN, flag),
    "publishAt": Field(
        {"type": "string", "format": "date-time", "description": "needs privacy private"}, moment
    ),
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
