"""Several connections of one consent."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from domain.health import Health
from domain.states import ConnectionHealth
from store.engine import Store
from store.queries.access import connections, grants
from store.tables import Connection
from store.vault import Vault
from testkit.database import await_waiter
from tests.store.conftest import Tenant


def shares_grant(store: Store, connection: Connection) -> bool:
    with store.write() as session:
        return bool(grants.list_sharing(session, connection))


def leave(store: Store, connection: Connection) -> bool:
    """Disconnect as the API does; True for the one that was the last of its grant."""
    with store.write() as session:
        is_last = not grants.list_sharing(session, connection)
        connections.disconnect(session, connection.id)
    return is_last


def test_connections_of_one_consent_share_their_grant(
    store: Store, vault: Vault, tenant: Tenant
) -> None:
    first = tenant.connection("1", platform="facebook", grant_id="person")
    second = tenant.connection("2", platform="facebook", grant_id="person")
    other = tenant.connection("3", platform="facebook", grant_id="another person")
    elsewhere = tenant.connection("4", platform="youtube", grant_id="person")
    alone = tenant.connection("5")
    for connection in (first, second, other, elsewhere, alone):
        tenant.credential(vault, connection.id)
    shared = [shares_grant(store, each) for each in (first, second, other, elsewhere, alone)]
    assert shared == [True, True, False, False, False]


def test_a_grant_is_shared_across_workspaces(
    store: Store, vault: Vault, tenant: Tenant, stranger: Tenant
) -> None:
    ours = tenant.connection("1", platform="facebook", grant_id="person")
    theirs = stranger.connection("1", platform="facebook", grant_id="person")
    tenant.credential(vault, ours.id)
    stranger.credential(vault, theirs.id)
    assert (shares_grant(store, ours), shares_grant(store, theirs)) == (True, True)


def test_an_account_of_several_workspaces_is_one_grant_where_the_platform_names_none(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    ours, theirs, other = (
        tenant.connection("UC1"),
        stranger.connection("UC1"),
        stranger.connection("UC2"),
    )
    shared = [shares_grant(store, each) for each in (ours, theirs, other)]
    assert shared == [True, True, False]


def test_a_connection_that_is_gone_or_dead_lives_by_no_grant(
    store: Store, vault: Vault, tenant: Tenant
) -> None:
    last, gone, dead = (
        tenant.connection(id, platform="facebook", grant_id="person") for id in ("1", "2", "3")
    )
    for connection in (last, gone, dead):
        tenant.credential(vault, connection.id)
    assert not leave(store, gone)
    with store.write() as session:
        connections.mark_health(session, dead.id, Health(ConnectionHealth.INSUFFICIENT_SCOPE))
    assert shares_grant(store, last)
    with store.write() as session:
        connections.mark_health(session, dead.id, Health(ConnectionHealth.NEEDS_REAUTH))
    assert leave(store, last)


def test_of_several_that_leave_a_grant_at_once_one_is_the_last(
    store: Store, vault: Vault, tenant: Tenant
) -> None:
    pages = [tenant.connection(f"{n}", platform="facebook", grant_id="person") for n in range(4)]
    for page in pages:
        tenant.credential(vault, page.id)
    start = Barrier(4)

    def race(page: Connection) -> bool:
        start.wait()
        return leave(store, page)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(race, pages)) == [False, False, False, True]


def test_a_consent_and_a_disconnection_wait_for_each_other(
    url: str, store: Store, tenant: Tenant
) -> None:
    pages = [tenant.connection(f"{n}", platform="facebook", grant_id="person") for n in range(2)]
    first, last = sorted(pages, key=lambda page: page.id)
    with ThreadPoolExecutor(1) as pool:
        with store.write() as session:
            accounts = [last.account_id, first.account_id]
            grants.hold_accounts(session, tenant.workspace.id, "facebook", accounts)
            leaving = pool.submit(leave, store, first)
            await_waiter(url)
            # In the consent's own order, which is the other one.
            for page in (last, first):
                connections.ensure_connection(
                    session,
                    workspace_id=tenant.workspace.id,
                    platform="facebook",
                    account_id=page.account_id,
                    name="A Page",
                    handle=None,
                    thumbnail_url=None,
                    scopes=["upload"],
                    grant_id="person",
                )
        assert leaving.result() is False
