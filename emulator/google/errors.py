"""Google's errors, in the shapes Google sends them.

One table-like constructor per reason an uploader can meet. The bodies follow captured
answers (facts: YouTube section 5.1): `errors[]` with domain and reason is always there;
`status` and `details` come only where the newer generator adds them.
"""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

REALM = 'Bearer realm="https://accounts.google.com/"'


class GoogleError(Exception):
    """An answer that is an error; raised anywhere, sent by `answer`."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: tuple[str, str] | None = None,
        detail: str | None = None,
        status: str | None = None,
        details: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers
        entry = {"message": detail or message, "domain": domain, "reason": reason}
        if location:
            entry |= {"location": location[0], "locationType": location[1]}
        self.body: dict[str, Any] = {"code": code, "message": message, "errors": [entry]}
        if status:
            self.body["status"] = status
        if details:
            self.body["details"] = details

    def answer(self) -> web.Response:
        """Return the error as Google sends it."""
        return text_answer(json_text({"error": self.body}), self.code, self.headers)


def json_text(content: Any, *, indented: bool = True) -> str:
    """Write JSON as the API does: indented unless told otherwise, angle brackets escaped."""
    text = json.dumps(content, indent=2 if indented else None, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def text_answer(
    text: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with JSON that is written already."""
    base = {"Server": "ESF", "Vary": "Origin,X-Origin,Referer", "Cache-Control": "private"}
    return web.Response(
        status=status,
        text=text,
        content_type="application/json",
        headers={**base, **(headers or {})},
    )


def json_answer(content: Any, status: int = 200) -> web.Response:
    """Answer with JSON as the API does."""
    return text_answer(json_text(content), status)


_AUTHORIZATION = ("Authorization", "header")


def missing_credentials() -> GoogleError:
    """No token at all."""
    return GoogleError(
        401,
        "required",
        "Request is missing required authentication credential. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
        detail="Login Required.",
        location=_AUTHORIZATION,
        status="UNAUTHENTICATED",
        headers={"WWW-Authenticate": REALM},
    )


def invalid_credentials() -> GoogleError:
    """A token that is unknown, expired or revoked."""
    return GoogleError(
        401,
        "authError",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
        detail="Invalid Credentials",
        location=_AUTHORIZATION,
        status="UNAUTHENTICATED",
        headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'},
    )


def unregistered_caller() -> GoogleError:
    """A public read without a token and without a key (captured: YouTube-operational-API#237)."""
    return GoogleError(
        403,
        "forbidden",
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
        status="PERMISSION_DENIED",
    )


def invalid_key() -> GoogleError:
    """An API key that nobody was given."""
    return GoogleError(
        400,
        "badRequest",
        "API key not valid. Please pass a valid API key.",
        status="INVALID_ARGUMENT",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "youtube.googleapis.com"},
            }
        ],
    )


def insufficient_scope(method: str) -> GoogleError:
    """A live token that was not granted what the method needs."""
    return GoogleError(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        detail="Insufficient Permission",
        status="PERMISSION_DENIED",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
                "metadata": {"service": "youtube.googleapis.com", "method": method},
            }
        ],
        headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope"'},
    )


def no_channel() -> GoogleError:
    """The account never signed up for YouTube."""
    return GoogleError(
        401,
        "youtubeSignupRequired",
        "Unauthorized",
        domain="youtube.header",
        location=_AUTHORIZATION,
    )


def quota_exceeded() -> GoogleError:
    """The general bucket of units is empty until midnight Pacific."""
    return GoogleError(
        403,
        "quotaExceeded",
        "The request cannot be completed because you have exceeded your "
        '<a href="/youtube/v3/getting-started#quota">quota</a>.',
        domain="youtube.quota",
    )


def calls_per_day_exceeded(metric: str) -> GoogleError:
    """A bucket of calls is empty: only the words `per day` tell it from a short limit."""
    return _rate_limit(metric, f"{metric} per day")


def rate_limited() -> GoogleError:
    """Too many requests in a short while."""
    return _rate_limit("Queries", "Queries per minute per user")


def _rate_limit(metric: str, limit: str) -> GoogleError:
    return GoogleError(
        429,
        "rateLimitExceeded",
        f"Quota exceeded for quota metric '{metric}' and limit '{limit}' of "
        "service 'youtube.googleapis.com' for consumer 'project_number:123456789012'.",
        status="RESOURCE_EXHAUSTED",
    )


def upload_limit() -> GoogleError:
    """This channel has uploaded as much as it may in 24 hours."""
    return GoogleError(
        400,
        "uploadLimitExceeded",
        "The user has exceeded the number of videos they may upload.",
        domain="youtube.video",
    )


def not_found(what: str, message: str, location: str) -> GoogleError:
    """404 with the reason `<what>NotFound`."""
    return GoogleError(
        404, f"{what}NotFound", message, domain=f"youtube.{what}", location=(location, "parameter")
    )


def video_not_found(location: str = "id") -> GoogleError:
    """No such video, or not visible to this caller."""
    return not_found("video", "The video that you are trying to access cannot be found.", location)


def bad_request(
    reason: str, message: str, *, location: str | None = None, domain: str = "global"
) -> GoogleError:
    """400: nothing but another request helps."""
    where = (location, "parameter") if location else None
    return GoogleError(400, reason, message, domain=domain, location=where)


def invalid_metadata(reason: str, message: str, location: str) -> GoogleError:
    """400: a field of a video's metadata is not acceptable."""
    return GoogleError(400, reason, message, domain="youtube.video", location=(location, "other"))


def already_exists(
    reason: str = "alreadyExists",
    message: str = "The requested entity already exists.",
    domain: str = "global",
) -> GoogleError:
    """409: what was to be made is there."""
    return GoogleError(409, reason, message, domain=domain)
