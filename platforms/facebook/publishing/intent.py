"""What a payload wants to become of its video, in Meta's words.

Both routes say the same things of a video and differ in how they say when it shall be
seen (facts: Facebook sections 2a and 2c). Nothing is public unless the payload asks for
it: Meta's own default would publish, so the intent is always spelt out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from platforms import publish_at
from platforms.facebook.limits import SOONEST

NEAREST = SOONEST + timedelta(seconds=30)
"""How far ahead a time is that a finish still asks for. Facebook counts from the arrival by its own
clock and in whole seconds, and refuses what is nearer than `SOONEST` then."""


class Intent(StrEnum):
    """The values are Meta's `publish_status` once it is done."""

    PUBLISHED = "published"
    DRAFT = "draft"
    SCHEDULED = "scheduled"


def intent_of(payload: Mapping[str, Any], at: datetime) -> Intent:
    """What is asked of Facebook by a finish that leaves `at`.

    A time that is nearer then than `NEAREST` has passed: the payload says what follows.
    """
    if publish_at.AT not in payload:
        return Intent.PUBLISHED if payload.get("privacy") == "public" else Intent.DRAFT
    if not publish_at.has_passed(payload, at, NEAREST):
        return Intent.SCHEDULED
    is_public = publish_at.late_privacy(payload) == "public"
    return Intent.PUBLISHED if is_public else Intent.DRAFT


def scheduled_at(payload: Mapping[str, Any]) -> int | None:
    """The time of publication in seconds since 1970, where Facebook is to keep one."""
    moment = publish_at.publish_at(payload)
    return None if moment is None else int(moment.timestamp())


def said_of(payload: Mapping[str, Any], at: datetime) -> tuple[Intent, dict[str, Any]]:
    """The intent, and the fields that both routes take at a finish that leaves `at`."""
    intent = intent_of(payload, at)
    time = scheduled_at(payload) if intent is Intent.SCHEDULED else None
    return intent, {**described(payload), "scheduled_publish_time": time}


def described(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the video itself; None where the payload is silent."""
    return {
        "title": payload.get("title"),
        "description": payload.get("description"),
        "targeting": payload.get("targeting"),
        "feed_targeting": payload.get("feedTargeting"),
        "is_ai_generated": payload.get("isAiGenerated"),
    }
