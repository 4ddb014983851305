"""What an answer of Google's means for us, as one of our errors.

A body names its error twice, in `errors[]` and in google.rpc `details`, and either may be
missing (facts: YouTube section 5.1), so both are read and the first reason with a rule
decides; without one the HTTP status does, which also serves answers that are HTML or
garbage. Message text is looked at for one thing only: an empty bucket of uploads per day
and a short rate limit have the same status and reason. What is kept of Google's words is codes
and ids, never free text: it would be stored, and shown.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from domain.errors import PlatformError, PlatformUnavailable
from platforms.http import retry_after
from platforms.rules import Rule
from platforms.transfer.machine import Answer
from platforms.youtube.reasons import OUTAGE, RATE, REQUEST, RULES, STATUSES, UPLOADS_SPENT

_CODE = re.compile(r"[A-Za-z0-9_./-]{1,64}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def classify(answer: Answer, now: datetime | None = None) -> PlatformError:
    """Turn an answer that is no success into one of our errors. Pure but for the clock."""
    now = now or datetime.now(UTC)
    body = _error_of(answer.body)
    reasons = list(_reasons_of(body))
    reason = next((reason for reason in reasons if reason in RULES), None)
    if reason is None:
        return _error(_by_status(answer.status), answer, next(iter(reasons), None), now)
    rule = RULES[reason]
    if rule is RATE and _says_per_day(body):
        rule = UPLOADS_SPENT
    return _error(rule, answer, reason, now)


def unreadable() -> PlatformUnavailable:
    """A success whose body is not what the API promises."""
    return PlatformUnavailable("unreadable_answer", "YouTube gave an answer that cannot be read.")


def find_code(word: object) -> str | None:
    """A word of Google's, if it is a code. Pure."""
    return word if isinstance(word, str) and _CODE.fullmatch(word) else None


def require_id(word: object) -> str:
    """The id of a video. Raises `PlatformUnavailable` for what is none. Pure."""
    if not isinstance(word, str) or not _ID.fullmatch(word):
        raise unreadable()
    return word


def _error(rule: Rule, answer: Answer, reason: str | None, now: datetime) -> PlatformError:
    return rule.error(reason=reason, now=now, retry_after=retry_after(answer, now))


def _by_status(status: int) -> Rule:
    if status in STATUSES:
        return STATUSES[status]
    return REQUEST if 400 <= status < 500 else OUTAGE


def _error_of(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}


def _reasons_of(error: dict[str, Any]) -> Iterator[str]:
    for part in ("errors", "details"):
        entries = error.get(part)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and (reason := find_code(entry.get("reason"))):
                yield reason
    if status := find_code(error.get("status")):
        yield status


def _says_per_day(error: dict[str, Any]) -> bool:
    message = error.get("message")
    return isinstance(message, str) and "per day" in message
