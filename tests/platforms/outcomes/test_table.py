"""What has to hold of every row, whatever platform comes next."""

import pytest

from platforms.outcomes.page import ROWS
from platforms.outcomes.table import Call, Comes, Means, Reads, Then

_ANY = {
    Comes.ANSWERED,
    Comes.NEVER_ARRIVED,
    Comes.ANSWER_LOST,
    Comes.OUTAGE,
    Comes.BUDGET_EMPTY,
    Comes.TOKEN_REJECTED,
    Comes.REFUSED,
    Comes.KILLED_AFTER,
}
_OF_THE_VIDEO = {Comes.WORKED_ANYWAY, Comes.LOST, Comes.LOST_AFTER, Comes.KILLED_BEFORE, Comes.LATE}
_CALLS = dict.fromkeys(row.call for row in ROWS)


@pytest.mark.parametrize("call", _CALLS, ids=lambda call: f"{call.platform}-{call.name}")
def test_a_call_has_a_row_for_whatever_any_call_may_meet(call: Call) -> None:
    comes = {row.comes for row in ROWS if row.call == call}
    assert comes >= _ANY
    if call.makes == "the video":
        assert comes >= _OF_THE_VIDEO


def test_a_row_has_a_name_of_its_own() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_what_is_unclear_is_read_before_anything_is_sent() -> None:
    unread = {row for row in ROWS if row.means is Means.UNCLEAR and row.reads is Reads.NOTHING}
    assert [row.name for row in unread if row.call.repeats is None] == []


def test_what_fails_says_why() -> None:
    assert [row.name for row in ROWS if row.then is Then.FAIL and row.code is None] == []


def test_what_was_made_is_never_made_again() -> None:
    made = {row for row in ROWS if row.means is Means.MADE}
    assert [row.name for row in made if row.then not in (Then.DONE, Then.GO_ON)] == []
