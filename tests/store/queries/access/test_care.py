"""Which connections are due, and what a look at one moves on."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.health import Clocks, Health
from domain.states import ConnectionHealth, TokenLife
from store.engine import Store
from store.queries.access import care, connections
from store.tables import Connection
from tests.store.conftest import Tenant

NOW = datetime.now(UTC)
DEAD = Health(ConnectionHealth.NEEDS_REAUTH, "grant_dead")


def due_at(store: Store, connection_id: str, moment: datetime | None) -> None:
    with store.write() as session:
        connections.lock_connection(session, connection_id).check_due_at = moment


def look(store: Store, connection_id: str) -> Connection:
    with store.read() as session:
        return connections.get_connection_by_id(session, connection_id)


def due(store: Store, by: datetime = NOW, limit: int = 10) -> list[str]:
    with store.read() as session:
        return list(care.list_due(session, by=by, limit=limit))


def test_who_has_waited_longest_comes_first_and_a_page_ends(store: Store, tenant: Tenant) -> None:
    ids = [tenant.connection(f"UC{number}").id for number in range(4)]
    for id, minutes in zip(ids, (-1, -3, -2, 1), strict=True):
        due_at(store, id, NOW + timedelta(minutes=minutes))
    assert due(store) == [ids[1], ids[2], ids[0]]
    assert due(store, limit=2) == [ids[1], ids[2]]


def test_everything_that_lives_is_made_due_and_the_rest_is_left_alone(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    ours, theirs = tenant.connection().id, stranger.connection().id
    broken, gone = tenant.connection("UC2").id, tenant.connection("UC3").id
    with store.write() as session:
        connections.mark_health(session, broken, DEAD)
        connections.disconnect(session, gone)
    assert due(store) == []

    def page(after: str) -> list[str]:
        with store.write() as session:
            return list(care.make_due(session, NOW, after=after, limit=1))

    first, second = sorted([ours, theirs])
    assert [page(""), page(first), page(second), page("")] == [[first], [second], [], []]
    assert set(due(store)) == {ours, theirs}


def test_of_two_sweeps_one_takes_a_connection(store: Store, tenant: Tenant) -> None:
    id = tenant.connection().id
    due_at(store, id, NOW)

    def claim() -> bool:
        with store.write() as session:
            return care.claim(session, id, due_by=NOW, until=NOW + timedelta(minutes=5))

    assert [claim(), claim()] == [True, False]
    assert due(store) == []


def test_one_that_was_checked_is_due_later_and_its_blips_are_forgotten(
    store: Store, tenant: Tenant
) -> None:
    id, later = tenant.connection().id, NOW + timedelta(hours=1)
    due_at(store, id, NOW)
    with store.write() as session:
        care.note_blip(session, id, due_at=NOW)
        care.note_blip(session, id, due_at=NOW)
    assert look(store, id).failed_checks == 2
    with store.write() as session:
        care.note_checked(session, id, due_at=later)
    row = look(store, id)
    assert (row.failed_checks, row.check_due_at) == (0, later)
    assert row.checked_at is not None


def test_one_that_needs_a_person_is_not_due_until_it_is_well(store: Store, tenant: Tenant) -> None:
    id = tenant.connection().id
    with store.write() as session:
        connections.mark_health(session, id, DEAD)
        care.note_checked(session, id, due_at=NOW)
        care.note_blip(session, id, due_at=NOW)
    assert look(store, id).check_due_at is None
    with store.write() as session:
        connections.mark_health(session, id, Health(ConnectionHealth.HEALTHY))
    assert look(store, id).check_due_at is not None


@pytest.mark.parametrize(("lives", "count"), [(7, 1), (60, 0)])
def test_living_grants_of_a_week_are_counted(
    store: Store, tenant: Tenant, lives: int, count: int
) -> None:
    clocks = Clocks(TokenLife.RENEWED, grant_expires_at=NOW + timedelta(days=lives))
    for number in range(2):
        id = tenant.connection(f"UC{number}").id
        with store.write() as session:
            connections.note_refreshed(session, id, clocks=clocks, scopes=[])
    with store.write() as session:
        connections.mark_health(session, id, DEAD)
    with store.read() as session:
        assert care.count_of_testing(session) == count
        assert care.count_by_health(session) == {
            ConnectionHealth.HEALTHY: 1,
            ConnectionHealth.NEEDS_REAUTH: 1,
        }
