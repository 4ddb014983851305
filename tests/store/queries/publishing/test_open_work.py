"""Which open assignments count as stuck, on both databases."""

from datetime import timedelta

import pytest

from domain.states import AssignmentState
from store.queries.publishing import assignments, open_work
from store.tables import now
from tests.store.conftest import Tenant

MINUTE = timedelta(minutes=1)
STATES = AssignmentState


def move(tenant: Tenant, state: AssignmentState, *, unmoved: timedelta, **columns: object) -> str:
    row = tenant.assignment()
    with tenant.store.write() as session:
        held = assignments.lock_assignment(session, row.id)
        held.state = state
        held.created_at = held.updated_at = now() - unmoved
        for name, value in columns.items():
            setattr(held, name, value)
    return row.id


@pytest.mark.parametrize(
    ("state", "limit"),
    [
        (STATES.PENDING, open_work.LATE),
        (STATES.UPLOADING, open_work.SILENT),
        (STATES.UPLOADED, open_work.SILENT),
        (STATES.PROCESSING, open_work.UNDECIDED),
        (STATES.UNCONFIRMED, open_work.UNDECIDED),
    ],
)
def test_what_has_not_moved_for_its_states_limit_is_stuck(
    tenant: Tenant, state: AssignmentState, limit: timedelta
) -> None:
    move(tenant, state, unmoved=limit - MINUTE)
    stuck = move(tenant, state, unmoved=limit + MINUTE)
    with tenant.store.read() as session:
        assert [row.id for row in open_work.list_stuck(session, limit=10)] == [stuck]
        assert open_work.count_stuck(session) == 1


def test_what_waits_for_its_time_or_has_ended_is_not_stuck(tenant: Tenant) -> None:
    long = timedelta(days=30)
    move(tenant, STATES.WAITING, unmoved=long, wait_until=now() + MINUTE)
    move(tenant, STATES.WAITING, unmoved=long, wait_reason="connection")
    move(tenant, STATES.PENDING, unmoved=long, scheduled_at=now() + MINUTE)
    move(tenant, STATES.PENDING, unmoved=long, queued_at=now() - long)
    for ended in (STATES.PUBLISHED, STATES.FAILED, STATES.CANCELLED):
        move(tenant, ended, unmoved=long)
    with tenant.store.read() as session:
        assert open_work.count_stuck(session) == 0
        assert sum(state.count for state in open_work.count_open(session)) == 4


def test_what_waited_for_a_time_that_is_over_is_stuck(tenant: Tenant) -> None:
    late = now() - open_work.LATE - MINUTE
    moved = move(tenant, STATES.WAITING, unmoved=MINUTE, wait_until=late)
    stuck = move(tenant, STATES.WAITING, unmoved=timedelta(days=1), wait_until=late)
    with tenant.store.read() as session:
        ids = [row.id for row in open_work.list_stuck(session, limit=10)]
    assert stuck in ids
    assert moved not in ids
