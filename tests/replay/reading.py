"""The recorded histories, how they are read and replayed, and what they show of a run."""

import json
from datetime import timedelta
from functools import cache
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter, WorkflowSerializationContext
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from domain.secrets import Secret
from runtime.codec import make_data_converter
from store.keyring import Keyring
from tests.replay.record import HISTORIES, KEYSET
from workflows.options import STATE

CONVERTER = make_data_converter(Keyring.from_json(Secret(KEYSET.read_text())))
RECORDED = sorted(HISTORIES.glob("*.json"))


def replayer(workflows: list[type]) -> Replayer:
    return Replayer(
        workflows=workflows,
        data_converter=CONVERTER,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


@cache
def history(path: Path) -> WorkflowHistory:
    """Parsed once: it takes longer than a replay. It has its workflow's own id, which its
    payloads are bound to."""
    recorded = WorkflowHistory.from_json(path.stem, path.read_text())
    begun = recorded.events[0].workflow_execution_started_event_attributes
    return WorkflowHistory(begun.workflow_id or path.stem, recorded.events)


def workflow_of(path: Path) -> str:
    return path.stem.partition("-")[0]


def closing(path: Path) -> str:
    """How the workflow closed, in Temporal's word for its last event."""
    last = EventType.Name(history(path).events[-1].event_type)
    return last.removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_")


def is_later_run(path: Path) -> bool:
    """True where the run before continued as this one."""
    begun = history(path).events[0].workflow_execution_started_event_attributes
    return bool(begun.continued_execution_run_id)


def states(path: Path) -> list[str]:
    """The states that the workflow showed, which search attributes keep in clear."""
    events = history(path).events
    shown = [events[0].workflow_execution_started_event_attributes.search_attributes] + [
        event.upsert_workflow_search_attributes_event_attributes.search_attributes
        for event in events
    ]
    return [
        json.loads(attributes.indexed_fields[STATE.name].data)
        for attributes in shown
        if STATE.name in attributes.indexed_fields
    ]


def messages(path: Path) -> set[str]:
    """The signals and Updates that the workflow took."""
    events = history(path).events
    signals = {event.workflow_execution_signaled_event_attributes.signal_name for event in events}
    updates = {
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
        for event in events
    }
    return (signals | updates) - {""}


def converter_of(path: Path) -> DataConverter:
    """Opens what is sealed for the workflow of a history, and nothing else."""
    return CONVERTER.with_context(
        WorkflowSerializationContext(namespace="default", workflow_id=history(path).workflow_id)
    )


async def timers(path: Path) -> list[tuple[str, timedelta]]:
    """What the workflow's timers say that they are for, and how long each was, to the second."""
    converter = converter_of(path)
    started = [
        event
        for event in history(path).events
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED
    ]
    return [
        (
            (await converter.decode([event.user_metadata.summary], [str]))[0],
            # Asked for some milliseconds after its end was decided.
            timedelta(seconds=round(length.ToTimedelta().total_seconds())),
        )
        for event in started
        for length in [event.timer_started_event_attributes.start_to_fire_timeout]
    ]
