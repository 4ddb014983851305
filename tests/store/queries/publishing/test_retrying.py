"""Retrying: what goes on, what is read first, and what a person forces."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import Conflict, NotFound
from domain.evidence import EvidenceKind
from domain.secrets import Secret
from domain.states import AssignmentState, KnownBy, StepName, StepState
from domain.wakes import RetryForced, Wake
from store.engine import Store
from store.queries.publishing import assignments, evidence, progress, steps, transfers
from store.queries.publishing.retrying import begin_retry
from store.queries.publishing.unsettled import list_unsettled
from store.tables import Assignment, Transfer, now
from store.vault import Vault
from tests.store.conftest import Tenant
from tests.support.evidence import evidence_of

UNTIL = datetime(2090, 1, 31, 18, tzinfo=UTC)
REASON = "Looked by hand: it is not there."


@pytest.fixture
def assignment(tenant: Tenant) -> Assignment:
    return tenant.assignment()


def record(
    store: Store, assignment: Assignment, state: AssignmentState, **given: Any
) -> Assignment:
    decided: dict[str, Any] = {"warnings": {}, **given}
    with store.write() as session:
        return progress.record_state(session, assignment.id, state=state, **decided)


def retry(
    store: Store, tenant: Tenant, assignment: Assignment, reason: str | None = None
) -> Assignment:
    with store.write() as session:
        return begin_retry(session, tenant.workspace.id, assignment.id, reason=reason)


def read(store: Store, assignment: Assignment) -> Assignment:
    with store.read() as session:
        return assignments.get_assignment_by_id(session, assignment.id)


def read_transfer(store: Store, assignment: Assignment) -> Transfer:
    with store.write() as session:
        return transfers.ensure_transfer(session, assignment.id)


def leave_unclear(store: Store, vault: Vault, assignment: Assignment) -> None:
    """A session that was denied after its finish had left."""
    with store.write() as session:
        transfers.open_transfer(session, vault, assignment.id, Secret("session"), known=0)
        transfers.mark_finish_sent(session, assignment.id, known=1)
        transfers.mark_lost(session, assignment.id, known=2)


def orders(store: Store, assignment: Assignment) -> list[tuple[int, Any]]:
    """The attempts and reasons of what was forced."""
    seen = evidence_of(store, assignment.id, EvidenceKind.FORCED)
    return [(one.attempt, one.data["reason"]) for one in seen]


def test_a_retry_takes_back_a_cancel_and_a_forced_one_does_not(
    store: Store, vault: Vault, tenant: Tenant, assignment: Assignment
) -> None:
    leave_unclear(store, vault, assignment)
    record(store, assignment, AssignmentState.UNCONFIRMED, wait_until=UNTIL)
    with store.write() as session:
        assignments.request_cancel(session, assignment.id)
    asked_at = read(store, assignment).cancel_requested_at
    assert asked_at is not None

    retry(store, tenant, assignment, REASON)
    assert read(store, assignment).cancel_requested_at == asked_at

    record(store, assignment, AssignmentState.CANCELLED)
    with store.write() as session:
        assignments.request_cancel(session, assignment.id)
    retry(store, tenant, assignment)
    assert read(store, assignment).cancel_requested_at is None


@pytest.mark.parametrize("state", [AssignmentState.FAILED, AssignmentState.CANCELLED])
def test_a_retry_begins_anew_and_only_once(
    store: Store, tenant: Tenant, assignment: Assignment, state: AssignmentState
) -> None:
    with store.write() as session:
        steps.record_step(
            session,
            assignment_id=assignment.id,
            name=StepName.TRANSFER,
            state=StepState.FAILED,
            error_code="refused",
        )
    record(store, assignment, state, error_code="refused", error="No.", remedy="change")
    row = retry(store, tenant, assignment)
    assert (row.attempt, row.state, row.error_code, row.error) == (2, "pending", None, None)
    with store.read() as session:
        assert steps.list_steps(session, assignment.id) == []
    with pytest.raises(Conflict) as caught:
        retry(store, tenant, assignment)
    assert caught.value.code == "not_retryable"


@pytest.mark.parametrize("dead", [False, True])
def test_a_retry_goes_on_with_the_upload_unless_it_is_dead(
    store: Store, vault: Vault, tenant: Tenant, assignment: Assignment, dead: bool
) -> None:
    with store.write() as session:
        transfers.open_transfer(session, vault, assignment.id, Secret("session"), known=0)
        progress.note_finished(session, assignment.id, platform_id="yt1", known_by=KnownBy.ANSWER)
        if dead:
            transfers.mark_dead(session, assignment.id)
    record(store, assignment, AssignmentState.FAILED)
    row = retry(store, tenant, assignment)
    with store.read() as session:
        transfer = transfers.find_transfer(session, assignment.id)
    assert (transfer is None) == dead
    assert (row.platform_id, row.known_by) == ((None, None) if dead else ("yt1", KnownBy.ANSWER))


@pytest.mark.parametrize("warnings", [{"vertical_video": "It becomes a reel."}, None])
def test_a_retry_begins_with_what_is_known_of_the_file_and_no_older_warning(
    store: Store, tenant: Tenant, assignment: Assignment, warnings: dict[str, str] | None
) -> None:
    missing = {"captions_missing": "They are read again when the video is live."}
    old = {"thumbnail_failed": "Too large.", **missing}
    record(store, assignment, AssignmentState.FAILED, warnings=old)
    with store.write() as session:
        begin_retry(session, tenant.workspace.id, assignment.id, warnings=warnings)
    assert read(store, assignment).warnings == {**(warnings or {}), **missing}


def publish_with_failed_thumbnail(store: Store, vault: Vault, assignment: Assignment) -> None:
    """Its captions are there, its thumbnail is not."""
    with store.write() as session:
        transfers.open_transfer(session, vault, assignment.id, Secret("session"), known=0)
        progress.note_finished(session, assignment.id, platform_id="yt1", known_by=KnownBy.ANSWER)
        for name, state in (
            (StepName.THUMBNAIL, StepState.FAILED),
            (StepName.CAPTIONS, StepState.DONE),
        ):
            steps.record_step(session, assignment_id=assignment.id, name=name, state=state)
    warnings = {"thumbnail_failed": "404.", "upright_as_video": "It is upright."}
    record(
        store, assignment, AssignmentState.PUBLISHED, warnings=warnings, platform_url="https://v"
    )


def test_a_retry_of_a_published_one_does_its_failed_steps_again_and_nothing_else(
    store: Store, vault: Vault, tenant: Tenant, assignment: Assignment
) -> None:
    publish_with_failed_thumbnail(store, vault, assignment)
    published_at = read(store, assignment).published_at

    row = retry(store, tenant, assignment)

    assert (row.attempt, row.state, row.platform_id) == (2, "processing", "yt1")
    assert row.warnings == {"upright_as_video": "It is upright."}
    assert row.platform_url == "https://v"
    with store.read() as session:
        assert [step.name for step in steps.list_steps(session, assignment.id)] == ["captions"]
    assert read_transfer(store, assignment).sealed_session is not None
    [told] = evidence_of(store, assignment.id, EvidenceKind.STEPS_RETRIED)
    assert (told.attempt, told.data) == (2, {"steps": ["thumbnail"]})
    with pytest.raises(Conflict) as caught:
        retry(store, tenant, assignment)
    assert caught.value.code == "not_retryable"

    record(store, assignment, AssignmentState.PUBLISHED, attempt=2)
    assert read(store, assignment).published_at == published_at


@pytest.mark.parametrize("warnings", [{}, {"upright_as_video": "It is upright."}])
def test_a_published_one_without_a_failed_step_is_not_retried(
    store: Store, tenant: Tenant, assignment: Assignment, warnings: dict[str, str]
) -> None:
    record(store, assignment, AssignmentState.PUBLISHED, warnings=warnings)
    with pytest.raises(Conflict) as caught:
        retry(store, tenant, assignment)
    assert caught.value.code == "not_retryable"
    assert "no step failed" in caught.value.sentence
    assert read(store, assignment).attempt == 1


def test_an_earlier_attempt_writes_nothing(
    store: Store, tenant: Tenant, assignment: Assignment
) -> None:
    record(store, assignment, AssignmentState.FAILED, attempt=1)
    retry(store, tenant, assignment)
    with pytest.raises(Conflict) as caught:
        record(store, assignment, AssignmentState.UPLOADING, attempt=1)
    assert caught.value.code == "superseded"
    assert read(store, assignment).state == AssignmentState.PENDING


def test_a_foreign_assignment_is_not_retried(
    store: Store, stranger: Tenant, assignment: Assignment
) -> None:
    with pytest.raises(NotFound):
        retry(store, stranger, assignment)


@pytest.mark.parametrize("wait_until", [UNTIL, now() - timedelta(hours=1)])
def test_what_is_read_back_is_not_retried_without_a_reason(
    store: Store, vault: Vault, tenant: Tenant, assignment: Assignment, wait_until: datetime
) -> None:
    leave_unclear(store, vault, assignment)
    record(store, assignment, AssignmentState.UNCONFIRMED, wait_until=wait_until)
    with pytest.raises(Conflict) as caught:
        retry(store, tenant, assignment)
    assert caught.value.code == "unconfirmed"
    when = "at 2090-01-31T18:00:00Z" if wait_until is UNTIL else "now"
    assert f"read again {when}" in caught.value.sentence
    assert read(store, assignment).state == AssignmentState.UNCONFIRMED
    assert read_transfer(store, assignment).sealed_session is not None


def test_a_forced_one_drops_the_session_and_wakes_the_attempt_that_runs(
    store: Store, vault: Vault, tenant: Tenant, assignment: Assignment
) -> None:
    woken: list[Wake] = []
    store.after_commit = woken.extend
    leave_unclear(store, vault, assignment)
    record(store, assignment, AssignmentState.UNCONFIRMED, wait_until=UNTIL, error_code="unclear")

    row = retry(store, tenant, assignment, REASON)

    assert (row.state, row.attempt, row.is_started) == ("pending", 1, False)
    assert (row.wait_until, row.error_code) == (None, None)
    transfer = read_transfer(store, assignment)
    assert (transfer.sealed_session, transfer.lost_at) == (None, None)
    assert transfer.finish_sent_at is None
    assert orders(store, assignment) == [(1, REASON)]
    assert woken == [RetryForced(assignment.id)]
    with store.read() as session:
        assert evidence.is_forced(session, row)
    with pytest.raises(Conflict) as caught:
        retry(store, tenant, assignment, REASON)
    assert caught.value.code == "not_retryable"


@pytest.mark.parametrize(
    ("crossing", "is_left"),
    [(AssignmentState.UNCONFIRMED, True), (AssignmentState.FAILED, False)],
)
def test_an_order_that_a_look_crosses_is_left_to_the_sweep_until_it_is_given_again(
    store: Store,
    vault: Vault,
    tenant: Tenant,
    assignment: Assignment,
    crossing: AssignmentState,
    is_left: bool,
) -> None:
    leave_unclear(store, vault, assignment)
    record(store, assignment, AssignmentState.UNCONFIRMED, wait_until=UNTIL)
    retry(store, tenant, assignment, REASON)

    record(store, assignment, crossing, wait_until=UNTIL)

    def abandoned() -> list[str]:
        with store.read() as session:
            found = list_unsettled(session, after="", limit=10)
            return [row.id for row in found if not row.is_started]

    assert abandoned() == ([assignment.id] if is_left else [])
    with store.write() as session:
        assignments.mark_started(session, assignment.id, attempt=1)
    record(store, assignment, crossing, wait_until=UNTIL)
    assert abandoned() == []


@pytest.mark.parametrize("reason", [None, REASON])
def test_a_failed_one_that_is_unclear_is_read_first_unless_forced(
    store: Store, vault: Vault, tenant: Tenant, assignment: Assignment, reason: str | None
) -> None:
    leave_unclear(store, vault, assignment)
    record(store, assignment, AssignmentState.FAILED)
    row = retry(store, tenant, assignment, reason)
    assert (row.state, row.attempt) == ("pending", 2)
    transfer = read_transfer(store, assignment)
    assert (transfer.lost_at is None) == (reason is not None)
    assert (transfer.sealed_session is None) == (reason is not None)
    assert orders(store, assignment) == ([] if reason is None else [(2, REASON)])


def test_where_nothing_is_unclear_there_is_nothing_to_force(
    store: Store, vault: Vault, tenant: Tenant, assignment: Assignment
) -> None:
    with store.write() as session:
        transfers.open_transfer(session, vault, assignment.id, Secret("session"), known=0)
    record(store, assignment, AssignmentState.FAILED)
    row = retry(store, tenant, assignment, REASON)
    assert read_transfer(store, assignment).sealed_session is not None
    assert orders(store, assignment) == []
    with store.read() as session:
        assert not evidence.is_forced(session, row)


@pytest.mark.parametrize(
    "state", [AssignmentState.UPLOADING, AssignmentState.WAITING, AssignmentState.PUBLISHED]
)
def test_nothing_else_is_forced(
    store: Store, tenant: Tenant, assignment: Assignment, state: AssignmentState
) -> None:
    record(store, assignment, state)
    with pytest.raises(Conflict) as caught:
        retry(store, tenant, assignment, REASON)
    assert caught.value.code == "not_retryable"


def test_a_retry_is_not_started_until_its_own_run_says_so(
    store: Store, tenant: Tenant, assignment: Assignment
) -> None:
    failed = record(store, assignment, AssignmentState.FAILED)
    assert failed.is_started
    # Otherwise nobody starts a retry whose first start was lost.
    assert not retry(store, tenant, assignment).is_started
