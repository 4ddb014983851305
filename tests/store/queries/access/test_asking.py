"""Connections that need a person while nobody waits for one."""

from datetime import timedelta

from domain.health import Health
from domain.states import ConnectionHealth
from store.engine import Store
from store.queries.access import asking, connections
from store.tables import now
from tests.store.conftest import Tenant


def unasked(store: Store) -> list[str]:
    with store.read() as session:
        soon = now() + timedelta(seconds=1)
        return list(asking.list_unasked(session, broken_before=soon, limit=10))


def mark(store: Store, connection_id: str, health: ConnectionHealth) -> None:
    with store.write() as session:
        connections.mark_health(session, connection_id, Health(health))


def look(store: Store, connection_id: str) -> None:
    with store.write() as session:
        asking.note_reauth_look(session, connection_id)


def test_a_person_is_to_be_asked_for_once_per_trouble(store: Store, tenant: Tenant) -> None:
    connection = tenant.connection()
    look(store, connection.id)
    assert unasked(store) == []
    mark(store, connection.id, ConnectionHealth.NEEDS_REAUTH)
    assert unasked(store) == [connection.id]
    look(store, connection.id)
    mark(store, connection.id, ConnectionHealth.NEEDS_REAUTH)
    assert unasked(store) == []
    mark(store, connection.id, ConnectionHealth.HEALTHY)
    mark(store, connection.id, ConnectionHealth.INSUFFICIENT_SCOPE)
    assert unasked(store) == [connection.id]


def test_nobody_is_asked_for_what_is_gone_or_just_broke(store: Store, tenant: Tenant) -> None:
    gone, fresh = tenant.connection("1"), tenant.connection("2")
    mark(store, gone.id, ConnectionHealth.NEEDS_REAUTH)
    with store.write() as session:
        connections.disconnect(session, gone.id)
    mark(store, fresh.id, ConnectionHealth.NEEDS_REAUTH)
    with store.read() as session:
        before = now() - timedelta(seconds=20)
        assert asking.list_unasked(session, broken_before=before, limit=10) == []


def in_vain(store: Store) -> list[str]:
    with store.read() as session:
        soon = now() + timedelta(seconds=1)
        return list(asking.list_waited_in_vain(session, settled_before=soon, limit=10))


def age(store: Store, connection_id: str, hours: float) -> None:
    with store.write() as session:
        row = connections.lock_connection(session, connection_id)
        row.health_since -= timedelta(hours=hours)


def test_a_person_is_waited_for_until_somebody_has_looked(store: Store, tenant: Tenant) -> None:
    well, gone = tenant.connection("1"), tenant.connection("2")
    for connection in (well, gone):
        mark(store, connection.id, ConnectionHealth.NEEDS_REAUTH)
        look(store, connection.id)
    assert in_vain(store) == []
    mark(store, well.id, ConnectionHealth.HEALTHY)
    mark(store, well.id, ConnectionHealth.EXPIRING)
    with store.write() as session:
        connections.disconnect(session, gone.id)
    age(store, gone.id, hours=1)
    assert in_vain(store) == [gone.id, well.id]
    look(store, gone.id)
    look(store, well.id)
    assert in_vain(store) == []


def test_from_one_trouble_into_another_a_person_is_asked_for_anew(
    store: Store, tenant: Tenant
) -> None:
    first, second = tenant.connection("1"), tenant.connection("2")
    for connection in (first, second):
        mark(store, connection.id, ConnectionHealth.NEEDS_REAUTH)
        look(store, connection.id)
    mark(store, first.id, ConnectionHealth.INSUFFICIENT_SCOPE)
    mark(store, second.id, ConnectionHealth.HEALTHY)
    mark(store, second.id, ConnectionHealth.NEEDS_REAUTH)
    age(store, second.id, hours=1)
    assert unasked(store) == [second.id, first.id]
    assert in_vain(store) == []
