"""What Facebook accepts in a payload and of a file, checked before anything is sent.

One table of fields, each with its JSON schema and its rule; a reel takes all of them but
tags of content, as Meta's own SDK 26 has it, and may be scheduled for less far ahead. The
limits are those of the facts (Facebook section 2) and, where Meta leaves a unit open, the
stricter reading: characters are UTF-16 units. What only Facebook can know stays with Facebook: who
is tagged, and whom a targeting reaches.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.texts import TextRule
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

TYPES = ("video", "reel")
MAX_BYTES = 10 * 1024**3
MAX_SECONDS = 240 * 60
MIN_BYTES = 1024
REEL_SECONDS = (3, 90)
REEL_WIDTH, REEL_HEIGHT = 540, 960
MAX_TEXT = 63_206
"""Characters: the longest text of a post."""
_TITLE = TextRule(254)
_MESSAGE = TextRule(MAX_TEXT, has_lines=True)
THUMBNAIL = AttachmentRule(AttachmentKind.IMAGE, max_bytes=10 << 20, max_side=8192)
"""Limits of ours: Meta names none, and a picture of more is no thumbnail."""
SOONEST = timedelta(minutes=10)
LATEST = {"video": timedelta(days=180), "reel": timedelta(days=29)}
"""How far ahead Facebook schedules by itself; six months are never fewer days."""

_NOT_FOR_REELS = ("contentTags",)
_ASPECT = 9 / 16
_ASPECT_TOLERANCE = 0.1
"""Of the ratio: encoders round to whole macroblocks, and phones are nearly 9:16."""


def check(
    type: str, payload: Mapping[str, Any], at: datetime | None = None
) -> dict[str, list[str]]:
    """Everything wrong with a payload: field → sentences. Empty when it is right.

    `at` is when it is sent at the earliest, None for now. Otherwise pure.
    """
    found: dict[str, list[str]] = {}
    if type not in TYPES:
        found["type"] = [f"Facebook takes {' or '.join(TYPES)}."]
    found |= check_fields(FIELDS, payload, "Facebook")
    if type == "reel":
        for name in payload.keys() & _NOT_FOR_REELS:
            found.setdefault(name, []).append("A reel does not take it.")
    is_moment = publish_at.AT not in found
    publish_at.add_faults(found, publish_at.find_faults(payload))
    if is_moment:
        publish_at.add_faults(found, _out_of_reach(type, payload, at or datetime.now(UTC)))
    return found


def check_file(type: str, facts: VideoFacts) -> FileCheck:
    """What Facebook says of a file, as far as it is known without sending it. Pure."""
    faults, warnings = {}, file_warnings(facts)
    if facts.pin.size > MAX_BYTES:
        faults["video_too_large"] = "Facebook takes videos up to 10 GiB."
    if facts.pin.size < MIN_BYTES:
        faults["video_too_small"] = "Facebook takes no video under 1 KiB."
    if type == "reel":
        faults |= _reel_faults(facts)
    else:
        if (facts.duration_ms or 0) > MAX_SECONDS * 1000:
            faults["video_too_long"] = "Facebook takes videos up to 4 hours long."
        if facts.width and facts.height and facts.height > facts.width:
            warnings["vertical_video"] = (
                "Facebook makes a reel of a vertical video and may keep it as a draft that "
                "somebody has to share on the Page. Send it as type reel to have it published."
            )
    return FileCheck(faults, warnings)


def _reel_faults(facts: VideoFacts) -> dict[str, str]:
    shortest, longest = REEL_SECONDS
    faults = {}
    if facts.duration_ms is not None and facts.duration_ms < shortest * 1000:
        faults["reel_too_short"] = f"A reel is at least {shortest} seconds long."
    if facts.duration_ms is not None and facts.duration_ms > longest * 1000:
        faults["reel_too_long"] = f"A reel is at most {longest} seconds long."
    if facts.width and facts.height:
        if abs(facts.width / facts.height / _ASPECT - 1) > _ASPECT_TOLERANCE:
            faults["reel_not_vertical"] = "A reel is a vertical video, 9:16."
        if facts.width < REEL_WIDTH or facts.height < REEL_HEIGHT:
            faults["reel_resolution"] = f"A reel has {REEL_WIDTH} x {REEL_HEIGHT} pixels or more."
    return faults


def _out_of_reach(type: str, payload: Mapping[str, Any], at: datetime) -> dict[str, list[str]]:
    moment = publish_at.publish_at(payload)
    latest = LATEST.get(type, LATEST["video"])
    if moment is None or at + SOONEST <= moment <= at + latest:
        return {}
    return {
        publish_at.AT: [
            f"Facebook schedules from 10 minutes to {latest.days} days after the upload begins: "
            "now, or scheduledAt, which itself has no such limit."
        ]
    }


def _tags(value: Any) -> list[str]:
    right = isinstance(value, list) and all(
        isinstance(tag, str) and tag.isascii() and tag.isdigit() for tag in value
    )
    return [] if right else ['It must be a list of numeric ids as text, like ["123"].']


def _targeting(value: Any) -> list[str]:
    return [] if isinstance(value, Mapping) else ["It must be an object, as Meta describes it."]


FIELDS: Mapping[str, Field] = {
    "title": text_field(_TITLE),
    "description": text_field(_MESSAGE),
    "privacy": one_of(
        "private", "public", default="private", description="private: a draft on the Page"
    ),
    **publish_at.fields(
        "needs privacy private; 10 minutes to 180 days ahead, a reel 29 days; leave time for the "
        "upload, which has to be complete 10.5 minutes before"
    ),
    "thumbnailUrl": Field(
        {**URI, "description": "a JPEG or PNG of 10 MiB and 8192 pixels a side at most"}, address
    ),
    "contentTags": Field(
        texts(most=100, longest=32, description="numeric ids; not for reels"), _tags
    ),
    "targeting": Field(
        {"type": "object", "maxProperties": 50, "description": "who may see it"}, _targeting
    ),
    "feedTargeting": Field(
        {"type": "object", "maxProperties": 50, "description": "whom it is shown to"}, _targeting
    ),
    "isAiGenerated": Field(BOOLEAN, flag),
}

SCHEMA: Mapping[str, Any] = schema_of(FIELDS)
"""Nothing is required: without a title Facebook shows the description alone."""
