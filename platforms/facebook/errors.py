"""What an answer of Meta's means for us, as one of our errors.

The Graph API names its error by `code` and `error_subcode`, the upload host by a `type`
in an envelope of its own; the tables of `reasons.py` say what each means. HTTP statuses
vary for the same error (facts: Facebook section 4), so they decide only where the code is
unknown. An answer that is neither envelope, a page of HTML say, leaves open what the
call has done. What is kept of Meta's words is numbers and the words of these tables, never free
text: it would be stored, and shown.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from domain.errors import PlatformError, PlatformUnavailable, QuotaExhausted
from platforms.facebook.reasons import OUTAGE, REQUEST, RULES, UPLOAD_RULES
from platforms.facebook.usage import read_wait
from platforms.rules import Rule
from platforms.transfer.machine import Answer


@dataclass(frozen=True, slots=True)
class GraphError:
    """An error object of the Graph API, read and not yet judged."""

    code: int
    subcode: int | None
    type: str
    is_transient: bool
    data: Mapping[str, Any]
    """Its `error_data`, which comes as an object or as JSON in a string."""

    @property
    def reason(self) -> str:
        """In the notation of the facts: "code" or "code/subcode"."""
        return f"{self.code}" if self.subcode is None else f"{self.code}/{self.subcode}"

    def names(self) -> Iterator[str]:
        """What a rule for it may be listed under, the most telling first."""
        if self.subcode is None:
            yield f"{self.code}/{self.type}"
        else:
            yield self.reason
            if self.subcode >= 1000:
                yield f"{self.subcode}"
        yield f"{self.code}"
        if 200 <= self.code <= 299:
            yield "200"


def classify(
    answer: Answer, now: datetime | None = None, rules: Mapping[str, Rule] = RULES
) -> PlatformError:
    """Turn an answer that is no success into one of our errors. Pure but for the clock.

    Meta's `is_transient` outweighs the table, except that a budget stays a budget: both
    mean waiting, and that one longer.
    """
    now = now or datetime.now(UTC)
    document = read_document(answer)
    told = find_error(document)
    if told is not None:
        return _judge(told, answer, now, rules)
    upload = document.get("debug_info") if isinstance(document, dict) else None
    if isinstance(upload, dict):
        return _judge_upload(upload, answer, now)
    return unreadable()


def find_error(document: Any) -> GraphError | None:
    """The error object in a document of the Graph API, whatever the HTTP status. Pure."""
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return None
    return GraphError(
        code=number(error.get("code")) or 0,
        subcode=number(error.get("error_subcode")),
        type=str(error.get("type")),
        is_transient=error.get("is_transient") is True,
        data=_object(error.get("error_data")),
    )


def find_rule(told: GraphError, rules: Mapping[str, Rule] = RULES) -> Rule | None:
    """What the table says of an error's codes. Pure."""
    return next((rules[name] for name in told.names() if name in rules), None)


def read_document(answer: Answer) -> Any:
    """The JSON of an answer; None when it is something else. Pure."""
    return _json(answer.body)


def unreadable() -> PlatformUnavailable:
    """No answer that the API promises: what the call has done is unknown."""
    return PlatformUnavailable("unreadable_answer", "Facebook gave an answer that cannot be read.")


def number(value: Any) -> int | None:
    """A number of Meta's, which comes as one or as digits in a string. Pure."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and abs(value) < 10**19 else None


def require_id(value: Any) -> str:
    """The id of an object. Raises `PlatformUnavailable` for what is none. Pure."""
    id = number(value)
    if id is None or id < 0:
        raise unreadable()
    return str(id)


def _judge(
    told: GraphError, answer: Answer, now: datetime, rules: Mapping[str, Rule]
) -> PlatformError:
    rule = find_rule(told, rules) or (OUTAGE if answer.status >= 500 else REQUEST)
    waits = issubclass(rule.kind, PlatformUnavailable | QuotaExhausted)
    if told.is_transient and not waits:
        rule = OUTAGE
    regains_in = read_wait(answer)
    if rule.code == "rate_limited" and regains_in:
        rule = replace(rule, until=lambda now: now + regains_in)
    return rule.error(reason=told.reason, now=now)


def _judge_upload(told: Mapping[str, Any], answer: Answer, now: datetime) -> PlatformError:
    type = str(told.get("type"))
    known = type in UPLOAD_RULES
    passes = told.get("retriable") is True or answer.status >= 500
    rule = UPLOAD_RULES[type] if known else OUTAGE if passes else REQUEST
    return rule.error(reason=type if known else None, now=now)


def _object(value: Any) -> Mapping[str, Any]:
    found = _json(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
