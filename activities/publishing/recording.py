"""Writing down what a workflow decided: the assignment's row, and late edits of it.

These run as local activities: a write of a millisecond to our own database is not worth a
task on a queue.
"""

from sqlmodel import Session
from temporalio import activity

from activities.contract.assignments import AssignmentEdit, AssignmentRecord, RecordingSteps
from activities.failures import translated
from domain.sentences import OPEN_FINISH, UNREAD_GAP
from domain.states import AssignmentState
from store.engine import Store
from store.queries.publishing import edits, progress
from store.queries.publishing.assignments import get_assignment_by_id
from store.queries.publishing.evidence import has_forced_finish, has_open_finish
from store.queries.publishing.read_backs import is_unread


class RecordingActivities(RecordingSteps):
    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn
    @translated
    def record(self, record: AssignmentRecord) -> None:
        trouble = record.trouble
        code = trouble.code if trouble else None
        sentence = trouble.sentence if trouble else None
        with self._store.write() as session:
            doubt = _find_doubt(session, record)
            if doubt is not None:
                code = code or "outcome_unconfirmed"
                sentence = f"{sentence or ''} {doubt}".lstrip()
            progress.record_state(
                session,
                record.assignment_id,
                attempt=record.attempt,
                state=record.state,
                wait_reason=record.wait_reason,
                wait_until=record.wait_until,
                waiting_since=record.waiting_since,
                waiting_looks=record.waiting_looks,
                error_code=code,
                error=sentence,
                remedy=trouble.remedy if trouble else None,
                warnings=record.warnings,
                platform_url=record.platform_url,
            )

    @activity.defn
    @translated
    def edit(self, edit: AssignmentEdit) -> bool:
        with self._store.write() as session:
            return edits.apply_edit(session, edit.assignment_id, edit.version)


def _find_doubt(session: Session, record: AssignmentRecord) -> str | None:
    """What is to be known of an end that leaves open whether the platform has made a video."""
    match record.state:
        case AssignmentState.FAILED if has_open_finish(session, record.assignment_id):
            return OPEN_FINISH
        case AssignmentState.FAILED:
            row = get_assignment_by_id(session, record.assignment_id)
            return UNREAD_GAP if is_unread(row) else None
        # A cancel reads to the end, unless a person ended the reading.
        case AssignmentState.CANCELLED if has_forced_finish(session, record.assignment_id):
            return OPEN_FINISH
        case _:
            return None
