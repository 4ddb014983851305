"""Every row of YouTube's table, made to happen over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from platforms.outcomes.table import Comes, Reads, Row
from platforms.outcomes.youtube import ROWS
from tests.platforms.outcomes.conftest import SetScene
from tests.platforms.outcomes.playing import Case, Order, Words, play

START, PUT = "videos.insert.start", "videos.insert.transfer"
ASK, LIST = "videos.insert.status", "playlistItems.list"
_UPLOAD: dict[str, Any] = {
    "sends": frozenset({START, PUT}),
    "reads": {Reads.SESSION: ASK, Reads.LISTING: LIST},
    "start": START,
}


def _step(operation: str) -> Words:
    return Words(operation, frozenset({operation}), {Reads.PLAYLIST: LIST})


WORDS = {
    "session": Words(START, **_UPLOAD),
    "chunk": Words(PUT, **_UPLOAD),
    "last_chunk": Words(PUT, **_UPLOAD, turn=3),
    "thumbnail": _step("thumbnails.set"),
    "captions": _step("captions.insert"),
    "playlist": _step("playlistItems.insert"),
}

Cases = Mapping[Comes, tuple[Case, ...]]


def _met(operation: str, **everywhere: Any) -> Callable[..., tuple[Case, ...]]:
    """Makes the case of a fault that the call itself meets."""

    def met(kind: str, *, was_made: bool = False, **options: Any) -> tuple[Case, ...]:
        return (Case(was_made, [Order(operation, kind, {**everywhere, **options})]),)

    return met


def _common(operation: str, **everywhere: Any) -> Cases:
    """What any call of Google's may meet."""
    met = _met(operation, **everywhere)
    return {
        Comes.ANSWERED: (Case(was_made=True),),
        Comes.NEVER_ARRIVED: met("cut"),
        Comes.ANSWER_LOST: met("lose_answer", was_made=True),
        Comes.OUTAGE: met("status", status=503),
        Comes.THROTTLED: met("rate_limited"),
        Comes.BUDGET_EMPTY: met("quota_exceeded"),
        Comes.TOKEN_REJECTED: met("unauthorized"),
        Comes.REFUSED: met("status", status=400),
        Comes.KILLED_AFTER: (Case(was_made=True, is_killed=True),),
    }


def _bytes(**everywhere: Any) -> Cases:
    """What a request may meet that carries bytes."""
    met = _met(PUT, **everywhere)
    return {
        **_common(PUT, **everywhere),
        Comes.LATE: met("slow", was_made=True, delay_seconds=1.2),
        Comes.HTML: met("status", status=502, html=True),
    }


def _chunk() -> Cases:
    met = _met(PUT)
    return {
        **_bytes(),
        Comes.CUT: met("cut", after_bytes=1000),
        Comes.KEPT_LESS: met("stall"),
        Comes.LOST: met("session_lost"),
    }


def _beside_a_twin(case: Case) -> tuple[Case, ...]:
    """So that only the marker tells them apart."""
    return (replace(case, has_twin=True),)


def _last_chunk() -> Cases:
    met = _met(PUT, final=True)
    return {
        **_bytes(final=True),
        Comes.CUT: met("cut", after_bytes=500),
        Comes.WORKED_ANYWAY: (
            *met("status_after", was_made=True, status=503),
            *met("status_after", was_made=True, status=400, html=True),
        ),
        Comes.KEPT_LESS: met("stall"),
        Comes.UNCONFIRMED: (
            Case(
                was_made=False,
                orders=[
                    Order(PUT, "hold_back", {"final": True}),
                    Order(ASK, "hold_back", {"times": 6}),
                ],
            ),
        ),
        Comes.LOST: _beside_a_twin(*met("session_lost")),
        Comes.LOST_AFTER: _beside_a_twin(*met("session_lost", was_made=True, after_finish=True)),
        Comes.KILLED_BEFORE: (
            Case(was_made=False, orders=[Order(PUT, "cut", {"final": True})], is_killed=True),
        ),
    }


CASES: Mapping[str, Cases] = {
    "session": {
        **_common(START),
        Comes.BUDGET_EMPTY: _met(START)("daily_limit"),
        Comes.IS_THERE: _met(START)("already_exists"),
    },
    "chunk": _chunk(),
    "last_chunk": _last_chunk(),
    "thumbnail": _common("thumbnails.set"),
    "captions": {
        **_common("captions.insert"),
        Comes.IS_THERE: (Case(was_made=True, is_second=True),),
    },
    "playlist": {
        **_common("playlistItems.insert"),
        Comes.IS_THERE: (
            # The look does not show it yet, so the insert is what says it.
            Case(
                was_made=True,
                orders=[
                    Order(LIST, "not_found_yet"),
                    Order("playlistItems.insert", "already_exists"),
                ],
                is_second=True,
            ),
        ),
    },
}


def test_every_row_has_a_case() -> None:
    cases = {(call, comes) for call, each in CASES.items() for comes in each}
    assert cases == {(row.call.name, row.comes) for row in ROWS}


@pytest.mark.parametrize(
    ("row", "case"),
    [
        pytest.param(row, case, id=row.name)
        for row in ROWS
        for case in CASES[row.call.name].get(row.comes, ())
    ],
)
def test_a_row_is_what_happens(set_scene: SetScene, row: Row, case: Case) -> None:
    play(set_scene(row.call), row, case, WORDS[row.call.name])
