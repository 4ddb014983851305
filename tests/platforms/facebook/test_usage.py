"""How full Meta's budgets are, and staying away in time."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import QuotaExhausted
from platforms.facebook.usage import APP, HOLD, TRIAL, Usage, read_usage
from platforms.transfer.machine import Answer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = "112233"


def answer(status: int = 200, **headers: Any) -> Answer:
    named = {
        f"x-{name.replace('_', '-')}-usage": told if isinstance(told, str) else json.dumps(told)
        for name, told in headers.items()
    }
    return Answer(status, named, b"{}")


def full(percent: float = 95, minutes: float = 0) -> Answer:
    use = {"type": "pages", "call_count": percent, "estimated_time_to_regain_access": minutes}
    return answer(business_use_case={PAGE: [use]})


def refused(usage: Usage, now: datetime, budget: str = PAGE) -> datetime | None:
    """Until when a call would have to wait; None when it may go out."""
    try:
        usage.check(budget, now)
    except QuotaExhausted as error:
        return error.until
    return None


@pytest.mark.parametrize(
    ("budget", "headers", "percent"),
    [
        (APP, {"app": {"call_count": 28, "total_time": 25, "total_cputime": 25}}, 28),
        (APP, {"app": {"call_count": 1, "total_time": 91, "total_cputime": 2}}, 91),
        (PAGE, {"page": {"call_count": 85, "total_cputime": 56, "total_time": 60}}, 85),
        (PAGE, {"business_use_case": {PAGE: [{"type": "pages", "total_cputime": 97}]}}, 97),
        (PAGE, {"business_use_case": {PAGE: [{"call_count": 3}, {"call_count": 44}]}}, 44),
        # Where both are there the Page's own rules; another's and advertising are not its.
        (PAGE, {"app": {"call_count": 95}, "page": {"call_count": 60}}, 60),
        (PAGE, {"business_use_case": {"7": [{"type": "pages", "call_count": 100}]}}, 0),
        (PAGE, {"business_use_case": {PAGE: [{"type": "ads_management", "call_count": 100}]}}, 0),
        (APP, {"business_use_case": {PAGE: [{"type": "pages", "call_count": 100}]}}, 0),
        (PAGE, {}, 0),
    ],
)
def test_each_budget_has_its_own_reading(
    budget: str, headers: dict[str, Any], percent: float
) -> None:
    assert read_usage(answer(**headers), budget).percent == percent


@pytest.mark.parametrize(
    "garbage",
    ["", "{", "null", "7", "[]", '{"call_count": "99"}', '{"call_count": -1}', '{"1": [3]}',
     '{"call_count": NaN}', '{"call_count": 1e999}', "[" * 5000],
)  # fmt: skip
def test_a_malformed_header_is_no_header(garbage: str) -> None:
    usage = Usage()
    usage.note(PAGE, answer(app=garbage, page=garbage, business_use_case=garbage), NOW)
    assert refused(usage, NOW) is None


@pytest.mark.parametrize("percent", [90, 95, 100, 120])
def test_a_budget_that_is_nearly_used_up_is_left_alone(percent: float) -> None:
    usage = Usage()
    usage.note(PAGE, full(percent), NOW)
    assert refused(usage, NOW) == NOW + HOLD


def test_below_the_threshold_calls_go_out() -> None:
    usage = Usage()
    usage.note(PAGE, full(89), NOW)
    assert refused(usage, NOW) is None


def test_meta_says_itself_for_how_long() -> None:
    usage = Usage()
    usage.note(PAGE, full(100, minutes=42), NOW)
    assert refused(usage, NOW + timedelta(minutes=41)) == NOW + timedelta(minutes=42)


def test_afterwards_one_call_tries_and_the_others_wait_for_it() -> None:
    usage = Usage()
    usage.note(PAGE, full(), NOW)
    later = NOW + HOLD
    assert refused(usage, later) is None
    assert refused(usage, later) == later + TRIAL


def test_of_many_threads_one_tries() -> None:
    usage = Usage()
    usage.hold(PAGE, NOW)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: refused(usage, NOW), range(64)))
    assert found.count(None) == 1


@pytest.mark.parametrize("relieved", [full(12), answer()])
def test_an_answer_that_shows_room_lets_all_go_on(relieved: Answer) -> None:
    usage = Usage()
    usage.note(PAGE, full(), NOW)
    usage.note(PAGE, relieved, NOW)
    assert [refused(usage, NOW), refused(usage, NOW)] == [None, None]


def test_an_error_without_headers_proves_no_room() -> None:
    usage = Usage()
    usage.note(PAGE, full(), NOW)
    usage.note(PAGE, answer(502), NOW)
    assert refused(usage, NOW) == NOW + HOLD


def test_one_page_does_not_hold_up_another() -> None:
    usage = Usage()
    usage.note(PAGE, full(), NOW)
    assert refused(usage, NOW, "445566") is None


def test_what_belongs_to_no_budget_is_not_minded() -> None:
    usage = Usage()
    usage.note(None, full(), NOW)
    usage.check(None, NOW)
