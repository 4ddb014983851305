"""What Temporal's history of an assignment tells that a restored database does not.

Only the latest run is read: one that continued another one begins with what that knew. The
history of a run that is closed does not change any more, so a run is ended before it is read.
"""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from temporalio.api.common.v1 import Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import DataConverter, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError, CancelledError

from activities.contract.assignments import (
    AssignmentInput,
    AssignmentOutcome,
    Discarded,
    Published,
    Uploaded,
)
from domain.states import AssignmentState

T = TypeVar("T")

_RESULTS: dict[str, type[Uploaded | Discarded | Published]] = {
    "transfer": Uploaded,
    "discard_session": Discarded,
    "await_processing": Published,
}
_SENDS = "transfer"
_NO_END = frozenset({"superseded", "gap_not_read", "assignment_not_found"})
"""Failures that say that the row is ahead of the run, and nothing of the assignment."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a run knew when it ended."""

    attempt: int
    title: str
    has_begun: bool = False
    """True once a transfer was asked for; before that nothing can have been published."""
    platform_id: str | None = None
    platform_url: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)
    end: AssignmentState | None = None
    """None: it was ended from outside, or still runs."""
    code: str | None = None
    sentence: str | None = None


async def read_history(client: Client, workflow_id: str, run_id: str | None = None) -> Known | None:
    """What a run of an assignment's workflow knows, or its latest. Raises `RPCError`."""
    context = WorkflowSerializationContext(client.namespace, workflow_id)
    reading = _Reading(client.data_converter.with_context(context))
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    async for event in handle.fetch_history_events():
        await reading.take(event)
    return reading.known


class _Reading:
    def __init__(self, converter: DataConverter) -> None:
        self._converter = converter
        self._scheduled: dict[int, str] = {}
        self.known: Known | None = None

    async def take(self, event: HistoryEvent) -> None:
        """Learn from the next event."""
        match event.WhichOneof("attributes"):
            case "workflow_execution_started_event_attributes":
                begun = event.workflow_execution_started_event_attributes
                self.known = _at_start(await self._first(begun.input, AssignmentInput))
            case "activity_task_scheduled_event_attributes":
                name = event.activity_task_scheduled_event_attributes.activity_type.name
                self._scheduled[event.event_id] = name
                if name == _SENDS:
                    self._learn(has_begun=True)
            case "activity_task_completed_event_attributes":
                completed = event.activity_task_completed_event_attributes
                await self._take_result(
                    self._scheduled[completed.scheduled_event_id], completed.result
                )
            case "workflow_execution_completed_event_attributes":
                outcome = await self._first(
                    event.workflow_execution_completed_event_attributes.result, AssignmentOutcome
                )
                self._learn(
                    end=outcome.state,
                    platform_id=outcome.platform_id,
                    platform_url=outcome.platform_url,
                    warnings=outcome.warnings,
                )
            case "workflow_execution_failed_event_attributes":
                failure = await self._converter.decode_failure(
                    event.workflow_execution_failed_event_attributes.failure
                )
                self._take_failure(failure)
            case "workflow_execution_canceled_event_attributes":
                self._learn(end=AssignmentState.CANCELLED)

    def _take_failure(self, failure: BaseException) -> None:
        match failure:
            case CancelledError():
                # So a run ends that was cancelled by its Update.
                self._learn(end=AssignmentState.CANCELLED)
            case ApplicationError(type=code, message=sentence) if code not in _NO_END:
                self._learn(end=AssignmentState.FAILED, code=code, sentence=sentence)

    async def _take_result(self, activity: str, result: Payloads) -> None:
        if (kind := _RESULTS.get(activity)) is None:
            return
        match await self._first(result, kind):
            case Uploaded(platform_id=platform_id):
                self._learn(platform_id=platform_id)
            case Discarded(platform_id=str(platform_id)):
                self._learn(platform_id=platform_id)
            case Published(platform_url=platform_url, warnings=warnings):
                self._learn(platform_url=platform_url, warnings=warnings)

    def _learn(self, **more: object) -> None:
        assert self.known is not None, "a history begins with its start"
        self.known = replace(self.known, **more)  # type: ignore[arg-type]

    async def _first(self, payloads: Payloads, kind: type[T]) -> T:
        (value,) = await self._converter.decode(payloads.payloads, [kind])
        assert isinstance(value, kind)
        return value


def _at_start(given: AssignmentInput) -> Known:
    progress = given.progress
    known = Known(given.attempt, given.title, warnings=dict(given.warnings))
    if progress is None:
        return known
    return replace(
        known,
        has_begun=progress.has_begun,
        platform_id=progress.platform_id,
        platform_url=progress.platform_url,
    )
