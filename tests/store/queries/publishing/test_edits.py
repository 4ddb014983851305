"""Edits: applied at most once, never after they were withdrawn, and gone when they are late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import select

from domain.errors import Conflict
from domain.states import AssignmentState
from store.engine import Store
from store.queries.publishing import assignments, edits, progress
from store.tables import Assignment, ProposedEdit, now
from tests.store.conftest import Tenant

LATER = datetime(2027, 1, 31, 18, tzinfo=UTC)


@pytest.fixture
def assignment(tenant: Tenant) -> Assignment:
    return tenant.assignment()


def propose(store: Store, assignment: Assignment, **changes: Any) -> int:
    with store.write() as session:
        return edits.propose_edit(session, assignment.id, **changes)


def apply(store: Store, assignment: Assignment, version: int) -> bool:
    with store.write() as session:
        return edits.apply_edit(session, assignment.id, version)


def withdraw(store: Store, assignment: Assignment, version: int) -> bool:
    with store.write() as session:
        return edits.withdraw_edit(session, assignment.id, version)


def read(store: Store, assignment: Assignment) -> Assignment:
    with store.read() as session:
        return assignments.get_assignment_by_id(session, assignment.id)


def proposals(store: Store) -> list[ProposedEdit]:
    with store.read() as session:
        return list(session.exec(select(ProposedEdit)))


def test_a_proposal_alone_changes_nothing(store: Store, assignment: Assignment) -> None:
    propose(store, assignment, payload={"title": "New"}, scheduled_at=LATER)
    row = read(store, assignment)
    assert (row.payload, row.scheduled_at) == ({"title": "Holiday"}, None)


def test_an_edit_changes_what_it_names(store: Store, assignment: Assignment) -> None:
    seen = []
    for changes in (
        {"scheduled_at": LATER},
        {"payload": {"title": "New"}},
        {"clears_schedule": True},
    ):
        assert apply(store, assignment, propose(store, assignment, **changes))
        row = read(store, assignment)
        seen.append((row.payload["title"], row.scheduled_at))
    assert seen == [("Holiday", LATER), ("New", LATER), ("New", None)]


def test_an_edit_of_the_files_ends_the_warning_that_one_was_missing(
    store: Store, assignment: Assignment
) -> None:
    with store.write() as session:
        row = assignments.lock_assignment(session, assignment.id)
        row.warnings = {"thumbnail_missing": "404.", "upright_as_video": "It is upright."}
    for changes, count in (({"scheduled_at": LATER}, 2), ({"payload": {"title": "New"}}, 1)):
        assert apply(store, assignment, propose(store, assignment, **changes))
        assert len(read(store, assignment).warnings) == count
    assert read(store, assignment).warnings == {"upright_as_video": "It is upright."}


def test_an_edit_is_applied_once(store: Store, assignment: Assignment) -> None:
    first = propose(store, assignment, payload={"title": "First"})
    second = propose(store, assignment, payload={"title": "Second"})
    assert [first, second] == [1, 2]
    for version in (first, second, first):
        assert apply(store, assignment, version)
    assert read(store, assignment).payload == {"title": "Second"}
    assert [edit.payload for edit in proposals(store)] == [None, None]


def test_a_withdrawn_edit_is_never_applied(store: Store, assignment: Assignment) -> None:
    version = propose(store, assignment, payload={"title": "New"})
    assert withdraw(store, assignment, version)
    assert not apply(store, assignment, version)
    assert read(store, assignment).payload == {"title": "Holiday"}
    assert propose(store, assignment, payload={"title": "Next"}) == version + 1


def test_an_applied_edit_cannot_be_withdrawn(store: Store, assignment: Assignment) -> None:
    version = propose(store, assignment, payload={"title": "New"})
    apply(store, assignment, version)
    assert not withdraw(store, assignment, version)


def test_of_applying_and_withdrawing_at_once_one_happens(
    store: Store, assignment: Assignment
) -> None:
    together = Barrier(2)
    version = propose(store, assignment, payload={"title": "New"})

    def race(do: Any) -> bool:
        together.wait(60)
        done: bool = do(store, assignment, version)
        return done

    with ThreadPoolExecutor(2) as threads:
        applied, withdrawn = threads.map(race, (apply, withdraw))
    assert applied != withdrawn
    assert (read(store, assignment).payload == {"title": "New"}) == applied


def test_what_a_crash_left_goes_with_the_next_proposal(
    store: Store, assignment: Assignment
) -> None:
    abandoned = propose(store, assignment, payload={"title": "Abandoned"})
    with store.write() as session:
        row = session.get_one(ProposedEdit, (assignment.id, abandoned))
        row.created_at = now() - edits.ABANDONED_AFTER - timedelta(minutes=1)
    version = propose(store, assignment, payload={"title": "New"})
    assert [edit.version for edit in proposals(store)] == [version]
    assert not apply(store, assignment, abandoned)


@pytest.mark.parametrize("is_settled", [False, True])
def test_nothing_is_left_of_edits_once_it_is_too_late_for_them(
    store: Store, assignment: Assignment, is_settled: bool
) -> None:
    propose(store, assignment, payload={"title": "New"})
    with store.write() as session:
        if is_settled:
            progress.record_state(
                session, assignment.id, state=AssignmentState.CANCELLED, warnings={}
            )
        else:
            row = progress.require_current(session, assignment.id, attempt=1)
            assert progress.begin_uploading(session, row, places=4)
    assert proposals(store) == []
    if is_settled:
        with pytest.raises(Conflict) as refused:
            propose(store, assignment, payload={"title": "Late"})
        assert refused.value.code == "too_late"
