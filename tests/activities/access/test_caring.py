"""What a look at a connection writes down, and when the next one comes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.access.caring import PAGE, CareActivities
from activities.access.credentials import CredentialKeeper
from activities.contract.care import Cared
from domain.errors import (
    PlatformMisconfigured,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
)
from domain.secrets import Secret
from domain.states import ConnectionHealth
from platforms.protocol import Credential
from platforms.registry import Registry
from store.queries.access import care, connections
from tests.activities.conftest import SCOPES, VAULT, DirectedPlatform, Installation
from tests.support.meanwhile import MeanwhileStore

DAY = timedelta(days=1)
AWAY = PlatformUnavailable("oauth_unavailable", "It is away.")
REVOKED = ReauthorizationNeeded("grant_revoked", "The grant is gone.")


@pytest.fixture
def caring(installation: Installation) -> CareActivities:
    return CareActivities(installation.store, installation.keeper, every=DAY)


def sweep(caring: CareActivities) -> Cared:
    """Everything is due, and one page of it is looked at."""
    moment = datetime.now(UTC)
    ActivityEnvironment().run(caring.make_due, moment)
    found: Cared = ActivityEnvironment().run(caring.care_for_due, moment)
    assert ActivityEnvironment().run(caring.care_for_due, moment) == Cared()
    return found


def due_in(installation: Installation) -> timedelta:
    due_at = installation.connection().check_due_at
    assert due_at is not None
    return due_at - datetime.now(UTC)


def failing(error: Exception) -> Callable[[Credential], Credential]:
    def refresh(_: Credential) -> Credential:
        raise error

    return refresh


def with_grant_of(days: float) -> Callable[[Credential], Credential]:
    ends = datetime.now(UTC) + timedelta(days=days)
    return lambda old: Credential(
        Secret("fresh"), old.refresh_token, None, SCOPES, grant_expires_at=ends
    )


def test_one_that_is_well_is_looked_at_again_in_a_day(
    installation: Installation, caring: CareActivities
) -> None:
    assert sweep(caring) == Cared(checked=1)
    assert 0.89 * DAY < due_in(installation) < 1.11 * DAY
    assert installation.connection().checked_at is not None


def test_one_that_ends_soon_is_looked_at_before_its_end(
    installation: Installation, caring: CareActivities
) -> None:
    installation.platform.refreshing = with_grant_of(0.5)
    assert sweep(caring) == Cared(checked=1, expiring=1, in_testing=1)
    assert due_in(installation) < 0.3 * DAY


def test_one_that_is_dead_is_left_to_a_person(
    installation: Installation, caring: CareActivities
) -> None:
    installation.platform.failure = REVOKED
    assert sweep(caring) == Cared(checked=1, broken=1)
    row = installation.connection()
    assert (row.health, row.check_due_at) == (ConnectionHealth.NEEDS_REAUTH, None)
    assert sweep(caring) == Cared()


def test_a_scope_that_was_withdrawn_is_noticed(
    installation: Installation, caring: CareActivities
) -> None:
    installation.platform.refreshing = lambda old: Credential(
        Secret("fresh"), old.refresh_token, None, SCOPES[1:]
    )
    assert sweep(caring) == Cared(checked=1, broken=1)
    row = installation.connection()
    assert (row.health, row.health_reason) == ("insufficient_scope", "scope_missing")


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (AWAY, Cared(postponed=1)),
        (
            QuotaExhausted("rate_limited", "Used up.", until=datetime.now(UTC) + DAY),
            Cared(postponed=1),
        ),
        (ZeroDivisionError("a bug"), Cared(postponed=1)),
        (
            PlatformMisconfigured("oauth_client_rejected", "Refused."),
            Cared(postponed=1, unserved=1),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_tells_nothing_is_put_off_and_changes_no_health(
    installation: Installation, caring: CareActivities, error: Exception, found: Cared
) -> None:
    installation.platform.refreshing = failing(error)
    for minutes in (5, 15, 45):
        assert sweep(caring) == found
        pause = timedelta(minutes=minutes)
        assert 0.85 * pause < due_in(installation) < 1.15 * pause
    row = installation.connection()
    assert (row.health, row.failed_checks) == (ConnectionHealth.HEALTHY, 3)
    installation.platform.refreshing = None
    assert sweep(caring) == Cared(checked=1)
    assert installation.connection().failed_checks == 0


def test_a_platform_that_is_not_set_is_the_operators(installation: Installation) -> None:
    keeper = CredentialKeeper(installation.store, installation.vault, Registry({}))
    caring = CareActivities(installation.store, keeper, every=DAY)
    assert sweep(caring) == Cared(postponed=1, unserved=1)
    assert installation.connection().health == ConnectionHealth.HEALTHY


def test_one_that_is_switched_off_is_cared_for_too(
    installation: Installation, caring: CareActivities
) -> None:
    with installation.store.write() as session:
        connections.update_connection(
            session, installation.workspace.id, installation.connection_id, is_active=False
        )
    assert sweep(caring) == Cared(checked=1)


def test_a_clock_behind_temporals_makes_nothing_due_twice_in_a_sweep(
    installation: Installation, caring: CareActivities
) -> None:
    installation.platform.failure = AWAY
    ahead = datetime.now(UTC) + timedelta(hours=3)
    ActivityEnvironment().run(caring.make_due, ahead)
    page: Any = ActivityEnvironment().run(caring.care_for_due, ahead)
    assert page == Cared(postponed=1)
    assert ActivityEnvironment().run(caring.care_for_due, ahead) == Cared()


def test_a_page_is_no_longer_than_it_may_be(
    installation: Installation, caring: CareActivities
) -> None:
    for number in range(PAGE):
        installation.authorize("another", account_id=f"UC-{number}")
    assert sweep_pages(caring) == [PAGE, 1, 0]


def sweep_pages(caring: CareActivities) -> list[int]:
    moment = datetime.now(UTC)
    ActivityEnvironment().run(caring.make_due, moment)
    return [ActivityEnvironment().run(caring.care_for_due, moment).seen for _ in range(3)]


def test_one_that_another_sweep_takes_first_is_left_to_it(tmp_path: Path) -> None:
    store = MeanwhileStore(f"sqlite:///{tmp_path / 'castline.db'}", VAULT)
    store.migrate()
    installation = Installation(store, DirectedPlatform())
    # It must not be called: a sweep that did would put it off.
    installation.platform.refreshing = failing(AWAY)
    caring, moment = CareActivities(store, installation.keeper, every=DAY), datetime.now(UTC)
    ActivityEnvironment().run(caring.make_due, moment)

    def taken() -> None:
        with store.write() as session:
            assert care.claim(
                session, installation.connection_id, due_by=moment, until=moment + DAY
            )

    store.meanwhile = taken
    assert ActivityEnvironment().run(caring.care_for_due, moment) == Cared(elsewhere=1)
    store.close()
