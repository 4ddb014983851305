"""Work that a connection's health decides on."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from domain.health import HEALTHY, Health
from domain.secrets import Secret
from domain.states import AssignmentState, ConnectionHealth, KnownBy, WaitReason
from store.engine import Store
from store.queries.access import connections
from store.queries.publishing import parked, progress, transfers
from store.tables import Assignment, Connection, now
from store.vault import Vault
from tests.store.conftest import Tenant


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    return tenant.connection()


def park(store: Store, row: Assignment, reason: WaitReason = WaitReason.CONNECTION) -> None:
    with store.write() as session:
        progress.record_state(
            session, row.id, state=AssignmentState.WAITING, wait_reason=reason, warnings={}
        )


def settle(store: Store, row: Assignment) -> None:
    with store.write() as session:
        progress.record_state(session, row.id, state=AssignmentState.CANCELLED, warnings={})


def disconnect(store: Store, connection: Connection) -> None:
    with store.write() as session:
        connections.disconnect(session, connection.id)


def standing_still(session: Session) -> list[str]:
    later = now() + timedelta(seconds=1)
    return list(parked.list_unsettled_connections(session, settled_before=later, limit=10))


def test_only_what_waits_for_the_connection_is_parked_on_it(
    store: Store, tenant: Tenant, connection: Connection
) -> None:
    rows = [tenant.assignment() for _ in range(4)]
    for row in rows[:2]:
        park(store, row)
    park(store, rows[2], WaitReason.QUOTA)
    with store.read() as session:
        assert parked.count_parked(session, connection.id) == 2
        first = parked.list_parked(session, connection.id, after=0, limit=1)
        rest = parked.list_parked(session, connection.id, after=first[0].number, limit=10)
        assert [row.id for row in (*first, *rest)] == [row.id for row in rows[:2]]


def test_what_may_be_a_video_already_is_past_stopping(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    waiting, finishing, there, ended = (tenant.assignment() for _ in range(4))
    park(store, waiting)
    with store.write() as session:
        transfers.open_transfer(session, vault, finishing.id, Secret("session"), known=0)
        transfers.mark_finish_sent(session, finishing.id, known=1)
        progress.note_finished(session, there.id, platform_id="v", known_by=KnownBy.ANSWER)
    settle(store, ended)
    with store.read() as session:
        assert parked.list_stoppable(session, connection.id, after=0, limit=10) == []
    disconnect(store, connection)
    with store.read() as session:
        stoppable = parked.list_stoppable(session, connection.id, after=0, limit=10)
        assert [row.id for row in stoppable] == [waiting.id]
        assert parked.count_stoppable(session, connection.id) == 1
        assert parked.count_past_stopping(session, connection.id) == 2
        assert parked.count_unsettled(session, connection.id) == 3


def test_work_stands_still_for_nothing_once_the_connection_is_settled(
    store: Store, tenant: Tenant, connection: Connection
) -> None:
    row = tenant.assignment()
    with store.write() as session:
        connections.mark_health(session, connection.id, Health(ConnectionHealth.NEEDS_REAUTH))
    park(store, row)
    with store.read() as session:
        assert standing_still(session) == []
    with store.write() as session:
        connections.mark_health(session, connection.id, HEALTHY)
    with store.read() as session:
        assert standing_still(session) == [connection.id]
        just_now = now() - timedelta(seconds=20)
        assert not parked.list_unsettled_connections(session, settled_before=just_now, limit=10)
    disconnect(store, connection)
    with store.read() as session:
        assert standing_still(session) == [connection.id]
    settle(store, row)
    with store.read() as session:
        assert standing_still(session) == []


def test_what_waits_in_vain_behind_its_last_byte_is_stranded(
    store: Store, vault: Vault, tenant: Tenant, connection: Connection
) -> None:
    stoppable, finishing, there, moving = (tenant.assignment() for _ in range(4))
    with store.write() as session:
        transfers.open_transfer(session, vault, finishing.id, Secret("session"), known=0)
        transfers.mark_finish_sent(session, finishing.id, known=1)
        for row in (there, moving):
            progress.note_finished(session, row.id, platform_id="v", known_by=KnownBy.ANSWER)
    for row in (stoppable, finishing, there):
        park(store, row)
    with store.read() as session:
        assert parked.list_stranded(session, connection.id, after=0, limit=10) == []
    disconnect(store, connection)
    with store.read() as session:
        stranded = parked.list_stranded(session, connection.id, after=0, limit=10)
        assert [row.id for row in stranded] == [finishing.id, there.id]
    for row in (stoppable, finishing):
        settle(store, row)
    with store.read() as session:
        assert standing_still(session) == [connection.id]
    settle(store, there)
    with store.read() as session:
        assert standing_still(session) == [], "what still moves says itself when it is held up"


def test_connections_that_were_settled_longest_ago_come_first(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    recently, long_ago = tenant.assignment(), stranger.assignment()
    for row, hours in ((recently, 1), (long_ago, 2)):
        park(store, row)
        with store.write() as session:
            connection = connections.lock_connection(session, row.connection_id)
            connection.health_since -= timedelta(hours=hours)
    with store.read() as session:
        assert standing_still(session) == [long_ago.connection_id, recently.connection_id]
