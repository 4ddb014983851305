"""Who may refresh a credential, and what the others get."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from activities.access.leases import Leases
from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from domain.health import Health
from domain.states import ConnectionHealth
from store.queries.access import connections, credentials
from store.queries.access.credentials import Lease, StoredCredential
from tests.activities.conftest import Installation

MOMENT = timedelta(milliseconds=200)


@pytest.fixture
def leases(installation: Installation) -> Leases:
    return Leases(installation.store, installation.vault, patience=5)


def stored(installation: Installation) -> StoredCredential:
    with installation.store.read() as session:
        return credentials.get_credential(session, installation.vault, installation.connection_id)


def hold(installation: Installation, *, lasts: timedelta = timedelta(minutes=1)) -> Lease:
    """Somebody else's claim."""
    stale = stored(installation)
    with installation.store.write() as session:
        lease = credentials.claim_refresh(session, installation.connection_id, stale, lasts=lasts)
    assert lease is not None
    return lease


def release(installation: Installation, lease: Lease, error: str) -> None:
    with installation.store.write() as session:
        credentials.release_lease(session, lease, error=error)


def test_a_holder_that_died_only_delays(installation: Installation, leases: Leases) -> None:
    hold(installation, lasts=MOMENT)
    began = time.monotonic()
    claimed = leases.claim(installation.connection_id, stored(installation))
    assert isinstance(claimed, Lease)
    assert time.monotonic() - began >= MOMENT.total_seconds() / 2


def test_a_holder_that_takes_too_long_is_not_waited_for(installation: Installation) -> None:
    hold(installation)
    hasty = Leases(installation.store, installation.vault, patience=0.1)
    with pytest.raises(PlatformUnavailable) as caught:
        hasty.claim(installation.connection_id, stored(installation))
    assert caught.value.code == "refresh_under_way"
    assert caught.value.retry_after is not None
    assert 50 < caught.value.retry_after <= 60


def test_a_failure_is_shared_and_the_next_one_may_try(
    installation: Installation, leases: Leases
) -> None:
    lease = hold(installation)
    stale = stored(installation)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(leases.claim, installation.connection_id, stale)
        release(installation, lease, "oauth_unavailable")
        with pytest.raises(PlatformUnavailable) as caught:
            waiting.result(5)
    assert caught.value.code == "oauth_unavailable"
    assert isinstance(leases.claim(installation.connection_id, stored(installation)), Lease)


def test_a_failure_is_shared_with_one_who_comes_right_after_it(
    installation: Installation, leases: Leases
) -> None:
    stale = stored(installation)
    release(installation, hold(installation), "oauth_unavailable")
    with pytest.raises(PlatformUnavailable) as caught:
        leases.claim(installation.connection_id, stale)
    assert caught.value.code == "oauth_unavailable"


def test_a_dead_grant_is_shared_as_what_it_is(installation: Installation, leases: Leases) -> None:
    lease, stale = hold(installation), stored(installation)
    with installation.store.write() as session:
        connections.mark_health(
            session,
            installation.connection_id,
            Health(ConnectionHealth.NEEDS_REAUTH, "grant_dead"),
        )
        credentials.release_lease(session, lease, error="grant_dead")
    with pytest.raises(ReauthorizationNeeded) as caught:
        leases.claim(installation.connection_id, stale)
    assert caught.value.code == "grant_dead"


def test_what_a_person_authorizes_meanwhile_is_used_and_its_lease_is_nobodys(
    installation: Installation, leases: Leases
) -> None:
    lease, stale = hold(installation), stored(installation)
    installation.authorize("second")
    came = leases.claim(installation.connection_id, stale)
    assert isinstance(came, StoredCredential)
    current = leases.claim(installation.connection_id, stored(installation))
    assert isinstance(current, Lease)
    # The holder of the old one comes back too late, and takes nothing from the new one.
    release(installation, lease, "oauth_unavailable")
    assert stored(installation).lease_ends_at == current.ends_at
    assert stored(installation).refresh_error is None


def test_a_lease_that_ran_out_releases_nothing_of_the_next_holders(
    installation: Installation, leases: Leases
) -> None:
    late = hold(installation, lasts=timedelta(0))
    current = leases.claim(installation.connection_id, stored(installation))
    assert isinstance(current, Lease)
    release(installation, late, "oauth_unavailable")
    seen = stored(installation)
    assert (seen.lease_ends_at, seen.refreshes) == (current.ends_at, 0)


def test_a_disconnected_one_has_nothing_to_refresh(
    installation: Installation, leases: Leases
) -> None:
    hold(installation)
    stale = stored(installation)
    with installation.store.write() as session:
        connections.disconnect(session, installation.connection_id)
    with pytest.raises(ReauthorizationNeeded) as caught:
        leases.claim(installation.connection_id, stale)
    assert caught.value.code == "disconnected"
