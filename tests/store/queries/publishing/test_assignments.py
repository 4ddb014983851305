from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import Conflict, NotFound
from domain.states import AssignmentState, KnownBy, WaitReason
from store.engine import Store
from store.queries.publishing import assignments, progress
from store.tables import Assignment
from tests.store.conftest import Tenant


@pytest.fixture
def assignment(tenant: Tenant) -> Assignment:
    return tenant.assignment()


def record(
    store: Store, assignment: Assignment, state: AssignmentState, **given: Any
) -> Assignment:
    decided: dict[str, Any] = {
        "wait_reason": None,
        "wait_until": None,
        "error_code": None,
        "error": None,
        "remedy": None,
        "warnings": {},
    }
    with store.write() as session:
        return progress.record_state(session, assignment.id, state=state, **(decided | given))


def read(store: Store, assignment: Assignment) -> Assignment:
    with store.read() as session:
        return assignments.get_assignment_by_id(session, assignment.id)


def test_assignments_are_counted_per_workspace(tenant: Tenant, stranger: Tenant) -> None:
    assert [tenant.assignment().number, tenant.assignment().number] == [1, 2]
    assert stranger.assignment().number == 1


def test_a_foreign_connection_or_video_is_refused(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    own: dict[str, Any] = {"connection_id": tenant.connection().id, "video_id": tenant.video().id}
    foreign = {"connection_id": stranger.connection().id, "video_id": stranger.video().id}
    for noun in ("connection", "video"):
        mixed = own | {f"{noun}_id": foreign[f"{noun}_id"]}
        with store.write() as session, pytest.raises(NotFound) as caught:
            assignments.create_assignment(
                session,
                workspace_id=tenant.workspace.id,
                platform="youtube",
                payload={},
                **mixed,
            )
        assert caught.value.code == f"{noun}_not_found"


def test_a_foreign_assignment_is_not_found(
    store: Store, assignment: Assignment, stranger: Tenant
) -> None:
    with store.read() as session, pytest.raises(NotFound) as caught:
        assignments.get_assignment(session, stranger.workspace.id, assignment.id)
    assert caught.value.code == "assignment_not_found"
    with store.read() as session, pytest.raises(NotFound):
        assignments.get_assignment_by_number(session, stranger.workspace.id, assignment.number)


def test_assignments_are_found_by_what_is_asked(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    first, second = tenant.assignment(), tenant.assignment()
    stranger.assignment()
    record(store, second, AssignmentState.UPLOADING)

    def numbers(**wanted: Any) -> list[int]:
        with store.read() as session:
            page = assignments.find_assignments(session, tenant.workspace.id, **wanted)
        assert page.total == len(page.items)
        return [row.number for row in page.items]

    assert numbers() == [2, 1]
    assert numbers(state=AssignmentState.UPLOADING) == [2]
    assert numbers(connection_id=first.connection_id) == [2, 1]
    assert numbers(group_id=first.group_id) == [1]
    assert numbers(external_id="unknown") == []
    assert numbers(origin="youtube") == []


def test_a_group_is_listed_in_its_order(store: Store, tenant: Tenant, stranger: Tenant) -> None:
    model = tenant.assignment()
    with store.write() as session:
        second = assignments.create_assignment(
            session,
            workspace_id=tenant.workspace.id,
            connection_id=model.connection_id,
            video_id=model.video_id,
            platform="youtube",
            payload={},
            group_id=model.group_id,
        )
    with store.read() as session:
        group = assignments.list_group(session, tenant.workspace.id, model.group_id)
        assert [row.id for row in group] == [model.id, second.id]
        assert not assignments.list_group(session, stranger.workspace.id, model.group_id)


def test_what_a_state_brought_goes_with_it(store: Store, assignment: Assignment) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    row = record(
        store,
        assignment,
        AssignmentState.WAITING,
        wait_reason=WaitReason.QUOTA,
        wait_until=until,
        error_code="quota",
    )
    assert (row.wait_reason, row.wait_until, row.error_code) == ("quota", until, "quota")
    row = record(store, assignment, AssignmentState.UPLOADING)
    assert (row.wait_reason, row.wait_until, row.error_code) == (None, None, None)


def test_a_published_assignment_says_since_when_and_stays(
    store: Store, assignment: Assignment
) -> None:
    record(
        store,
        assignment,
        AssignmentState.PUBLISHED,
        platform_url="https://youtu.be/x",
        warnings={"thumbnail_failed": "The thumbnail was refused."},
    )
    with pytest.raises(Conflict):
        record(store, assignment, AssignmentState.WAITING)
    with store.write() as session:
        progress.note_processing(session, assignment.id, 50)
    row = read(store, assignment)
    assert row.state == AssignmentState.PUBLISHED
    assert row.published_at is not None
    assert row.platform_url == "https://youtu.be/x"
    assert row.warnings == {"thumbnail_failed": "The thumbnail was refused."}


def test_an_assignment_keeps_the_warnings_it_was_accepted_with(
    store: Store, tenant: Tenant
) -> None:
    with store.write() as session:
        made = assignments.create_assignment(
            session,
            workspace_id=tenant.workspace.id,
            connection_id=tenant.connection().id,
            video_id=tenant.video().id,
            platform="youtube",
            payload={},
            warnings={"vertical_video": "It becomes a reel."},
        )
    assert read(store, made).warnings == {"vertical_video": "It becomes a reel."}
    assert read(store, tenant.assignment()).warnings == {}


@pytest.mark.parametrize("known_by", KnownBy)
def test_what_is_uploaded_says_how_that_is_known(
    store: Store, assignment: Assignment, known_by: KnownBy
) -> None:
    assert read(store, assignment).known_by is None
    with store.write() as session:
        progress.note_finished(session, assignment.id, platform_id="fb1", known_by=known_by)
    row = read(store, assignment)
    assert (row.state, row.platform_id, row.known_by) == ("uploaded", "fb1", known_by)
    assert row.bytes_sent == row.bytes_total


def test_an_attempt_that_has_ended_sends_no_byte(store: Store, assignment: Assignment) -> None:
    record(store, assignment, AssignmentState.CANCELLED)
    with store.write() as session, pytest.raises(Conflict):
        progress.begin_uploading(
            session, progress.require_current(session, assignment.id, attempt=1), places=4
        )


def test_what_goes_on_waits_for_nothing_any_more(store: Store, assignment: Assignment) -> None:
    record(
        store,
        assignment,
        AssignmentState.WAITING,
        wait_reason=WaitReason.PLATFORM,
        error_code="platform_unreachable",
    )
    with store.write() as session:
        progress.begin_uploading(
            session, progress.require_current(session, assignment.id, attempt=1), places=4
        )
    row = read(store, assignment)
    assert (row.state, row.wait_reason, row.error_code) == (AssignmentState.UPLOADING, None, None)


def test_the_bytes_may_be_more_than_four_gigabytes(store: Store, assignment: Assignment) -> None:
    with store.write() as session:
        progress.note_sent(session, assignment.id, 16 << 30, bytes_summed=8 << 30)
    row = read(store, assignment)
    assert (row.bytes_sent, row.bytes_summed) == (16 << 30, 8 << 30)


def test_processing_may_go_backwards(store: Store, assignment: Assignment) -> None:
    for percent in (80, 20, None):
        with store.write() as session:
            progress.note_processing(session, assignment.id, percent)
        assert read(store, assignment).processing_percent == percent
