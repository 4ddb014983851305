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


def start(store: Store, connection_id: str) -> None:
    with store.write() as session:
        asking.mark_reauth_started(session, connection_id)


def test_a_person_is_to_be_asked_for_once_per_trouble(store: Store, tenant: Tenant) -> None:
    connection = tenant.connection()
    start(store, connection.id)
    assert unasked(store) == []
    mark(store, connection.id, ConnectionHealth.NEEDS_REAUTH)
    assert unasked(store) == [connection.id]
    start(store, connection.id)
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
