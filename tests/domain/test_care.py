"""When the next look comes."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.care import check_after_blip, next_check

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("left", "pause"),
    [
        (None, DAY),
        (timedelta(days=30), DAY),
        (timedelta(hours=20), 10 * HOUR),
        (timedelta(minutes=10), HOUR),
        (-DAY, DAY),
    ],
)
def test_looks_come_sooner_before_an_end(left: timedelta | None, pause: timedelta) -> None:
    end = None if left is None else NOW + left
    assert next_check(end, now=NOW, every=DAY) == NOW + pause


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 5), (2, 15), (3, 45), (6, 1215), (7, 1440), (10**6, 1440)]
)
def test_a_blip_is_followed_soon_and_a_long_outage_rarely(failures: int, minutes: int) -> None:
    due = check_after_blip(failures, now=NOW, every=DAY)
    assert due == NOW + timedelta(minutes=minutes)


def test_luck_moves_a_look_by_a_tenth_at_most() -> None:
    assert next_check(None, now=NOW, every=DAY, luck=1) == NOW + 1.1 * DAY
    assert check_after_blip(99, now=NOW, every=DAY, luck=-1) == NOW + 0.9 * DAY
