"""What a transaction tells: numbered in the order of the commits, and only if it commits."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest
from sqlmodel import select

from domain.events import EventType
from domain.health import HEALTHY, Health
from domain.states import ConnectionHealth
from domain.wakes import DeliveryDue, Wake
from store import outbox
from store.engine import Store
from store.queries.access import connections
from store.queries.telling import endpoints
from store.queries.telling.events import list_events_after
from store.tables import Delivery, Event
from store.vault import Vault
from tests.store.conftest import Tenant

NEEDS_REAUTH = Health(ConnectionHealth.NEEDS_REAUTH, "invalid_grant")


def note(subject: str = "con_1", *, key: str | None = None, **data: int) -> outbox.Note:
    return outbox.Note("", EventType.CONNECTION_REFRESHED, subject, data, key=key)


def tell(tenant: Tenant, *notes: outbox.Note, store: Store | None = None) -> None:
    with (store or tenant.store).write() as session:
        for one in notes:
            outbox.note(
                session,
                outbox.Note(tenant.workspace.id, one.type, one.subject_id, one.data, key=one.key),
            )


def events(tenant: Tenant, after: int = 0) -> Sequence[Event]:
    with tenant.store.read() as session:
        return list_events_after(session, tenant.workspace.id, after, limit=10_000)


def numbers(tenant: Tenant) -> list[int]:
    return [event.number for event in events(tenant)]


def test_events_are_numbered_per_workspace(tenant: Tenant, stranger: Tenant) -> None:
    tell(tenant, note(a=1), note(a=2))
    tell(stranger, note(a=3))
    tell(tenant, note(a=4))
    assert [(event.number, event.data) for event in events(tenant)] == [
        (1, {"a": 1}),
        (2, {"a": 2}),
        (3, {"a": 4}),
    ]
    assert numbers(stranger) == [1]


def test_what_is_rolled_back_was_told_to_nobody(tenant: Tenant) -> None:
    woken: list[Wake] = []
    tenant.store.after_commit = woken.extend

    def fails() -> None:
        with tenant.store.write() as session:
            outbox.note(session, outbox.Note(tenant.workspace.id, note().type, "con_1", {}))
            outbox.wake(session, DeliveryDue("wsp_1", "whe_1", "con_1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    tell(tenant, note())
    assert (numbers(tenant), woken) == ([1], [])


def test_who_is_woken_finds_what_was_committed(url: str, tenant: Tenant) -> None:
    elsewhere = Store(url)
    found: list[int] = []
    tenant.store.after_commit = lambda wakes: found.extend(
        numbers(Tenant(elsewhere, tenant.workspace))
    )
    with tenant.store.write() as session:
        outbox.note(session, replace(note(), workspace_id=tenant.workspace.id))
        outbox.wake(session, DeliveryDue("wsp_1", "end_1", "con_1"))
    elsewhere.close()
    assert found == [1]


def test_what_has_a_key_is_told_once(tenant: Tenant) -> None:
    tell(tenant, note(key="reminder-1"), note(key="reminder-1"))
    tell(tenant, note(key="reminder-1"), note(key="reminder-2"))
    assert [event.key for event in events(tenant)] == ["reminder-1", "reminder-2"]
    assert numbers(tenant) == [1, 2]


def test_a_snapshot_stays_as_it_was_taken(tenant: Tenant) -> None:
    connection = tenant.connection()
    with tenant.store.write() as session:
        connections.mark_health(session, connection.id, NEEDS_REAUTH)
        connections.mark_health(session, connection.id, HEALTHY)
    created, broken, recovered = (event.data["health"] for event in events(tenant))
    assert (created, broken, recovered) == ("healthy", "needs_reauth", "healthy")


def test_numbers_have_no_gap_however_many_write_at_once(tenant: Tenant, url: str) -> None:
    """Two stores meet each other as two processes do; some of what they write is rolled back."""
    stores = [tenant.store, Store(url)]
    seen: list[list[int]] = []

    def write(turn: int) -> None:
        if turn % 4 == 3:
            seen.append(numbers(tenant))
            return
        try:
            with stores[turn % 2].write() as session:
                outbox.note(
                    session, outbox.Note(tenant.workspace.id, note().type, f"con_{turn}", {})
                )
                outbox.settle(session)
                if turn % 5 == 0:
                    raise ValueError
        except ValueError:
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(120)))
    stores[1].close()

    told = sum(1 for turn in range(120) if turn % 4 != 3 and turn % 5)
    assert numbers(tenant) == list(range(1, told + 1))
    # Whoever saw a number had seen every one before it.
    assert all(look == list(range(1, len(look) + 1)) for look in seen)


def test_those_who_tell_do_not_wait_for_each_other_crosswise(
    tenant: Tenant, url: str, vault: Vault
) -> None:
    """Everything at once that holds rows before it tells: nothing ends in a deadlock."""
    other = Store(url, vault)
    two = [tenant.connection("UC1").id, tenant.connection("UC2").id]
    turns = count()

    def make() -> str:
        with tenant.store.write() as session:
            endpoint = endpoints.create_endpoint(
                session, vault, workspace_id=tenant.workspace.id, url="https://example.com/"
            )
        return endpoint.id

    fixed = make()

    def work(kind: int) -> None:
        store = (tenant.store, other)[next(turns) % 2]
        match kind:
            case 0 | 1:
                health = NEEDS_REAUTH if next(turns) % 2 else HEALTHY
                with store.write() as session:
                    # In either order: each is told by a transaction of its own.
                    connections.mark_health(session, two[kind], health)
            case 2:
                with store.write() as session:
                    endpoints.disable(session, endpoints.lock_endpoint(session, fixed), "gone")
                with store.write() as session:
                    endpoints.update_endpoint(session, tenant.workspace.id, fixed, is_enabled=True)
            case 3:
                doomed = make()
                with store.write() as session:
                    endpoints.delete_endpoint(session, tenant.workspace.id, doomed)
            case _:
                tenant.assignment()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [turn % 5 for turn in range(60)]))
    other.close()
    told = numbers(tenant)
    assert told == list(range(1, len(told) + 1))


def test_an_endpoint_gets_a_delivery_of_what_it_wants(tenant: Tenant, vault: Vault) -> None:
    woken: list[Wake] = []
    with tenant.store.write() as session:
        everything, some, none = (
            endpoints.create_endpoint(
                session,
                vault,
                workspace_id=tenant.workspace.id,
                url="https://example.com/",
                event_types=types,
            )
            for types in ([], ["connection.*"], ["assignment.*", "endpoint.disabled"])
        )
        callbacks = endpoints.ensure_callbacks(session, vault, tenant.workspace.id)
    tenant.store.after_commit = woken.extend

    tell(tenant, note("con_7"))

    with tenant.store.read() as session:
        [event] = events(tenant)
        written = {row.endpoint_id: row for row in session.exec(select(Delivery))}
    assert written.keys() == {everything.id, some.id}
    assert none.id not in written
    assert callbacks.id not in written
    assert {(row.event_id, row.number, row.subject_id) for row in written.values()} == {
        (event.id, event.number, "con_7")
    }
    assert set(woken) == {
        DeliveryDue(everything.workspace_id, everything.id, "con_7"),
        DeliveryDue(some.workspace_id, some.id, "con_7"),
    }
