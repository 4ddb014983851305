"""The installation's row: what a restore marks, and what it keeps away from."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Unavailable
from domain.states import AssignmentState
from store.engine import Store
from store.keyring import Keyring
from store.queries import installation, workspaces
from store.queries.installation import NUMBER_JUMP
from store.queries.processes import record_process
from store.queries.publishing import assignments, progress
from store.queries.publishing.retrying import begin_retry
from store.tables import Assignment, Installation, now
from tests.store.conftest import Tenant

HOUR = timedelta(hours=1)
GAP = datetime(2026, 11, 30, 4, tzinfo=UTC)


def restore(store: Store, gap_from: datetime = GAP) -> int:
    with store.write() as session:
        return installation.begin_restore(session, gap_from)


def row_of(store: Store) -> Installation:
    with store.read() as session:
        row = installation.find_installation(session)
    assert row is not None
    return row


def look(store: Store, row: Assignment) -> Assignment:
    with store.read() as session:
        return assignments.get_assignment_by_id(session, row.id)


def end(store: Store, row: Assignment, state: AssignmentState) -> None:
    with store.write() as session:
        progress.record_state(session, row.id, state=state, warnings={})


def retry(store: Store, tenant: Tenant, row: Assignment, reason: str | None = None) -> Assignment:
    with store.write() as session:
        return begin_retry(session, tenant.workspace.id, row.id, reason=reason)


def test_the_row_is_made_once_and_its_generation_rises(store: Store) -> None:
    with store.write() as session:
        first = installation.ensure_installation(session).installation_id
    for number in (1, 2):
        with store.write() as session:
            assert installation.note_generation(session).generation == number
    row = row_of(store)
    assert (row.installation_id, row.epoch, row.restored_at) == (first, 1, None)


def test_a_restore_marks_what_is_open_and_nothing_else(store: Store, tenant: Tenant) -> None:
    waiting, ended = tenant.assignment(), tenant.assignment()
    end(store, ended, AssignmentState.FAILED)

    assert restore(store) == 1

    assert look(store, waiting).read_back_from == GAP
    assert look(store, ended).read_back_from is None
    row = row_of(store)
    assert (row.epoch, row.gap_from, row.histories_read_at) == (2, GAP, None)


def test_a_later_restore_does_not_forget_what_an_earlier_one_left_unread(
    store: Store, tenant: Tenant
) -> None:
    before = tenant.assignment()
    restore(store)
    after = tenant.assignment()

    restore(store, GAP + HOUR)

    assert look(store, before).read_back_from == GAP
    assert look(store, after).read_back_from == GAP + HOUR
    row = row_of(store)
    assert (row.gap_from, row.earliest_gap_from) == (GAP + HOUR, GAP)


def test_no_number_is_given_out_twice(store: Store, tenant: Tenant, stranger: Tenant) -> None:
    numbers = tenant.assignment().number, stranger.assignment().number
    with store.read() as session:
        before = workspaces.get_workspace(session, tenant.workspace.id)

    restore(store)

    with store.read() as session:
        after = workspaces.get_workspace(session, tenant.workspace.id)
    for counter in ("last_video_number", "last_upload_number", "last_event_number"):
        assert getattr(after, counter) == getattr(before, counter) + NUMBER_JUMP
    for owner, number in zip((tenant, stranger), numbers, strict=True):
        assert owner.assignment().number == number + NUMBER_JUMP + 1


def test_a_retry_of_what_had_ended_before_the_restore_is_read_back(
    store: Store, tenant: Tenant
) -> None:
    row = tenant.assignment()
    end(store, row, AssignmentState.FAILED)
    restore(store)
    restore(store, GAP + HOUR)

    assert retry(store, tenant, row).read_back_from == GAP

    later = tenant.assignment()
    end(store, later, AssignmentState.FAILED)
    assert retry(store, tenant, later).read_back_from is None


def test_a_person_ends_the_reading_by_a_reason(store: Store, tenant: Tenant) -> None:
    row, ended = tenant.assignment(), tenant.assignment()
    end(store, ended, AssignmentState.FAILED)
    restore(store)
    with store.write() as session:
        progress.record_state(session, row.id, state=AssignmentState.UNCONFIRMED, warnings={})
        assignments.lock_assignment(session, row.id).candidates = [{"id": "1"}]

    for one in (row, ended):
        forced = retry(store, tenant, one, "Looked by hand: it is not there.")
        assert (forced.read_back_from, forced.candidates) == (None, [])


def test_a_gap_begins_where_the_database_was_noted_last(
    store: Store, tenant: Tenant, keyring: Keyring
) -> None:
    row = tenant.assignment()
    with store.read() as session:
        assert installation.find_gap_start(session) == row.updated_at - HOUR
    with store.write() as session:
        record_process(session, id="prc", role="api", host="h", pid=1, keyring=keyring)
    with store.read() as session:
        assert installation.find_gap_start(session) > row.updated_at - HOUR
    with store.write() as session:
        noted = installation.note_generation(session).noted_at
        assert noted is not None
        installation.ensure_installation(session).noted_at = noted - 5 * HOUR
    with store.read() as session:
        # A process that runs now says nothing of when the copy was made.
        assert installation.find_gap_start(session) == noted - 6 * HOUR
        earlier = noted - 9 * HOUR
        assert installation.find_gap_start(session, not_after=earlier) == earlier - HOUR


def test_a_published_end_of_a_run_of_before_waits_for_its_video(
    store: Store, tenant: Tenant
) -> None:
    row = tenant.assignment()
    restore(store)
    with pytest.raises(Unavailable) as told, store.write() as session:
        progress.record_state(session, row.id, state=AssignmentState.PUBLISHED, warnings={})
    assert told.value.code == "gap_not_read"
    assert look(store, row).state == AssignmentState.PENDING
    assert row_of(store).restored_at is not None
    assert now() >= look(store, row).updated_at
