"""The one translation of errors into HTTP.

Whatever goes wrong is answered as `{"error", "code", "details", "remedy"}`: our own
errors by their class, the framework's by their status, what the system refuses as 507 or
503, and what nobody foresaw as a 500 that names nothing. A log line about the last says
which exception and where, never its text: a driver's message quotes parameters, and those
may be secrets.
"""

import logging
import math
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.outages import find_outage, log_outage
from api.schemas.problem import MAX_FAULTS
from domain.errors import (
    CastlineError,
    NotYet,
    PlatformUnavailable,
    QuotaExhausted,
    Remedy,
    TooLarge,
    TooManyRequests,
    Unauthorized,
)

log = logging.getLogger("castline.api")

WAIT_SECONDS = 5
"""Retry-After where nobody knows better."""

NOT_VALID = ("invalid_request", "The request is not valid; see `details`.")
NOT_JSON = ("not_json", "The body is not JSON.")
_FRAMEWORK = {
    400: NOT_JSON,
    404: ("not_found", "There is nothing at this address."),
    412: ("unknown_tus_version", "Send `Tus-Resumable: 1.0.0`."),
    415: ("unknown_media_type", "Send the bytes as `application/offset+octet-stream`."),
    405: ("method_not_allowed", "This address does not take that method."),
}


def install(app: FastAPI) -> None:
    """Make every answer that is not a success take the one shape."""
    app.add_exception_handler(CastlineError, _castline_error)
    app.add_exception_handler(OSError, _system_error)
    app.add_exception_handler(MemoryError, _system_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)


def problem(error: CastlineError) -> JSONResponse:
    """The HTTP form of one of our errors."""
    log_outage(error)
    return _answer(
        error.status, error.code, error.sentence, error.remedy, error.details, _headers(error)
    )


def too_large(limit: int) -> TooLarge:
    return TooLarge("body_too_large", f"The body is over the limit of {limit} bytes.")


class LastResort:
    """Outermost: turns an unforeseen exception into a 500 and a log line without its text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http":
                raise
            known = error if isinstance(error, CastlineError) else find_outage(error)
            if known is None:
                log.error("%s %s failed: %s", scope["method"], scope["path"], _whereabouts(error))
            if not started:
                answer = _INTERNAL if known is None else problem(known)
                await answer(scope, receive, send)


def _answer(
    status: int,
    code: str,
    sentence: str,
    remedy: Remedy,
    details: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = {"error": sentence, "code": code, "details": dict(details or {}), "remedy": remedy}
    return JSONResponse(body, status, headers)


_INTERNAL = _answer(
    500, "internal", "Something failed inside Castline. Its log says what.", Remedy.OPERATOR
)


def _headers(error: CastlineError) -> dict[str, str]:
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": "Bearer"}
    if error.remedy is not Remedy.WAIT:
        return {}
    return {"Retry-After": str(_seconds_to_wait(error))}


def _seconds_to_wait(error: CastlineError) -> int:
    if isinstance(error, QuotaExhausted | NotYet) and error.until is not None:
        return max(1, math.ceil((error.until - datetime.now(UTC)).total_seconds()))
    if isinstance(error, PlatformUnavailable | TooManyRequests) and error.retry_after is not None:
        return max(1, math.ceil(error.retry_after))
    return WAIT_SECONDS


async def _castline_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CastlineError)
    return problem(error)


async def _system_error(_: Request, error: Exception) -> JSONResponse:
    outage = find_outage(error)
    if outage is None:
        raise error
    return problem(outage)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(fault["type"] == "json_invalid" for fault in found):
        return _answer(400, *_FRAMEWORK[400], Remedy.CHANGE)
    return _answer(400, *NOT_VALID, Remedy.CHANGE, details_of(found))


def details_of(found: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The faults that parsing has found: field → sentences."""
    details: dict[str, list[str]] = {}
    for fault in found[:MAX_FAULTS]:
        details.setdefault(_field(fault["loc"]), []).append(_sentence(fault))
    return details


def _field(location: tuple[int | str, ...]) -> str:
    """`("body", "payload", "title")` → `payload.title`; the body as a whole is `body`."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "There is no such field."
    return str(fault["msg"]).removeprefix("Value error, ")


async def _http_exception(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, sentence = _FRAMEWORK.get(error.status_code, ("refused", "The request was refused."))
    return _answer(error.status_code, code, sentence, Remedy.CHANGE, headers=error.headers)


def _whereabouts(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    path = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {path}"
