"""What is written down of an end."""

import pytest
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import AssignmentRecord
from activities.contract.trouble import Trouble
from activities.publishing.recording import RecordingActivities
from domain.evidence import EvidenceKind
from domain.sentences import OPEN_FINISH, UNREAD_GAP
from domain.states import AssignmentState, KnownBy
from store.queries.installation import begin_restore
from store.queries.publishing.assignments import get_assignment_by_id
from store.queries.publishing.evidence import Observation, add_evidence
from store.queries.publishing.progress import note_finished
from store.tables import Assignment, now
from tests.activities.conftest import Installation

GONE = Trouble("disconnected", "The connection was disconnected.", "reconnect")


@pytest.mark.parametrize("is_answered", [False, True])
def test_an_end_behind_an_unanswered_finish_says_that_a_video_may_be_there(
    installation: Installation, is_answered: bool
) -> None:
    seen = [Observation(EvidenceKind.FINISH_SENT)]
    if is_answered:
        seen.append(Observation(EvidenceKind.ASKED, {"told": "held", "offset": 5}))
    row = recorded(installation, seen, AssignmentState.FAILED)
    assert row.error == (GONE.sentence if is_answered else f"{GONE.sentence} {OPEN_FINISH}")


@pytest.mark.parametrize("state", [AssignmentState.FAILED, AssignmentState.CANCELLED])
def test_what_is_sent_after_an_order_and_ends_says_that_the_first_video_may_be_there(
    installation: Installation, state: AssignmentState
) -> None:
    seen = [
        Observation(EvidenceKind.FINISH_SENT),
        Observation(EvidenceKind.FORCED, {"reason": "I looked."}),
        Observation(EvidenceKind.SESSION_OPENED),
        Observation(EvidenceKind.SESSION_DISCARDED),
    ]
    row = recorded(installation, seen, state)
    has_failed = state is AssignmentState.FAILED
    assert row.error == (f"{GONE.sentence} {OPEN_FINISH}" if has_failed else OPEN_FINISH)


@pytest.mark.parametrize("is_known", [False, True])
def test_what_fails_before_it_was_read_back_says_that_a_video_may_be_there(
    installation: Installation, is_known: bool
) -> None:
    row = installation.assignment()
    with installation.store.write() as session:
        begin_restore(session, now())
        if is_known:
            note_finished(session, row.id, platform_id="dQw", known_by=KnownBy.ANSWER)
    record = AssignmentRecord(row.id, 1, AssignmentState.FAILED, trouble=GONE)
    ActivityEnvironment().run(RecordingActivities(installation.store).record, record)
    with installation.store.read() as session:
        failed = get_assignment_by_id(session, row.id)
    assert failed.error == (GONE.sentence if is_known else f"{GONE.sentence} {UNREAD_GAP}")


@pytest.mark.parametrize("is_forced", [False, True])
def test_what_is_cancelled_by_order_says_that_a_video_may_be_there(
    installation: Installation, is_forced: bool
) -> None:
    seen = [
        Observation(EvidenceKind.FINISH_SENT),
        Observation(EvidenceKind.SESSION_LOST, {"mayExist": True}),
        Observation(EvidenceKind.RECONCILED, {"told": "absent"}),
    ]
    if is_forced:
        seen.append(Observation(EvidenceKind.FORCED, {"reason": "I looked."}))
    row = recorded(installation, seen, AssignmentState.CANCELLED)
    told = ("outcome_unconfirmed", OPEN_FINISH) if is_forced else (None, None)
    assert (row.state, row.error_code, row.error) == ("cancelled", *told)


def recorded(
    installation: Installation, seen: list[Observation], state: AssignmentState
) -> Assignment:
    """What stands written of an assignment whose end is recorded after this, and once more."""
    row = installation.assignment()
    with installation.store.write() as session:
        add_evidence(session, row, seen)
    trouble = GONE if state is AssignmentState.FAILED else None
    record = AssignmentRecord(row.id, 1, state, trouble=trouble)
    for _ in range(2):
        ActivityEnvironment().run(RecordingActivities(installation.store).record, record)
    with installation.store.read() as session:
        return get_assignment_by_id(session, row.id)
