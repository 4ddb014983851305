"""What Meta's errors mean: every row of the facts, met over HTTP, and the odd ones."""

import json
from dataclasses import replace
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
from domain.secrets import Secret
from emulator.meta.graph.catalog import CATALOG
from platforms.facebook import Facebook
from platforms.facebook.errors import classify, find_error
from platforms.facebook.reasons import RULES
from platforms.transfer.machine import Answer
from testkit.emulator import Emulator
from tests.platforms.facebook.conftest import NOBODY, app_at
from tests.support.meta_errors import (
    COOLDOWNS,
    OPERATORS,
    PERSONS,
    REFUSALS,
    THROTTLES,
    WAITS,
)

NOW = datetime(2026, 11, 22, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def facebook(emulator_process: Emulator) -> Facebook:
    return Facebook(app_at(emulator_process.url), chunk_size=1)


@pytest.fixture
def met(emulator_process: Emulator, facebook: Facebook) -> Any:
    """Orders an error, meets it by a call of the adapter and returns what that raised."""

    def met(reason: str, **options: Any) -> PlatformError:
        fault = emulator_process.fault("me.get", "graph_error", reason=reason, **options)
        with pytest.raises(PlatformError) as caught:
            facebook.channel(NOBODY)
        assert emulator_process.fired(fault) == 1
        told = caught.value.reason
        assert told is not None
        assert reason in (told, told.partition("/")[2])
        return caught.value

    return met


@pytest.mark.parametrize(("reason", "expected"), WAITS.items())
def test_a_blip_is_tried_again(met: Any, reason: str, expected: tuple[str, int | None]) -> None:
    error = met(reason)
    assert type(error) is PlatformUnavailable
    assert (error.code, error.tries) == expected


@pytest.mark.parametrize("reason", THROTTLES)
def test_a_throttled_call_waits_as_long_as_meta_says(met: Any, reason: str) -> None:
    error = met(reason, retry_after=42)
    assert type(error) is QuotaExhausted
    assert error.code == "rate_limited"
    assert _minutes_from_now(error) == 42


@pytest.mark.parametrize(("reason", "code"), COOLDOWNS.items())
def test_a_block_for_a_while_waits_an_hour(met: Any, reason: str, code: str) -> None:
    error = met(reason, retry_after=1)
    assert type(error) is QuotaExhausted
    assert error.code == code
    assert _minutes_from_now(error) == 60


@pytest.mark.parametrize(("reason", "code"), PERSONS.items())
def test_what_only_a_person_can_mend_asks_for_one(met: Any, reason: str, code: str) -> None:
    error = met(reason)
    assert (type(error), error.code) == (ReauthorizationNeeded, code)
    assert error.remedy is Remedy.RECONNECT


@pytest.mark.parametrize(("reason", "code"), REFUSALS.items())
def test_what_is_refused_for_good_fails(met: Any, reason: str, code: str) -> None:
    error = met(reason)
    assert (type(error), error.code) == (PlatformRefusal, code)


@pytest.mark.parametrize(("reason", "code"), OPERATORS.items())
def test_what_is_wrong_with_our_app_is_for_the_operator(met: Any, reason: str, code: str) -> None:
    error = met(reason)
    assert (type(error), error.code) == (PlatformMisconfigured, code)


def test_every_error_that_the_emulator_knows_is_met_here() -> None:
    known = {*WAITS, *THROTTLES, *COOLDOWNS, *PERSONS, *REFUSALS, *OPERATORS}
    assert [row for row in CATALOG if not {row, row.partition("/")[2]} & known] == []


def test_every_rule_is_met_here() -> None:
    met = {*WAITS, *THROTTLES, *COOLDOWNS, *PERSONS, *REFUSALS, *OPERATORS}
    met |= {reason.partition("/")[2] for reason in met}
    assert set(RULES) - met == {"100/GraphMethodException"}


def test_a_wrong_secret_is_told_by_the_type_of_the_error(emulator_process: Emulator) -> None:
    app = app_at(emulator_process.url)
    wrong = Facebook(replace(app, app_secret=Secret("wrong")), chunk_size=1)
    with pytest.raises(PlatformMisconfigured) as caught:
        wrong.channel(replace(NOBODY, access_token=app.token))
    assert caught.value.code == "app_secret_rejected"


def test_no_error_makes_the_core_refresh_a_token_that_cannot_be_refreshed() -> None:
    assert "token_rejected" not in {rule.code for rule in RULES.values()}


# By hand: what the emulator has no reason to say ------------------------------------


def said(status: int, content: Any, **headers: str) -> PlatformError:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return classify(Answer(status, headers, data), NOW)


def graph(code: Any, subcode: Any = None, **more: Any) -> dict[str, Any]:
    error = {"message": "m", "type": "OAuthException", "code": code, **more}
    return {"error": error if subcode is None else {**error, "error_subcode": subcode}}


@pytest.mark.parametrize("reason", ["100", "190/463", "200", "101", "506"])
def test_transient_outweighs_what_the_code_says(reason: str) -> None:
    code, _, subcode = reason.partition("/")
    error = said(400, graph(int(code), int(subcode) if subcode else None, is_transient=True))
    assert (type(error), error.code) == (PlatformUnavailable, "platform_error")


def test_a_transient_throttle_is_not_called_again_at_once() -> None:
    error = said(400, graph(4, is_transient=True))
    assert isinstance(error, QuotaExhausted)
    assert error.until == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(("code", "minutes"), [(4, 10), (17, 10), (613, 10), (32, 30), (80001, 30)])
def test_a_throttle_without_headers_waits_by_the_length_of_its_window(
    code: int, minutes: int
) -> None:
    error = said(400, graph(code))
    assert isinstance(error, QuotaExhausted)
    assert error.until == NOW + timedelta(minutes=minutes)


def test_an_error_is_one_whatever_its_http_status() -> None:
    assert said(200, graph(190, 460)).code == "password_changed"


@pytest.mark.parametrize("code", [190, "190"])
def test_numbers_may_be_text(code: Any) -> None:
    assert said(400, graph(code, "458")).code == "app_removed"


@pytest.mark.parametrize(("status", "error"), [(400, PlatformRefusal), (500, PlatformUnavailable)])
def test_an_unknown_code_is_judged_by_its_status(status: int, error: type[PlatformError]) -> None:
    found = said(status, graph(77777, 5))
    assert (type(found), found.reason) == (error, "77777/5")


def test_an_unknown_subcode_leaves_its_code_to_decide() -> None:
    assert said(400, graph(190, 999)).code == "token_invalid"


@pytest.mark.parametrize("word", ["\ud800", "nul\0", "https://rupload.example/42", 10**30])
def test_what_is_no_number_is_no_reason(word: Any) -> None:
    assert said(400, graph(word, word)).reason == "0"
    assert said(400, graph(100, word)).reason == "100"
    assert said(400, {"debug_info": {"type": word}}).reason is None


def test_a_small_subcode_is_not_taken_for_a_code() -> None:
    assert said(400, graph(77777, 190)).code == "request_rejected"


@pytest.mark.parametrize("data", [{"start_offset": 5}, '{"start_offset": 5}'])
def test_error_data_comes_as_an_object_or_as_text(data: Any) -> None:
    told = find_error(graph(6001, 1363037, error_data=data))
    assert told
    assert told.data == {"start_offset": 5}


@pytest.mark.parametrize(
    "garbage", [b"", b"<html>Sorry", b"[1]", b"null", b'{"error": "no"}', b"\xff"]
)
@pytest.mark.parametrize("status", [200, 400, 403, 404, 502])
def test_an_answer_that_is_none_leaves_the_outcome_open(status: int, garbage: bytes) -> None:
    error = said(status, garbage)
    assert (type(error), error.code) == (PlatformUnavailable, "unreadable_answer")


@pytest.mark.parametrize(
    ("type_", "status", "error", "code"),
    [
        ("OffsetInvalidError", 412, PlatformUnavailable, "offset_corrected"),
        ("ProcessingFailedError", 400, PlatformUnavailable, "upload_failed"),
        ("PartialRequestError", 400, PlatformUnavailable, "upload_interrupted"),
        ("FileUrlProcessingError", 422, PlatformRefusal, "file_unreachable"),
        ("ParameterValidationError", 400, PlatformRefusal, "request_rejected"),
        ("SomethingElse", 400, PlatformRefusal, "request_rejected"),
        ("SomethingElse", 500, PlatformUnavailable, "platform_error"),
    ],
)
def test_the_upload_host_has_an_envelope_of_its_own(
    type_: str, status: int, error: type[PlatformError], code: str
) -> None:
    found = said(status, {"debug_info": {"retriable": False, "type": type_, "message": "m"}})
    assert (type(found), found.code) == (error, code)


def test_the_upload_host_says_what_may_be_tried_again() -> None:
    found = said(400, {"debug_info": {"retriable": True, "type": "New", "message": "m"}})
    assert isinstance(found, PlatformUnavailable)


def test_what_meta_wrote_is_not_quoted() -> None:
    told = {"message": "EAAB-token", "error_user_msg": "EAAB-token", "fbtrace_id": "EAAB-token"}
    found = said(400, {"error": {**graph(100)["error"], **told}})
    assert "EAAB" not in f"{found!r} {found} {found.sentence} {found.details} {found.reason}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "code",
                    "error_subcode",
                    "error_data",
                    "is_transient",
                    "debug_info",
                    "type",
                ]
            ),
            inner,
        )
    ),
)


@given(status=st.integers(200, 599), content=JSON)
def test_no_answer_is_too_strange_to_be_an_error(status: int, content: object) -> None:
    assert isinstance(said(status, content), PlatformError)


def _minutes_from_now(error: QuotaExhausted) -> int:
    return round((error.until - datetime.now(UTC)).total_seconds() / 60)
