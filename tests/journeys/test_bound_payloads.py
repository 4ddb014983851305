"""Write access to Temporal without a key of the key set does not decide what workflows do.

The attacker has a client of Temporal without the codec: it copies payloads as they are stored,
and makes payloads in clear.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import RawValue

from domain.ids import CARE, assignment_workflow_id, new_assignment_id
from domain.queues import WORKFLOW_QUEUE
from runtime.codec import open_payload
from testkit.emulator import Emulator
from tests.support.stack import Stack, Tenant, eventually, stack_apart

Handle = WorkflowHandle[Any, Any]


@pytest.fixture
async def attacker(stack: Stack) -> Client:
    """A client that neither seals nor opens."""
    return await Client.connect(stack.client.service_client.config.target_host)


async def test_a_payload_of_another_workflow_is_refused_by_the_worker(
    stack: Stack, attacker: Client, tenant: Tenant
) -> None:
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "published")
    stolen = await argument_of(attacker, assignment_workflow_id(assignment["id"]))
    forged = await start(attacker, stolen)
    try:
        assert "A payload of workflow" in await refusal_of(stack, forged)
    finally:
        await forged.terminate()


async def test_a_payload_in_clear_is_refused_by_the_worker(stack: Stack, attacker: Client) -> None:
    wanted = json.dumps({"assignment_id": "asg_1", "workspace_id": "wsp_1"}).encode()
    clear = Payload(metadata={"encoding": b"json/plain"}, data=wanted)
    forged = await start(attacker, clear)
    try:
        assert "not encrypted" in await refusal_of(stack, forged)
    finally:
        await forged.terminate()


async def test_a_cancel_comes_through_before_a_worker_has_begun_the_transfer(
    emulator: Emulator, tmp_path: Path
) -> None:
    # The server itself writes the details of such a cancellation, and seals nothing.
    async with stack_apart(tmp_path, emulator, transfer_slots=1) as stack:
        first, second = await stack.tenant("first"), await stack.tenant("second")
        emulator.fault("videos.insert.transfer", "trickle", bytes_per_second=5_000, times=None)
        moving = await first.assign(await first.connection())
        await first.until(moving["id"], "uploading")
        waiting = await second.assign(await second.connection())

        ended = await second.ask("DELETE", f"/api/v1/assignments/{waiting['id']}")

        assert ended["state"] == "cancelled"
        history = await stack.assignment(waiting["id"]).fetch_history()
        assert b"ACTIVITY_ID_NOT_STARTED" in b"".join(
            payload.data
            for event in history.events
            for payload in event.activity_task_canceled_event_attributes.details.payloads
        )


async def test_a_schedule_starts_its_runs(stack: Stack) -> None:
    schedule = stack.client.get_schedule_handle(CARE)
    for _ in range(2):  # the second is given the result of the first
        begun = len((await schedule.describe()).info.recent_actions)
        await schedule.trigger()

        async def ended(begun: int = begun) -> list[str]:
            actions = (await schedule.describe()).info.recent_actions[begun:]
            runs = [action.action.workflow_id for action in actions]  # type: ignore[attr-defined]
            return [run for run in runs if await is_completed(stack, run)]

        assert await eventually(ended)


async def is_completed(stack: Stack, workflow_id: str) -> bool:
    description = await stack.client.get_workflow_handle(workflow_id).describe()
    assert description.status in (
        WorkflowExecutionStatus.RUNNING,
        WorkflowExecutionStatus.COMPLETED,
    )
    return description.status is WorkflowExecutionStatus.COMPLETED


async def argument_of(client: Client, workflow_id: str) -> Payload:
    """As Temporal stores it."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    (payload,) = history.events[0].workflow_execution_started_event_attributes.input.payloads
    return payload


async def start(client: Client, payload: Payload) -> Handle:
    return await client.start_workflow(
        "AssignmentWorkflow",
        RawValue(payload),
        id=assignment_workflow_id(new_assignment_id()),
        task_queue=WORKFLOW_QUEUE,
    )


async def refusal_of(stack: Stack, handle: Handle) -> str:
    """What the worker said when it failed the workflow's first task."""

    async def failures() -> Sequence[HistoryEvent]:
        wanted = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        events = (await handle.fetch_history()).events
        return [event for event in events if event.event_type == wanted]

    first, *_ = await eventually(failures)
    failure = first.workflow_task_failed_event_attributes.failure
    return open_payload(failure.encoded_attributes, stack.parts.keyring).data.decode()
