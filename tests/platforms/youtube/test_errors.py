import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
    Remedy,
)
from platforms.transfer.machine import Answer
from platforms.youtube.errors import classify, require_id
from platforms.youtube.reasons import midnight_pacific
from tests.support.google import UNTOLD

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PER_DAY = "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of"
PER_MINUTE = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of"


def said(status: int, content: object, **headers: str) -> PlatformError:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify(Answer(status, names, body), NOW)


def body(*reasons: str, message: str = "", details: list[Any] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"message": message}
    if reasons:
        error["errors"] = [{"reason": reason, "domain": "youtube"} for reason in reasons]
    if details is not None:
        error["details"] = details
    return {"error": error}


@pytest.mark.parametrize(
    ("status", "reason", "error", "code"),
    [
        (401, "authError", ReauthorizationNeeded, "token_rejected"),
        (401, "required", ReauthorizationNeeded, "token_rejected"),
        (401, "youtubeSignupRequired", ReauthorizationNeeded, "no_channel"),
        (403, "channelSuspended", PlatformRefusal, "channel_closed"),
        (403, "insufficientPermissions", ReauthorizationNeeded, "scope_missing"),
        (403, "forbidden", PlatformRefusal, "forbidden"),
        (403, "accountDelegationForbidden", PlatformRefusal, "forbidden"),
        (403, "somethingNew", PlatformRefusal, "forbidden"),
        (403, "accessNotConfigured", PlatformMisconfigured, "api_disabled"),
        (400, "keyInvalid", PlatformMisconfigured, "key_invalid"),
        (403, "quotaExceeded", QuotaExhausted, "quota_exhausted"),
        (403, "rateLimitExceeded", PlatformUnavailable, "rate_limited"),
        (429, "userRateLimitExceeded", PlatformUnavailable, "rate_limited"),
        (429, "uploadRateLimitExceeded", QuotaExhausted, "thumbnail_limit"),
        (400, "uploadLimitExceeded", QuotaExhausted, "channel_upload_limit"),
        (400, "invalidTitle", PlatformRefusal, "invalid_title"),
        (400, "invalidVideoMetadata", PlatformRefusal, "invalid_metadata"),
        (400, "badRequest", PlatformRefusal, "request_rejected"),
        (400, "required", PlatformRefusal, "request_rejected"),
        (400, "somethingNew", PlatformRefusal, "request_rejected"),
        (404, "videoNotFound", PlatformRefusal, "video_missing"),
        (404, "somethingNew", PlatformRefusal, "not_found"),
        (409, "captionExists", PlatformRefusal, "caption_exists"),
        (409, "alreadyExists", PlatformUnavailable, "already_exists"),
        (413, "uploadTooLarge", PlatformRefusal, "file_too_large"),
        (500, "internalError", PlatformUnavailable, "platform_error"),
        (503, "backendError", PlatformUnavailable, "platform_error"),
        (504, "somethingNew", PlatformUnavailable, "platform_error"),
    ],
)
def test_the_reason_decides(
    status: int, reason: str, error: type[PlatformError], code: str
) -> None:
    found = said(status, body(reason))
    assert (type(found), found.code, found.reason) == (error, code, reason)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, PlatformRefusal, "request_rejected"),
        (401, ReauthorizationNeeded, "token_rejected"),
        (403, PlatformRefusal, "forbidden"),
        (404, PlatformRefusal, "not_found"),
        (409, PlatformUnavailable, "already_exists"),
        (413, PlatformRefusal, "file_too_large"),
        (429, PlatformUnavailable, "rate_limited"),
        (502, PlatformUnavailable, "platform_error"),
        (302, PlatformUnavailable, "platform_error"),
    ],
)
@pytest.mark.parametrize(
    "garbage", [b"", b"<!DOCTYPE html><title>Error", b"[1]", b'{"error": "no"}', b"\xff\xfe", b"1"]
)
def test_an_answer_without_a_reason_is_judged_by_its_status(
    status: int, error: type[PlatformError], code: str, garbage: bytes
) -> None:
    found = said(status, garbage)
    assert (type(found), found.code) == (error, code)


def test_a_reason_that_is_only_in_the_details_counts() -> None:
    details = [{"@type": "…ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]
    assert said(403, body(details=details)).code == "scope_missing"


def test_a_known_reason_in_the_details_outweighs_an_unknown_one() -> None:
    details = [{"reason": "SERVICE_DISABLED"}]
    assert said(403, body("forbidden", details=details)).code == "api_disabled"


def test_a_status_name_alone_counts() -> None:
    assert said(401, {"error": {"status": "UNAUTHENTICATED"}}).code == "token_rejected"


def test_an_empty_day_of_uploads_waits_for_midnight_pacific() -> None:
    found = said(429, body("rateLimitExceeded", message=PER_DAY))
    assert isinstance(found, QuotaExhausted)
    assert (found.code, found.until) == ("uploads_per_day_exhausted", MIDNIGHT)


def test_a_short_rate_limit_with_the_same_reason_does_not() -> None:
    found = said(429, body("rateLimitExceeded", message=PER_MINUTE), retry_after="12")
    assert isinstance(found, PlatformUnavailable)
    assert found.retry_after == 12


def test_the_words_mean_nothing_beside_another_reason() -> None:
    assert said(400, body("invalidTitle", message="once per day")).code == "invalid_title"


def test_the_limit_of_a_channel_is_a_day() -> None:
    found = said(400, body("uploadLimitExceeded"))
    assert isinstance(found, QuotaExhausted)
    assert found.until == NOW + timedelta(days=1)


def test_a_refused_field_is_named() -> None:
    found = said(400, body("invalidTags"))
    assert list(found.details) == ["tags"]
    assert found.remedy is Remedy.CHANGE


def test_no_channel_is_for_a_person_at_google() -> None:
    assert said(401, body("youtubeSignupRequired")).remedy is Remedy.RECONNECT


def test_a_pause_may_be_a_date() -> None:
    found = said(503, b"", retry_after="Sun, 22 Nov 2026 21:01:00 GMT")
    assert isinstance(found, PlatformUnavailable)
    assert found.retry_after == 60


@pytest.mark.parametrize("value", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_is_a_day_at_most(value: str) -> None:
    found = said(503, b"", retry_after=value)
    assert isinstance(found, PlatformUnavailable)
    assert found.retry_after == 86_400


@pytest.mark.parametrize("value", ["soon", "-5", "1e999", "٣"])
def test_a_pause_that_makes_no_sense_is_none(value: str) -> None:
    found = said(503, b"", retry_after=value)
    assert isinstance(found, PlatformUnavailable)
    assert found.retry_after is None


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-11-22T07:59:00+00:00", "2026-11-22T08:00:00+00:00"),
        ("2026-11-22T08:00:00+00:00", "2026-11-23T08:00:00+00:00"),
        ("2026-07-01T12:00:00+00:00", "2026-07-02T07:00:00+00:00"),
        # Clocks go back on 1 November 2026: that day has 25 hours.
        ("2026-11-01T07:30:00+00:00", "2026-11-02T08:00:00+00:00"),
    ],
)
def test_midnight_pacific_knows_summer_time(now: str, midnight: str) -> None:
    expected = datetime.fromisoformat(midnight)
    assert midnight_pacific(datetime.fromisoformat(now)) == expected


def test_what_google_wrote_is_not_quoted() -> None:
    found = said(400, body("invalidTitle", message="token ya29.secret"))
    assert "ya29" not in f"{found!r} {found} {found.sentence} {found.details}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "errors", "details", "reason"]), inner)
    ),
)


@given(status=st.integers(300, 599), content=JSON)
def test_no_answer_is_too_strange_to_be_an_error(status: int, content: object) -> None:
    assert isinstance(said(status, content), PlatformError)


@pytest.mark.parametrize("word", UNTOLD)
def test_free_text_in_the_place_of_a_reason_is_not_kept(word: str) -> None:
    for content in (body(word), {"error": {"status": word}}):
        found = said(400, content)
        assert (found.code, found.reason) == ("request_rejected", None)
    assert said(400, body(word, "invalidTitle")).reason == "invalidTitle"


@pytest.mark.parametrize("word", [*UNTOLD, 42, None, "a/b"])
def test_what_is_no_id_names_no_video(word: object) -> None:
    with pytest.raises(PlatformUnavailable) as caught:
        require_id(word)
    assert caught.value.code == "unreadable_answer"
