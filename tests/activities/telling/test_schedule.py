from datetime import UTC, datetime, timedelta

import pytest

from activities.telling.schedule import next_try

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "delay"),
    [
        (1, timedelta(seconds=5)),
        (2, timedelta(seconds=30)),
        (3, timedelta(minutes=2)),
        (6, timedelta(hours=1)),
        (9, timedelta(hours=8)),
        (40, timedelta(hours=8)),
    ],
)
def test_each_try_waits_longer_than_the_one_before(failures: int, delay: timedelta) -> None:
    waits = [next_try(failures, after=NOW) - NOW for _ in range(50)]
    assert delay <= min(waits) < max(waits) <= delay * 1.2


def test_three_days_hold_more_than_a_dozen_tries() -> None:
    at, tries = NOW, 1
    while (at := next_try(tries, after=at)) < NOW + timedelta(days=3):
        tries += 1
    assert 12 < tries < 20  # so the log of twenty shows all of them


def test_what_the_endpoint_asks_for_is_honoured_where_it_is_longer() -> None:
    hour, second = timedelta(hours=1), timedelta(seconds=1)
    assert next_try(1, after=NOW, retry_after=hour) == NOW + hour
    assert next_try(1, after=NOW, retry_after=second) >= NOW + timedelta(seconds=5)
