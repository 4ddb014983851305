"""What a run of the transfer does about its workspace's share and about its lane."""

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import TransferInput
from activities.contract.trouble import Kind
from activities.publishing.jobs import load_job
from activities.publishing.lanes import Lanes
from domain.errors import Conflict, PlatformUnavailable
from domain.evidence import EvidenceKind
from domain.states import AssignmentState
from store.queries.publishing import progress
from store.tables import Assignment
from tests.activities.conftest import LIMITS, Installation
from tests.support.evidence import evidence_of


def transfer(installation: Installation, assignment: Assignment, *, is_slow: bool = False) -> str:
    """The kind of failure with which a run ends on a platform that is away."""
    installation.platform.trouble = PlatformUnavailable("platform_unavailable", "Away.")
    with pytest.raises(ApplicationError) as caught:
        ActivityEnvironment().run(
            installation.transferring.transfer,
            TransferInput(assignment.id, assignment.attempt, is_slow=is_slow),
        )
    return str(caught.value.type)


def read(installation: Installation, assignment: Assignment) -> Assignment:
    with installation.store.read() as session:
        row = session.get(Assignment, assignment.id)
    assert row is not None
    return row


def slow_down(installation: Installation, assignment: Assignment) -> None:
    with installation.store.write() as session:
        row = progress.require_current(session, assignment.id, attempt=1)
        progress.move_to_slow_lane(session, row)


def test_one_over_the_share_is_queued_and_meets_no_platform(installation: Installation) -> None:
    for _ in range(LIMITS.per_workspace):
        assert transfer(installation, installation.assignment()) == Kind.TRANSIENT
    third = installation.assignment()
    assert transfer(installation, third) == Kind.OVER_SHARE
    row = read(installation, third)
    assert row.state == AssignmentState.PENDING
    assert row.queued_at is not None
    assert evidence_of(installation.store, third.id, EvidenceKind.STOPPED) == []


def test_a_run_that_was_cut_off_finds_its_place_kept(installation: Installation) -> None:
    """Its worker was killed: the row says `uploading`, and nobody has given the place away."""
    made = [installation.assignment() for _ in range(LIMITS.per_workspace)]
    for each in made:
        assert transfer(installation, each) == Kind.TRANSIENT
    assert transfer(installation, installation.assignment()) == Kind.OVER_SHARE
    assert transfer(installation, made[0]) == Kind.TRANSIENT


def test_a_row_that_has_left_the_fast_lane_does_not_run_in_it(installation: Installation) -> None:
    """The worker that moved it ended before the workflow learned of it."""
    assignment = installation.assignment()
    slow_down(installation, assignment)
    assert transfer(installation, assignment) == Kind.SLOW_SOURCE
    assert read(installation, assignment).state == AssignmentState.PENDING
    assert transfer(installation, assignment, is_slow=True) == Kind.TRANSIENT
    assert read(installation, assignment).state == AssignmentState.UPLOADING


def test_one_slow_transfer_of_a_workspace_moves_at_a_time(installation: Installation) -> None:
    first, second = installation.assignment(), installation.assignment()
    for each in (first, second):
        slow_down(installation, each)
    assert transfer(installation, first, is_slow=True) == Kind.TRANSIENT
    assert transfer(installation, second, is_slow=True) == Kind.OVER_SHARE
    assert transfer(installation, installation.assignment()) == Kind.TRANSIENT


def test_what_has_ended_meanwhile_moves_to_no_other_lane(installation: Installation) -> None:
    row = installation.assignment()
    with installation.store.write() as session:
        job = load_job(session, installation.registry, row.id)
        progress.record_state(session, row.id, state=AssignmentState.FAILED, warnings={})
    with pytest.raises(Conflict):
        Lanes(installation.store, LIMITS).move_to_slow(job)
    assert not read(installation, row).is_slow
