"""What the clocks alone say of a connection."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.health import HEALTHY, SCOPE_MISSING, Clocks, Health, is_of_testing, judge
from domain.states import ConnectionHealth, TokenLife

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=200)
RENEWED, LIMITED, PERMANENT = TokenLife.RENEWED, TokenLife.LIMITED, TokenLife.PERMANENT


def days(number: float) -> datetime:
    return NOW + timedelta(days=number)


def health(clocks: Clocks, connected_at: datetime = LONG_AGO) -> Health:
    return judge(clocks, connected_at=connected_at, now=NOW)


@pytest.mark.parametrize(
    ("clocks", "reason", "until"),
    [
        (Clocks(RENEWED, grant_expires_at=days(13)), "grant_ending", days(13)),
        (Clocks(LIMITED, token_expires_at=days(2)), "token_ending", days(2)),
        (Clocks(PERMANENT, data_access_ends_at=days(3)), "data_access_ending", days(3)),
        (Clocks(PERMANENT, data_access_ends_at=days(-9)), "data_access_ended", days(-9)),
        # The nearest of those that end publishing, and these before an access to data.
        (Clocks(LIMITED, days(9), days(4)), "grant_ending", days(4)),
        (
            Clocks(LIMITED, token_expires_at=days(9), data_access_ends_at=days(-9)),
            "token_ending",
            days(9),
        ),
    ],
)
def test_an_end_that_is_near_is_told_with_its_date(
    clocks: Clocks, reason: str, until: datetime
) -> None:
    assert health(clocks) == Health(ConnectionHealth.EXPIRING, reason, until)


@pytest.mark.parametrize(
    "clocks",
    [
        Clocks(RENEWED, token_expires_at=days(0.04)),  # Castline renews it
        Clocks(RENEWED, grant_expires_at=days(15)),
        Clocks(LIMITED, token_expires_at=days(60)),
        Clocks(PERMANENT, data_access_ends_at=days(30)),
        Clocks(PERMANENT),
    ],
)
def test_an_end_that_is_far_is_no_news(clocks: Clocks) -> None:
    assert health(clocks) == HEALTHY


@pytest.mark.parametrize(("left", "state"), [(6.9, "healthy"), (2.9, "expiring")])
def test_a_grant_of_a_week_is_one_of_testing_and_told_in_its_last_days(
    left: float, state: str
) -> None:
    clocks = Clocks(RENEWED, grant_expires_at=days(left))
    found = health(clocks, connected_at=days(left - 7))
    assert found.state == state
    assert found.reason == ("app_in_testing" if state == "expiring" else None)
    assert is_of_testing(clocks, days(left - 7))
    assert not is_of_testing(clocks, LONG_AGO)


def test_without_its_scopes_it_is_of_no_use_whatever_its_clocks_say() -> None:
    found = judge(Clocks(PERMANENT), connected_at=LONG_AGO, now=NOW, missing_scopes=("publish",))
    assert found == SCOPE_MISSING
    assert found.is_broken


def test_publishing_ends_with_the_grant_or_with_a_token_that_nobody_renews() -> None:
    assert Clocks(RENEWED, token_expires_at=days(1)).end is None
    assert Clocks(LIMITED, token_expires_at=days(1), grant_expires_at=days(2)).end == days(1)
    assert Clocks(PERMANENT, data_access_ends_at=days(1)).end is None
