"""What a run of before the restore knew, written to its row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.evidence import EvidenceKind
from domain.states import AssignmentState, KnownBy
from store.engine import Store
from store.queries.installation import begin_restore
from store.queries.publishing import assignments, progress
from store.queries.publishing.take_over import take_over
from store.tables import Assignment
from tests.store.conftest import Tenant
from tests.support.evidence import evidence_of

GAP = datetime(2026, 11, 30, 4, tzinfo=UTC)


@pytest.fixture
def restored(store: Store, tenant: Tenant) -> Assignment:
    row = tenant.assignment()
    restore(store)
    return row


def restore(store: Store, gap_from: datetime = GAP) -> None:
    with store.write() as session:
        begin_restore(session, gap_from)


def take(store: Store, row: Assignment, **known: Any) -> bool:
    usual: dict[str, Any] = {
        "attempt": 1,
        "has_begun": True,
        "platform_id": None,
        "platform_url": None,
        "warnings": {},
        "end": None,
    }
    with store.write() as session:
        return take_over(session, row.id, **{**usual, **known})


def look(store: Store, row: Assignment) -> Assignment:
    with store.read() as session:
        return assignments.get_assignment_by_id(session, row.id)


def test_its_video_is_taken_over_and_the_row_goes_on(store: Store, restored: Assignment) -> None:
    for _ in range(2):
        assert not take(store, restored, platform_id="dQw", platform_url="https://youtu.be/dQw")
    row = look(store, restored)
    assert (row.state, row.platform_id, row.known_by) == ("uploaded", "dQw", KnownBy.HISTORY)
    assert row.platform_url == "https://youtu.be/dQw"
    (seen,) = evidence_of(store, row.id, EvidenceKind.IDENTIFIED)
    assert seen.data == {"platformId": "dQw", "knownBy": "history"}


@pytest.mark.parametrize(
    ("end", "more"),
    [
        (AssignmentState.PUBLISHED, {"platform_id": "dQw", "platform_url": "https://youtu.be/dQw"}),
        (AssignmentState.FAILED, {"code": "source_missing", "sentence": "It is not there."}),
        (AssignmentState.CANCELLED, {}),
    ],
)
def test_its_end_is_taken_over(
    store: Store, restored: Assignment, end: AssignmentState, more: dict[str, Any]
) -> None:
    assert take(store, restored, end=end, warnings={"thumbnail_failed": "Too large."}, **more)
    row = look(store, restored)
    assert row.state == end
    assert (row.error_code, row.error) == (more.get("code"), more.get("sentence"))
    assert row.warnings == {"thumbnail_failed": "Too large."}
    # A retry by a person reads first all the same.
    assert row.read_back_from == GAP


def test_a_run_that_never_began_leaves_nothing_to_read(store: Store, restored: Assignment) -> None:
    assert not take(store, restored, has_begun=False)
    assert look(store, restored).read_back_from is None


@pytest.mark.parametrize("known", [{"has_begun": True}, {"has_begun": False, "attempt": 2}])
def test_a_run_that_began_or_was_not_the_first_leaves_the_doubt(
    store: Store, restored: Assignment, known: dict[str, Any]
) -> None:
    assert not take(store, restored, **known)
    row = look(store, restored)
    assert (row.read_back_from, row.attempt) == (GAP, known.get("attempt", 1))


def test_a_run_of_between_two_restores_says_nothing_of_the_first_gap(
    store: Store, restored: Assignment
) -> None:
    restore(store, GAP + timedelta(hours=1))
    assert not take(store, restored, has_begun=False)
    assert look(store, restored).read_back_from == GAP


def test_an_earlier_attempt_gives_its_video_and_not_its_end(
    store: Store, restored: Assignment
) -> None:
    with store.write() as session:
        assignments.lock_assignment(session, restored.id).attempt = 2
    assert not take(store, restored, end=AssignmentState.FAILED, platform_id="dQw")
    row = look(store, restored)
    assert (row.state, row.attempt, row.platform_id) == ("uploaded", 2, "dQw")


def test_a_row_that_has_ended_or_lacks_nothing_stays(store: Store, tenant: Tenant) -> None:
    ended, fine = tenant.assignment(), None
    restore(store)
    with store.write() as session:
        progress.record_state(session, ended.id, state=AssignmentState.CANCELLED, warnings={})
    fine = tenant.assignment()
    assert take(store, ended, end=AssignmentState.FAILED)
    assert not take(store, fine, end=AssignmentState.FAILED)
    assert (look(store, ended).state, look(store, fine).state) == ("cancelled", "pending")
