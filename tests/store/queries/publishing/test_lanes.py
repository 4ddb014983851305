"""A workspace's transfers hold places, of which there are so many and no more."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest

from domain.states import AssignmentState, KnownBy, WaitReason
from domain.wakes import TransferPlaceFree, Wake
from store.engine import Store
from store.queries.publishing import lanes, progress, retrying
from store.tables import Assignment, now
from tests.store.conftest import Tenant

PLACES = 2


def begin(store: Store, assignment: Assignment, *, places: int = PLACES) -> bool:
    with store.write() as session:
        row = progress.require_current(session, assignment.id, attempt=assignment.attempt)
        return progress.begin_uploading(session, row, places=places)


def read(store: Store, assignment: Assignment) -> Assignment:
    with store.read() as session:
        row = session.get(Assignment, assignment.id)
    assert row is not None
    return row


def queued(tenant: Tenant, *, is_slow: bool = False) -> Sequence[str]:
    with tenant.store.read() as session:
        return lanes.list_queued(session, tenant.workspace.id, is_slow=is_slow, limit=10)


@pytest.fixture
def woken(store: Store) -> list[Wake]:
    woken: list[Wake] = []
    store.after_commit = woken.extend
    return woken


def test_what_finds_no_place_is_queued_in_its_order(tenant: Tenant) -> None:
    made = [tenant.assignment() for _ in range(4)]
    assert [begin(tenant.store, each) for each in made] == [True, True, False, False]
    states = [read(tenant.store, each).state for each in made]
    assert states == ["uploading", "uploading", "pending", "pending"]
    # Another look changes nothing, nor its turn.
    assert not begin(tenant.store, made[2])
    assert queued(tenant) == [made[2].id, made[3].id]


def test_an_attempt_that_was_cut_off_has_kept_its_place(tenant: Tenant) -> None:
    first, second, third = (tenant.assignment() for _ in range(3))
    assert begin(tenant.store, first)
    assert begin(tenant.store, second)
    assert begin(tenant.store, first)
    assert not begin(tenant.store, third)


def test_a_transfer_without_a_workflow_does_not_hold_its_place_for_ever(tenant: Tenant) -> None:
    terminated, held = tenant.assignment(), tenant.assignment()
    for each in (terminated, held):
        begin(tenant.store, each)
    with tenant.store.write() as session:
        row = progress.require_current(session, terminated.id, attempt=1)
        row.updated_at = now() - lanes.SILENCE
    assert begin(tenant.store, tenant.assignment())
    assert not begin(tenant.store, tenant.assignment())


def test_one_workspace_takes_no_place_of_another(tenant: Tenant, stranger: Tenant) -> None:
    assert [begin(tenant.store, tenant.assignment()) for _ in range(3)] == [True, True, False]
    assert begin(stranger.store, stranger.assignment())


def test_two_at_once_never_take_the_last_place(tenant: Tenant) -> None:
    made = [tenant.assignment() for _ in range(8)]
    together = Barrier(len(made))

    def one(assignment: Assignment) -> bool:
        together.wait()
        return begin(tenant.store, assignment, places=3)

    with ThreadPoolExecutor(len(made)) as threads:
        admitted = list(threads.map(one, made))
    assert admitted.count(True) == 3
    assert len(queued(tenant)) == 5


@pytest.mark.parametrize("state", ["uploaded", "waiting", "cancelled", "slow"])
def test_every_way_out_of_a_transfer_wakes_for_its_place(
    tenant: Tenant, woken: list[Wake], state: str
) -> None:
    assignment = tenant.assignment()
    begin(tenant.store, assignment)
    woken.clear()
    with tenant.store.write() as session:
        record = partial(progress.record_state, session, assignment.id, warnings={})
        match state:
            case "uploaded":
                progress.note_finished(
                    session, assignment.id, platform_id="x", known_by=KnownBy.ANSWER
                )
            case "waiting":
                record(state=AssignmentState.WAITING, wait_reason=WaitReason.SOURCE)
            case "cancelled":
                record(state=AssignmentState.CANCELLED)
            case "slow":
                row = progress.require_current(session, assignment.id, attempt=1)
                progress.move_to_slow_lane(session, row)
    assert woken == [TransferPlaceFree(tenant.workspace.id, is_slow=False)]


def test_the_slow_lane_has_places_of_its_own(tenant: Tenant, woken: list[Wake]) -> None:
    slow, fast = tenant.assignment(), tenant.assignment()
    for each in (slow, fast):
        begin(tenant.store, each, places=1)
    with tenant.store.write() as session:
        row = progress.require_current(session, slow.id, attempt=1)
        progress.move_to_slow_lane(session, row)
    assert begin(tenant.store, fast, places=1)
    assert begin(tenant.store, slow, places=1)
    woken.clear()
    with tenant.store.write() as session:
        progress.note_finished(session, slow.id, platform_id="x", known_by=KnownBy.ANSWER)
    assert woken == [TransferPlaceFree(tenant.workspace.id, is_slow=True)]


def test_what_ends_in_the_queue_leaves_it(tenant: Tenant) -> None:
    made = [tenant.assignment() for _ in range(3)]
    for each in made:
        begin(tenant.store, each)
    with tenant.store.write() as session:
        progress.record_state(session, made[2].id, state=AssignmentState.CANCELLED, warnings={})
    assert queued(tenant) == []


def test_a_retry_begins_in_the_fast_lane(tenant: Tenant) -> None:
    assignment = tenant.assignment()
    begin(tenant.store, assignment)
    with tenant.store.write() as session:
        row = progress.require_current(session, assignment.id, attempt=1)
        progress.move_to_slow_lane(session, row)
        progress.record_state(session, row.id, state=AssignmentState.FAILED, warnings={})
    with tenant.store.write() as session:
        retrying.begin_retry(session, tenant.workspace.id, assignment.id)
    assert not read(tenant.store, assignment).is_slow


def test_the_queues_are_found_again_after_a_lost_wake(tenant: Tenant) -> None:
    for _ in range(4):
        begin(tenant.store, tenant.assignment())
    with tenant.store.read() as session:
        soon = lanes.list_queues(session, queued_before=now() - timedelta(minutes=1))
        later = lanes.list_queues(session, queued_before=now() + timedelta(minutes=1))
    assert (soon, later) == ([], [TransferPlaceFree(tenant.workspace.id, is_slow=False)])


def test_the_counts_are_read_from_small_indexes(tenant: Tenant) -> None:
    if tenant.store._engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a small table whole")
    seen: list[str] = []

    with tenant.store.read() as session:
        connection = session.connection()

        def explain(statement: str, parameters: tuple[object, ...]) -> None:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            seen.extend(str(row[-1]) for row in plan)

        explain(
            "SELECT count(*) FROM assignment WHERE workspace_id = ? AND is_slow = ? "
            "AND state = 'uploading'",
            ("w", False),
        )
        explain(
            "SELECT id FROM assignment WHERE workspace_id = ? AND is_slow = ? "
            "AND queued_at IS NOT NULL ORDER BY queued_at, number",
            ("w", False),
        )
    assert "ix_assignment_uploading" in seen[0]
    assert "ix_assignment_queued" in seen[1]
