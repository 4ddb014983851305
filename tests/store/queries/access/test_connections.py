from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from domain.errors import Conflict, NotFound, ReauthorizationNeeded
from domain.health import HEALTHY, Clocks, Health
from domain.states import ConnectionHealth, TokenLife
from store.engine import Store
from store.queries import workspaces
from store.queries.access import connections, credentials
from store.queries.access.credentials import StoredCredential
from store.tables import Connection
from store.vault import Vault
from tests.store.conftest import Tenant


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    return tenant.connection()


def credential(store: Store, vault: Vault, connection: Connection) -> StoredCredential:
    with store.read() as session:
        return credentials.get_credential(session, vault, connection.id)


def test_a_reconnection_keeps_the_id_and_brings_health_back(
    store: Store, tenant: Tenant, connection: Connection
) -> None:
    with store.write() as session:
        organization = workspaces.create_organization(
            session, workspace_id=tenant.workspace.id, name="customer"
        )
        connections.update_connection(
            session,
            tenant.workspace.id,
            connection.id,
            organization_id=organization.id,
            external_id="theirs",
        )
        connections.mark_health(
            session, connection.id, Health(ConnectionHealth.NEEDS_REAUTH, "invalid_grant")
        )
    again = tenant.connection()
    assert again.id == connection.id
    assert (again.health, again.health_reason) == (ConnectionHealth.HEALTHY, None)
    assert (again.organization_id, again.external_id) == (organization.id, "theirs")
    assert again.connected_at > connection.connected_at


@pytest.mark.parametrize("is_disconnected", [False, True])
def test_one_that_was_switched_off_stays_off_unless_it_was_disconnected(
    store: Store, tenant: Tenant, connection: Connection, is_disconnected: bool
) -> None:
    with store.write() as session:
        connections.update_connection(session, tenant.workspace.id, connection.id, is_active=False)
        if is_disconnected:
            connections.disconnect(session, connection.id)
    assert tenant.connection().is_active is is_disconnected


def test_the_same_account_in_two_workspaces_makes_two_connections(
    connection: Connection, stranger: Tenant
) -> None:
    assert stranger.connection().id != connection.id


def test_the_same_account_connected_at_once_makes_one_connection(tenant: Tenant) -> None:
    start = Barrier(4)

    def connect(_: int) -> str:
        start.wait()
        return tenant.connection("UC9").id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(connect, range(4)))) == 1


def test_a_foreign_connection_is_not_found_like_an_unknown_one(
    store: Store, connection: Connection, stranger: Tenant
) -> None:
    said = []
    with store.read() as session:
        for connection_id in (connection.id, "con_unknown"):
            with pytest.raises(NotFound) as caught:
                connections.get_connection(session, stranger.workspace.id, connection_id)
            said.append((caught.value.code, caught.value.sentence))
    assert said == [("connection_not_found", "There is no such connection.")] * 2


def test_a_foreign_connection_cannot_be_changed(
    store: Store, connection: Connection, stranger: Tenant
) -> None:
    with store.write() as session, pytest.raises(NotFound):
        connections.update_connection(
            session, stranger.workspace.id, connection.id, name="taken over"
        )


def test_connections_are_found_by_what_is_asked(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    first, second = tenant.connection("UC1"), tenant.connection("UC2")
    stranger.connection("UC3")
    with store.write() as session:
        connections.update_connection(
            session, tenant.workspace.id, second.id, external_id="x", is_active=False
        )

    def ids(**wanted: str | bool) -> list[str]:
        with store.read() as session:
            page = connections.find_connections(session, tenant.workspace.id, **wanted)  # type: ignore[arg-type]
        assert page.total == len(page.items)
        return [row.id for row in page.items]

    assert ids() == [first.id]
    assert ids(include_inactive=True) == [first.id, second.id]
    assert ids(include_inactive=True, external_id="x") == [second.id]
    assert ids(platform="facebook") == []
    assert ids(organization_id="org_unknown") == []


def test_the_latest_connection_is_the_one_authorized_last(store: Store, tenant: Tenant) -> None:
    tenant.connection("UC1")
    second = tenant.connection("UC2")
    with store.read() as session:
        latest = connections.find_latest_connection(session, tenant.workspace.id, "youtube")
        assert latest is not None
        assert latest.id == second.id
        assert connections.find_latest_connection(session, tenant.workspace.id, "facebook") is None
    first = tenant.connection("UC1")
    with store.read() as session:
        latest = connections.find_latest_connection(session, tenant.workspace.id, "youtube")
        assert latest is not None
        assert latest.id == first.id


def test_an_absent_change_leaves_a_column_and_a_none_clears_it(
    store: Store, tenant: Tenant, connection: Connection
) -> None:
    workspace_id = tenant.workspace.id
    with store.write() as session:
        connections.update_connection(session, workspace_id, connection.id, external_id="x")
    with store.write() as session:
        row = connections.update_connection(session, workspace_id, connection.id, name="Renamed")
        assert (row.name, row.external_id) == ("Renamed", "x")
        row = connections.update_connection(session, workspace_id, connection.id, external_id=None)
        assert (row.name, row.external_id) == ("Renamed", None)


def test_a_disconnected_connection_has_no_credential_and_stays_off(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    tenant.credential(vault, connection.id)
    for _ in range(2):
        with store.write() as session:
            connections.disconnect(session, connection.id)
    with pytest.raises(ReauthorizationNeeded) as caught:
        credential(store, vault, connection)
    assert caught.value.code == "disconnected"
    with store.write() as session:
        row = connections.mark_health(session, connection.id, HEALTHY)
        assert (row.is_active, row.health) == (False, ConnectionHealth.DISCONNECTED)
        with pytest.raises(Conflict):
            connections.update_connection(
                session, tenant.workspace.id, connection.id, is_active=True
            )


def test_a_reconnection_may_rest_on_another_grant(store: Store, tenant: Tenant) -> None:
    tenant.connection("1", platform="facebook", grant_id="person")
    again = tenant.connection("1", platform="facebook", grant_id="another person")
    with store.read() as session:
        row = connections.get_connection(session, tenant.workspace.id, again.id)
    assert row.grant_id == "another person"


def test_a_connections_clocks_are_noted_until_it_is_disconnected(
    store: Store, tenant: Tenant, connection: Connection
) -> None:
    ends = datetime(2027, 3, 1, tzinfo=UTC)
    with store.write() as session:
        connections.note_refreshed(
            session,
            connection.id,
            clocks=Clocks(TokenLife.PERMANENT, data_access_ends_at=ends),
            scopes=["upload"],
        )
    with store.read() as session:
        row = connections.get_connection(session, tenant.workspace.id, connection.id)
    assert (row.token_life, row.data_access_ends_at) == (TokenLife.PERMANENT, ends)
    with store.write() as session:
        row = connections.disconnect(session, connection.id)
    assert row.data_access_ends_at is None


def test_a_word_on_an_older_credential_changes_nothing(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    def denounce(version: int) -> str:
        with store.write() as session:
            return connections.mark_health(
                session, connection.id, Health(ConnectionHealth.NEEDS_REAUTH), version=version
            ).health

    tenant.credential(vault, connection.id)
    rejected = credential(store, vault, connection).version
    tenant.credential(vault, connection.id, "of the reconnection")
    assert denounce(rejected) == ConnectionHealth.HEALTHY
    assert denounce(credential(store, vault, connection).version) == ConnectionHealth.NEEDS_REAUTH
