"""The shape of every answer that is not a success, and how routes declare theirs."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.errors import (
    CastlineError,
    Conflict,
    InsufficientStorage,
    InvalidRequest,
    NotFound,
    NotYet,
    PlatformUnavailable,
    QuotaExhausted,
    Remedy,
    RequestTimeout,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unprocessable,
)

MAX_FAULTS = 100
"""Faults that one answer lists."""


class Problem(BaseModel):
    """What is wrong, in a sentence, a stable code, per field, and what helps."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "error": "The payload is not valid for youtube.",
                    "code": "invalid_payload",
                    "details": {"payload.title": ["The title is longer than 100 characters."]},
                    "remedy": "change",
                }
            ]
        },
    )

    error: str
    code: str
    details: dict[str, list[str]]
    remedy: Remedy


_MEANINGS: dict[type[CastlineError], str] = {
    InvalidRequest: "The request is wrong; `details` names the fields.",
    Unauthorized: "No key, or not one of ours.",
    NotFound: "Unknown, or another workspace's: the two answer alike.",
    Conflict: "The state of the thing forbids it.",
    NotYet: "The state of the thing forbids it; with the remedy `wait` for now, see Retry-After.",
    RequestTimeout: "The body did not arrive in time.",
    TooLarge: "The body is over the limit.",
    TooManyRequests: "Over a rate or a share of this client's; see Retry-After.",
    Unprocessable: "The idempotency key stands for another body.",
    QuotaExhausted: "Over a rate or a share, or the platform's budget is empty; see Retry-After.",
    PlatformUnavailable: "The platform does not answer now; see Retry-After.",
    InsufficientStorage: "The disk or the workspace's quota is full.",
    Unavailable: "A part of Castline cannot be reached; see Retry-After.",
}


_RETRY_AFTER = {
    "Retry-After": {
        "description": "With the remedy `wait`: the seconds after which to ask again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


PAGE = {"text/html": {"schema": {"type": "string"}}}

ALWAYS = (InvalidRequest, RequestTimeout, TooLarge, TooManyRequests)
"""What every request may be answered with, before its route is reached."""


def answers(*errors: type[CastlineError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may end in these errors."""
    return {error.status: _answer(error) for error in errors}


def pages(*errors: type[CastlineError]) -> dict[int | str, dict[str, Any]]:
    """The same for routes that show a browser a page, and answer a client with JSON."""
    return {status: {**answer, "content": PAGE} for status, answer in answers(*errors).items()}


def _answer(error: type[CastlineError]) -> dict[str, Any]:
    described = {"model": Problem, "description": _MEANINGS[error]}
    return {**described, "headers": _RETRY_AFTER} if error.remedy is Remedy.WAIT else described
