"""What a payload wants to become of its video, in Meta's words.

Both routes say the same things of a video and differ in how they say when it shall be
seen (facts: Facebook sections 2a and 2c). Nothing is public unless the payload asks for
it: Meta's own default would publish, so the intent is always spelt out.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from platforms.payload import moment_of


class Intent(StrEnum):
    """The values are Meta's `publish_status` once it is done."""

    PUBLISHED = "published"
    DRAFT = "draft"
    SCHEDULED = "scheduled"


def intent_of(payload: Mapping[str, Any]) -> Intent:
    if "publishAt" in payload:
        return Intent.SCHEDULED
    return Intent.PUBLISHED if payload.get("privacy") == "public" else Intent.DRAFT


def scheduled_at(payload: Mapping[str, Any]) -> int | None:
    """The time of publication in seconds since 1970, where Facebook is to keep one."""
    if "publishAt" not in payload:
        return None
    return int(moment_of(payload["publishAt"]).timestamp())


def described(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that both routes take at the finish; None where the payload is silent."""
    return {
        "title": payload.get("title"),
        "description": payload.get("description"),
        "targeting": payload.get("targeting"),
        "feed_targeting": payload.get("feedTargeting"),
        "is_ai_generated": payload.get("isAiGenerated"),
        "scheduled_publish_time": scheduled_at(payload),
    }
