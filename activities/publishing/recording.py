"""Writing down what a workflow decided: the assignment's row, and late edits of it.

These run as local activities: a write of a millisecond to our own database is not worth a
task on a queue.
"""

from temporalio import activity

from activities.contract.assignments import AssignmentEdit, AssignmentRecord, RecordingSteps
from activities.failures import translated
from domain.sentences import OPEN_FINISH
from domain.states import AssignmentState
from store.engine import Store
from store.queries.publishing import assignments, progress
from store.queries.publishing.evidence import has_open_finish


class RecordingActivities(RecordingSteps):
    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn
    @translated
    def record(self, record: AssignmentRecord) -> None:
        trouble = record.trouble
        with self._store.write() as session:
            sentence = trouble.sentence if trouble else None
            is_over = record.state is AssignmentState.FAILED
            if is_over and has_open_finish(session, record.assignment_id):
                sentence = f"{sentence or ''} {OPEN_FINISH}".lstrip()
            progress.record_state(
                session,
                record.assignment_id,
                attempt=record.attempt,
                state=record.state,
                wait_reason=record.wait_reason,
                wait_until=record.wait_until,
                error_code=trouble.code if trouble else None,
                error=sentence,
                remedy=trouble.remedy if trouble else None,
                warnings=record.warnings,
                platform_url=record.platform_url,
            )

    @activity.defn
    @translated
    def edit(self, edit: AssignmentEdit) -> None:
        with self._store.write() as session:
            assignments.edit_assignment(
                session,
                edit.assignment_id,
                payload=edit.payload,
                scheduled_at=edit.scheduled_at,
                clears_schedule=edit.clears_schedule,
            )
