"""Every row of Facebook's table, made to happen over HTTP; those of both routes on both."""

from collections.abc import Mapping
from typing import Any

import pytest

from platforms.facebook.publishing.upload import PAUSES
from platforms.outcomes.facebook import ROWS
from platforms.outcomes.table import Comes, Reads, Row
from tests.platforms.outcomes.conftest import SetScene
from tests.platforms.outcomes.playing import Case, Order, Words, play

LOOK, PICTURE = "video.get", "video.thumbnails"
EDGES = {"video": "page_videos", "reel": "reels"}
ROUTES = {
    "session": ("video", "reel"),
    "piece": ("video",),
    "rest": ("reel",),
    "finish": ("video", "reel"),
    "thumbnail": ("video",),
}
"""By which types of publication a call is made."""
PHASES = {"session": "start", "piece": "transfer", "rest": "transfer", "finish": "finish"}

Cases = Mapping[Comes, tuple[Case, ...]]


def _operation(call: str, type: str) -> str:
    return PICTURE if call == "thumbnail" else f"{EDGES[type]}.{PHASES[call]}"


def _words(call: str, type: str) -> Words:
    operation = _operation(call, type)
    if call == "thumbnail":
        return Words(operation, frozenset({operation}), {Reads.VIDEO: LOOK})
    return Words(
        operation,
        sends=frozenset(f"{EDGES[type]}.{phase}" for phase in PHASES.values()),
        reads={Reads.VIDEO: LOOK, Reads.LISTING: f"{EDGES[type]}.list"},
        start=f"{EDGES[type]}.start",
        looks=len(PAUSES) + 1 if call == "finish" else 1,
    )


class _Met:
    """Makes the case of a fault that the call itself meets."""

    def __init__(self, call: str, type: str) -> None:
        self._operation = _operation(call, type)

    def __call__(self, kind: str, *, was_made: bool = False, **options: Any) -> tuple[Case, ...]:
        return (Case(was_made, [Order(self._operation, kind, options)]),)

    def error(self, reason: str, **options: Any) -> tuple[Case, ...]:
        return self("graph_error", reason=reason, **options)


def _common(met: _Met) -> Cases:
    """What any call of Meta's may meet."""
    return {
        Comes.ANSWERED: (Case(was_made=True),),
        Comes.NEVER_ARRIVED: met("cut"),
        Comes.ANSWER_LOST: met("lose_answer", was_made=True),
        Comes.OUTAGE: met.error("2"),
        Comes.HTML: (*met("status", status=502, html=True), *met("status", status=503)),
        Comes.BUDGET_EMPTY: met.error("32"),
        Comes.TOKEN_REJECTED: met.error("190"),
        Comes.KILLED_AFTER: (Case(was_made=True, is_killed=True),),
    }


def _bytes(met: _Met) -> Cases:
    """What a request may meet that carries bytes."""
    return {
        **_common(met),
        Comes.LATE: met("slow", was_made=True, delay_seconds=1.2),
        Comes.LOST: met("session_lost"),
    }


def _finish(type: str) -> Cases:
    met = _Met("finish", type)
    finish = _operation("finish", type)
    return {
        **_common(met),
        Comes.LATE: met("slow", was_made=True, delay_seconds=1.2),
        Comes.WORKED_LATE: met("late_finish", was_made=True, delay_seconds=0.1),
        Comes.WORKED_ANYWAY: (
            *met("status_after", was_made=True, status=502, html=True),
            *met("graph_error_after", was_made=True, reason="1"),
            # Too many calls, it says of a video that is live.
            *met("graph_error_after", was_made=True, reason="4/2207051"),
        ),
        Comes.IS_THERE: met("graph_error_after", was_made=True, reason="506"),
        Comes.REFUSED: met.error("1404082"),
        Comes.LOST: met("session_lost"),
        Comes.LOST_AFTER: (
            Case(
                was_made=True,
                orders=[Order(finish, "lose_answer"), Order(LOOK, "not_found_yet", {"times": 2})],
            ),
        ),
        Comes.KILLED_BEFORE: (Case(was_made=False, orders=[Order(finish, "cut")], is_killed=True),),
    }


def _cases(call: str, type: str) -> Cases:
    met = _Met(call, type)
    match call:
        case "session":
            return {**_common(met), Comes.REFUSED: met.error("6000/1363022")}
        case "piece":
            return {
                **_bytes(met),
                Comes.CUT: met("cut", after_bytes=1000),
                Comes.REFUSED: met.error("352"),
                Comes.KEPT_LESS: (*met("stall"), *met.error("6001/1363037")),
            }
        case "rest":
            return {
                **_bytes(met),
                Comes.CUT: met("cut", was_made=True, after_bytes=1000),
                Comes.REFUSED: met("upload_error", reason="ParameterValidationError"),
                Comes.KEPT_LESS: (
                    *met("upload_error", reason="PartialRequestError"),
                    *met("upload_error", reason="OffsetInvalidError"),
                ),
                # The host has no word for a dead token; the look has.
                Comes.TOKEN_REJECTED: (
                    Case(
                        was_made=False,
                        orders=[
                            Order(_operation(call, type), "upload_error", _NOT_AUTHORIZED),
                            Order(LOOK, "graph_error", {"reason": "190"}),
                        ],
                    ),
                ),
            }
        case "finish":
            return _finish(type)
        case _:
            return {**_common(met), Comes.REFUSED: met.error("100")}


_NOT_AUTHORIZED = {"reason": "NotAuthorizedError"}
CASES = {(call, type): _cases(call, type) for call, types in ROUTES.items() for type in types}


@pytest.mark.parametrize(("call", "type"), CASES)
def test_every_row_has_a_case(call: str, type: str) -> None:
    assert set(CASES[call, type]) == {row.comes for row in ROWS if row.call.name == call}


@pytest.mark.parametrize(
    ("row", "type", "case"),
    [
        pytest.param(row, type, case, id=f"{row.name}/{type}")
        for row in ROWS
        for type in ROUTES[row.call.name]
        for case in CASES[row.call.name, type].get(row.comes, ())
    ],
)
def test_a_row_is_what_happens(set_scene: SetScene, row: Row, type: str, case: Case) -> None:
    play(set_scene(row.call, type), row, case, _words(row.call.name, type))
