"""Running work survives upgrades: what was recorded replays with today's workflows."""

import json
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType

from activities.contract.reauth import ReauthEnd, ReauthOutcome
from domain.states import AssignmentState, TicketState, WaitReason
from runtime.worker import WORKFLOWS
from tests.replay.outcomes import EARLIER, OUTCOMES
from tests.replay.reading import CONVERTER, history, replayer
from tests.replay.record import HISTORIES
from workflows.options import STATE

STATES = EARLIER | {name: outcome.states for name, outcome in OUTCOMES.items()}
RECORDED = sorted(HISTORIES.glob("*.json"))


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


def test_every_outcome_is_recorded() -> None:
    assert {path.stem for path in RECORDED} == set(STATES)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_history_is_of_the_outcome_it_is_named_after(path: Path) -> None:
    assert states(path) == STATES[path.stem]


def test_every_state_is_shown_in_some_history() -> None:
    def shown(workflow: str) -> set[str]:
        found = [states(path) for path in RECORDED if path.stem.startswith(workflow)]
        return {state for history in found for state in history}

    assert shown("ticket-") == set(TicketState)
    # What the platform has in whole an activity writes by itself, and goes on.
    assert shown("assignment-") == set(AssignmentState) - {AssignmentState.UPLOADED}


def test_every_workflow_is_recorded_in_all_the_ways_that_it_closes() -> None:
    closed = {(path.stem.partition("-")[0], closing(path)) for path in RECORDED}
    assert closed == {
        ("ticket", "COMPLETED"),
        ("assignment", "COMPLETED"),
        ("assignment", "FAILED"),
        ("assignment", "CANCELED"),
        ("reauth", "COMPLETED"),
        ("care", "COMPLETED"),
        ("care", "CONTINUED_AS_NEW"),
        ("delivery", "COMPLETED"),
        ("delivery", "CONTINUED_AS_NEW"),
        ("reconcile", "COMPLETED"),
    }


def closing(path: Path) -> str:
    """How the workflow closed, in Temporal's word for its last event."""
    last = EventType.Name(history(path).events[-1].event_type)
    return last.removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_")


async def test_a_wait_for_every_reason_is_recorded() -> None:
    summaries = {text for path in RECORDED for text in await timers(path)}
    assert "publishes at the scheduled time" in summaries
    others = set(WaitReason) - {WaitReason.SCHEDULE}
    for reason in others:
        assert any(text.startswith(f"waits for {reason}:") for text in summaries), reason


async def timers(path: Path) -> list[str]:
    """What the workflow's timers say that they are for."""
    sealed = [
        event.user_metadata.summary
        for event in history(path).events
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED
    ]
    return [(await CONVERTER.decode([payload], [str]))[0] for payload in sealed]


async def test_every_end_of_the_wait_for_a_person_is_recorded() -> None:
    outcomes = [await result(path) for path in RECORDED if path.stem.startswith("reauth-")]
    assert {outcome.end for outcome in outcomes} == set(ReauthEnd)


async def result(path: Path) -> ReauthOutcome:
    completed = history(path).events[-1].workflow_execution_completed_event_attributes
    [outcome] = await CONVERTER.decode(completed.result.payloads, [ReauthOutcome])
    assert isinstance(outcome, ReauthOutcome)
    return outcome


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer(WORKFLOWS).replay_workflow(history(path))
