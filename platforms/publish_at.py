"""The time of publication that a platform itself keeps, and what is done when it has passed.

`publishAt` lies ahead when a request is accepted. The upload may begin later than that: after a
schedule, an empty budget, a consent that is missing, a pause or a retry. What has passed by then is
not sent, because a platform would publish at once. The payload says which privacy the video has
then, `private` unless it says otherwise, and the assignment is published with a warning. Pure.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.moments import parse_moment
from platforms.payload import Field, moment, one_of

AT, IF_PASSED = "publishAt", "ifPublishAtPassed"
WARNING = "publish_at_passed"


def fields(description: str) -> dict[str, Field]:
    """The two fields of a payload; `description` says what the platform takes."""
    return {
        AT: Field({"type": "string", "format": "date-time", "description": description}, moment),
        IF_PASSED: one_of(
            "private",
            "public",
            default="private",
            description="the privacy where publishAt has passed before the upload could begin; "
            f"the warning {WARNING} says so",
        ),
    }


def publish_at(payload: Mapping[str, Any]) -> datetime | None:
    """In UTC, of a payload that was found right; None where it names none."""
    return parse_moment(payload[AT]) if AT in payload else None


def has_passed(payload: Mapping[str, Any], at: datetime, ahead: timedelta = timedelta()) -> bool:
    """True where the payload's time is not later than so far ahead of `at`."""
    moment = publish_at(payload)
    return moment is not None and moment <= at + ahead


def late_privacy(payload: Mapping[str, Any]) -> str:
    """The privacy of a video whose time has passed: `private` or `public`."""
    return str(payload.get(IF_PASSED, "private"))


def find_faults(payload: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong between the fields, whatever the platform: field → sentences."""
    found: dict[str, list[str]] = {}
    if AT in payload and payload.get("privacy", "private") != "private":
        found[AT] = ["It needs the privacy to be private."]
    if IF_PASSED in payload and AT not in payload:
        found[IF_PASSED] = ["It goes with publishAt."]
    return found


def add_faults(found: dict[str, list[str]], more: Mapping[str, list[str]]) -> None:
    """Add sentences to those that a field has already."""
    for name, sentences in more.items():
        found.setdefault(name, []).extend(sentences)
