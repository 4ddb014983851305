"""The corpus is whole: what a workflow can come to, it has come to in some history."""

from datetime import timedelta
from pathlib import Path

from activities.contract.reauth import ReauthEnd, ReauthOutcome
from activities.contract.trouble import Kind
from domain.queues import SLOW_TRANSFER_QUEUE, TRANSFER_QUEUE
from domain.states import AssignmentState, TicketState, WaitReason
from tests.replay.outcomes import STATES
from tests.replay.reading import (
    RECORDED,
    closing,
    converter_of,
    history,
    is_later_run,
    messages,
    states,
    timers,
    workflow_of,
)
from tests.replay.record import HISTORIES
from workflows.parking import pause_after


def test_every_outcome_is_recorded() -> None:
    assert {path.stem for path in RECORDED} == set(STATES)


def test_every_state_is_shown_in_some_history() -> None:
    def shown(workflow: str) -> set[str]:
        found = [states(path) for path in RECORDED if workflow_of(path) == workflow]
        return {state for history in found for state in history}

    assert shown("ticket") == set(TicketState)
    # What the platform has in whole an activity writes by itself, and goes on.
    assert shown("assignment") == set(AssignmentState) - {AssignmentState.UPLOADED}


def test_every_workflow_is_recorded_in_all_the_ways_that_it_closes() -> None:
    assert {(workflow_of(path), closing(path)) for path in RECORDED} == {
        ("ticket", "COMPLETED"),
        ("assignment", "COMPLETED"),
        ("assignment", "FAILED"),
        ("assignment", "CANCELED"),
        ("assignment", "CONTINUED_AS_NEW"),
        ("reauth", "COMPLETED"),
        ("reauth", "CONTINUED_AS_NEW"),
        ("care", "COMPLETED"),
        ("care", "CONTINUED_AS_NEW"),
        ("delivery", "COMPLETED"),
        ("delivery", "CONTINUED_AS_NEW"),
    }


def test_what_goes_on_in_another_run_is_recorded_there_too() -> None:
    left = {workflow_of(path) for path in RECORDED if closing(path) == "CONTINUED_AS_NEW"}
    assert {workflow_of(path) for path in RECORDED if is_later_run(path)} == left


def test_every_message_is_taken_in_some_history() -> None:
    def taken(workflow: str) -> set[str]:
        found = [messages(path) for path in RECORDED if workflow_of(path) == workflow]
        return set().union(*found)

    signals = {
        *("connection_recovered", "connection_gone", "retry_forced"),
        *("source_replaced", "transfer_place_free"),
    }
    assert taken("assignment") == signals | {"edit", "cancel"}
    assert taken("ticket") == {"begin_consent", "redeem", "refuse"}
    assert taken("reauth") == {"settled"}
    assert taken("delivery") == {"more"}


async def test_a_wait_for_every_reason_is_recorded() -> None:
    summaries = {text for path in RECORDED for text, _ in await timers(path)}
    assert "publishes at the scheduled time" in summaries
    others = set(WaitReason) - {WaitReason.SCHEDULE}
    for reason in others:
        assert any(text.startswith(f"waits for {reason}:") for text in summaries), reason


async def test_a_wait_for_a_place_is_recorded() -> None:
    for name in ("assignment-published-after-its-queue", "ticket-connected-after-another-one"):
        assert "waits for a place" in [text for text, _ in await timers(HISTORIES / f"{name}.json")]


def test_a_transfer_in_the_slow_lane_is_recorded() -> None:
    events = history(HISTORIES / "assignment-published-in-the-slow-lane.json").events
    asked = [event.activity_task_scheduled_event_attributes for event in events]
    queues = [one.task_queue.name for one in asked if one.activity_type.name == "transfer"]
    assert queues == [TRANSFER_QUEUE, SLOW_TRANSFER_QUEUE]


async def test_a_doubt_is_recorded_as_far_as_its_longest_pause() -> None:
    waits = await timers(HISTORIES / "assignment-published-after-days-of-doubt.json")
    looks = range(1, len(waits) + 1)
    assert [length for _, length in waits] == [pause_after(n, is_unclear=True) for n in looks]
    assert waits[-1] == ("waits for platform: outcome_unconfirmed", timedelta(hours=6))


async def test_every_end_of_the_wait_for_a_person_is_recorded() -> None:
    outcomes = [
        await result(path)
        for path in RECORDED
        if workflow_of(path) == "reauth" and closing(path) == "COMPLETED"
    ]
    assert {outcome.end for outcome in outcomes} == set(ReauthEnd)


async def result(path: Path) -> ReauthOutcome:
    completed = history(path).events[-1].workflow_execution_completed_event_attributes
    [outcome] = await converter_of(path).decode(completed.result.payloads, [ReauthOutcome])
    assert isinstance(outcome, ReauthOutcome)
    return outcome


def test_a_transfer_that_a_stopped_worker_left_is_recorded() -> None:
    events = history(HISTORIES / "assignment-published-by-another-worker.json").events
    begun = [event.activity_task_started_event_attributes for event in events]
    again = next(activity for activity in begun if activity.attempt > 1)
    # Temporal keeps the kind alone of a failure that takes up much room.
    assert again.last_failure.cause.application_failure_info.type == Kind.INTERRUPTED
