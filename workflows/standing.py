"""How an assignment stands: in its row, in search, and on the Web UI's status card.

What a workflow decides it writes to the row; what an activity is doing that activity writes
itself, and the workflow only shows it in Temporal.
"""

from datetime import datetime
from typing import TypedDict, Unpack

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.assignments import AssignmentInput, AssignmentRecord, RecordingSteps
    from activities.contract.trouble import Trouble
    from domain.states import AssignmentState, WaitReason
    from workflows import options
    from workflows.card import status_card


class Decision(TypedDict, total=False):
    """What a state may come with."""

    wait_reason: WaitReason
    wait_until: datetime
    waiting_since: datetime | None
    waiting_looks: int
    trouble: Trouble
    platform_url: str | None


class Standing:
    """The state that was last decided, and the warnings that go with every state."""

    def __init__(self, assignment: AssignmentInput) -> None:
        self._assignment = assignment
        self.state = AssignmentState.PENDING
        self.warnings = dict(assignment.warnings)

    async def enter(self, state: AssignmentState, **more: Unpack[Decision]) -> None:
        """Move to a state that is decided here: show it, and write it to the row."""
        record = self._record(state, **more)
        self._show(record)
        await workflow.execute_local_activity_method(
            RecordingSteps.record, record, summary=f"assignment is {state}", **options.RECORD
        )
        # After the row: whoever is told of a state by an Update finds it there.
        self.state = state

    def show(self, state: AssignmentState, **more: Unpack[Decision]) -> None:
        """Show what an activity is about to write to the row."""
        self._show(self._record(state, **more))

    def _show(self, record: AssignmentRecord) -> None:
        told = workflow.info().typed_search_attributes.get(options.STATE)
        if told != record.state:
            workflow.upsert_search_attributes([options.STATE.value_set(record.state)])
        workflow.set_current_details(status_card(self._assignment, record))

    def _record(self, state: AssignmentState, **more: Unpack[Decision]) -> AssignmentRecord:
        return AssignmentRecord(
            assignment_id=self._assignment.assignment_id,
            attempt=self._assignment.attempt,
            state=state,
            warnings=self.warnings,
            **more,
        )
