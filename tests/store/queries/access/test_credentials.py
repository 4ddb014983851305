from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from domain.secrets import Secret
from store.engine import Store
from store.queries.access import connections, credentials
from store.queries.access.credentials import Lease, StoredCredential
from store.tables import Connection
from store.vault import Vault
from tests.store.conftest import Tenant

MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    return tenant.connection()


def credential(store: Store, vault: Vault, connection: Connection) -> StoredCredential:
    with store.read() as session:
        return credentials.get_credential(session, vault, connection.id)


def swap(store: Store, vault: Vault, connection: Connection, version: int, token: str) -> bool:
    with store.write() as session:
        return credentials.swap_credential(
            session,
            vault,
            connection.id,
            expected_version=version,
            secret=Secret(token),
        )


def test_a_credential_comes_back_as_it_was_kept(
    store: Store, vault: Vault, connection: Connection
) -> None:
    with store.write() as session:
        credentials.keep_credential(
            session,
            vault,
            connection.id,
            secret=Secret("token"),
        )
    stored = credential(store, vault, connection)
    assert stored.secret == Secret("token")


def test_of_two_refreshes_at_once_one_lands(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    tenant.credential(vault, connection.id)
    version = credential(store, vault, connection).version
    start = Barrier(4)

    def refresh(token: str) -> bool:
        start.wait()
        return swap(store, vault, connection, version, token)

    with ThreadPoolExecutor(4) as pool:
        landed = dict(zip("abcd", pool.map(refresh, "abcd"), strict=True))
    (winner,) = [token for token in landed if landed[token]]
    stored = credential(store, vault, connection)
    assert (stored.secret, stored.version) == (Secret(winner), version + 1)


def claim(
    store: Store, connection: Connection, stale: StoredCredential, *, lasts: timedelta = MINUTE
) -> Lease | None:
    with store.write() as session:
        return credentials.claim_refresh(session, connection.id, stale, lasts=lasts)


def test_a_credential_that_a_person_replaced_gives_no_lease_on_the_old_one(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    tenant.credential(vault, connection.id)
    stale = credential(store, vault, connection)
    tenant.credential(vault, connection.id, "of the reconnection")
    assert claim(store, connection, stale) is None
    current = credential(store, vault, connection)
    assert not current.is_leased
    assert claim(store, connection, current)


def test_a_failed_refresh_releases_no_lease_on_what_a_person_authorized_since(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    tenant.credential(vault, connection.id)
    old = claim(store, connection, credential(store, vault, connection))
    tenant.credential(vault, connection.id, "of the reconnection")
    current = claim(store, connection, credential(store, vault, connection))
    assert old
    assert current
    with store.write() as session:
        # Two leases may end at the same moment.
        credentials.release_lease(session, replace(old, ends_at=current.ends_at), error="late")
    seen = credential(store, vault, connection)
    assert (seen.lease_ends_at, seen.refresh_error) == (current.ends_at, None)


def test_a_refresh_does_not_land_on_a_reconnection(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    tenant.credential(vault, connection.id)
    version = credential(store, vault, connection).version
    tenant.credential(vault, connection.id, "of the reconnection")
    assert not swap(store, vault, connection, version, "stale")
    assert credential(store, vault, connection).secret == Secret("of the reconnection")


def test_a_refresh_does_not_land_after_a_disconnection(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    tenant.credential(vault, connection.id)
    version = credential(store, vault, connection).version
    with store.write() as session:
        connections.disconnect(session, connection.id)
    assert not swap(store, vault, connection, version, "stale")
    tenant.credential(vault, connection.id, "of the reconnection")
    assert not swap(store, vault, connection, version, "stale")
    assert credential(store, vault, connection).secret == Secret("of the reconnection")
