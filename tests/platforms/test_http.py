"""What the way to a platform reads from its answers."""

from datetime import UTC, datetime, timedelta

import pytest

from platforms.http import moment_of
from platforms.transfer.machine import Answer

OURS = datetime(2026, 11, 23, 12, tzinfo=UTC)
THEIRS = datetime(2027, 1, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({"date": "Fri, 22 Jan 2027 12:00:00 GMT"}, THEIRS),
        ({"date": "Fri, 22 Jan 2027 13:00:00 +0100"}, THEIRS),
        ({"date": "Fri, 22 Jan 2027 12:00:00 -0000"}, THEIRS),
        ({}, OURS),
        ({"date": ""}, OURS),
        ({"date": "yesterday"}, OURS),
        ({"date": "Fri, 99 Jan 2027 12:00:00 GMT"}, OURS),
    ],
)
def test_an_answer_says_when_it_was_by_the_platforms_clock(
    headers: dict[str, str], moment: datetime
) -> None:
    assert moment_of(Answer(200, headers, b""), OURS) == moment


def test_without_any_help_it_is_now() -> None:
    assert abs(moment_of(Answer(200, {}, b"")) - datetime.now(UTC)) < timedelta(seconds=5)
