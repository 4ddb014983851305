"""The budgets of calls: headers while they fill, refusals when they are used up."""

import json

from testkit.emulator import Emulator
from testkit.meta import ask, person_token, refusal
from tests.emulator.meta.publisher import Publisher


def test_usage_headers_are_absent_at_nothing_and_grow(bakery: Publisher) -> None:
    bakery.emulator.switch(page_calls_per_day=100_000)
    assert "X-Business-Use-Case-Usage" not in bakery.ask("GET", bakery.page).headers
    bakery.emulator.switch(page_calls_per_day=10)
    headers = bakery.ask("GET", bakery.page).headers
    (use_case,) = json.loads(headers["X-Business-Use-Case-Usage"])[bakery.page]
    assert (use_case["type"], use_case["estimated_time_to_regain_access"]) == ("pages", 0)
    assert use_case["call_count"] == 20
    assert json.loads(headers["X-Page-Usage"])["call_count"] == 20
    assert "X-App-Usage" not in headers


def test_a_page_whose_budget_is_used_up_is_refused_until_the_window_has_rolled(
    bakery: Publisher,
) -> None:
    bakery.emulator.switch(page_calls_per_day=2)
    bakery.start(2048)
    bakery.start(2048)
    answer = bakery.videos("start", file_size=2048)
    assert refusal(answer) == (80001, None)
    (use_case,) = json.loads(answer.headers["X-Business-Use-Case-Usage"])[bakery.page]
    assert use_case["call_count"] == 100
    minutes = use_case["estimated_time_to_regain_access"]
    assert 23 * 60 < minutes <= 24 * 60 + 24

    bakery.emulator.advance(minutes * 60)
    assert bakery.videos("start", file_size=2048).status_code == 200


def test_a_person_s_calls_of_a_page_are_refused_in_other_words(
    emulator: Emulator, bakery: Publisher
) -> None:
    token = person_token(emulator)
    emulator.switch(page_calls_per_day=1)
    assert ask(emulator, bakery.page, token).status_code == 200
    assert refusal(ask(emulator, bakery.page, token)) == (32, None)
    assert ask(emulator, "me", token).status_code == 200


def test_an_app_s_budget_is_by_the_hour(emulator: Emulator) -> None:
    token = person_token(emulator)
    emulator.switch(app_calls_per_hour=4)
    used = ask(emulator, "me", token)
    while used.status_code == 200:
        before, used = used, ask(emulator, "me", token)
    assert json.loads(before.headers["X-App-Usage"])["call_count"] == 100
    assert refusal(used) == (4, None)
    emulator.advance(3660)
    assert ask(emulator, "me", token).status_code == 200


def test_an_error_carries_the_usage_too(bakery: Publisher) -> None:
    bakery.emulator.switch(page_calls_per_day=10)
    answer = bakery.videos("start", file_size="1")
    assert answer.status_code == 400
    assert "X-Business-Use-Case-Usage" in answer.headers
