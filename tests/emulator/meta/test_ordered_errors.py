"""Errors that are ordered: every row of the table comes as Meta sends it."""

import json

import pytest

from emulator.meta.graph.catalog import CATALOG
from testkit.emulator import Emulator
from testkit.meta import BEN, ask, dialog_url, person_token, refusal


def test_every_row_comes_in_metas_envelope(emulator: Emulator) -> None:
    for reason, row in CATALOG.items():
        emulator.fault("me.get", "graph_error", reason=reason)
        answer = ask(emulator, "me", "no matter")
        error = answer.json()["error"]
        code, _, subcode = reason.partition("/")
        assert refusal(answer) == (int(code), int(subcode) if subcode else None), reason
        assert (answer.status_code, error["message"]) == (row.status, row.message)
        assert error["is_transient"] is row.transient
        assert {"type", "fbtrace_id"} <= error.keys()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("1363047", (2, 1363047)), ("250", (250, None)), ("190/490", (190, 490)), ("100/7", (100, 7))],
)
def test_a_reason_may_be_a_subcode_or_unknown_to_the_table(
    emulator: Emulator, reason: str, expected: tuple[int, int | None]
) -> None:
    emulator.fault("me.get", "graph_error", reason=reason)
    assert refusal(ask(emulator, "me", "no matter")) == expected


def test_what_is_no_number_is_an_unknown_error(emulator: Emulator) -> None:
    emulator.fault("me.get", "graph_error", reason="nonsense")
    assert refusal(ask(emulator, "me", "no matter")) == (1, None)


@pytest.mark.parametrize("reason", ["4", "17", "32", "341", "613", "613/1996", "80001"])
def test_a_throttle_says_how_long_to_wait(emulator: Emulator, reason: str) -> None:
    emulator.fault("me.get", "graph_error", reason=reason, retry_after=7)
    answer = ask(emulator, "me", "no matter")
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 100
    ((use_case,),) = json.loads(answer.headers["x-business-use-case-usage"]).values()
    assert (use_case["type"], use_case["call_count"]) == ("pages", 100)
    assert use_case["estimated_time_to_regain_access"] == 7


def test_a_fault_can_mean_one_person(emulator: Emulator) -> None:
    anas, bens = person_token(emulator), person_token(emulator, BEN)
    emulator.fault("me.get", "graph_error", reason="190/459", owner=BEN)
    assert ask(emulator, "me", anas).status_code == 200
    assert refusal(ask(emulator, "me", bens)) == (190, 459)


def test_a_front_end_may_answer_in_html(emulator: Emulator) -> None:
    emulator.fault("token.exchange", "status", status=502, html=True)
    answer = emulator.http.get("/v27.0/oauth/access_token")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


def test_the_dialog_may_be_unavailable(emulator: Emulator) -> None:
    emulator.fault("dialog.open", "status", status=503)
    assert emulator.http.get(dialog_url(emulator)).status_code == 503
