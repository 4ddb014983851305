"""No number of edits or signals ends a workflow: edits are small, and it continues as new."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from activities.contract.assignments import AssignmentEdit
from store.queries.publishing import edits
from testkit.clips import Clip, make_clip, the_only_video
from testkit.emulator import Emulator
from tests.support.reauth import asked, reauth, reconnect, running
from tests.support.stack import Stack, Tenant, eventually, running_stack, temporal_server
from workflows.assignment import AssignmentWorkflow
from workflows.options import CONNECTION, STATE, WORKSPACE
from workflows.reauth import ReauthWorkflow

START = "videos.insert.start"
TRANSFER = "videos.insert.transfer"


@pytest.fixture(scope="module")
async def continuing_installation(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator
) -> AsyncIterator[Stack]:
    """One whose server calls every history long."""
    folder = tmp_path_factory.mktemp("continuing")
    dynamic: dict[str, object] = {"limit.historyCount.suggestContinueAsNew": 8}
    async with (
        temporal_server(**dynamic) as address,
        running_stack(folder, emulator_process, address) as stack,
    ):
        yield stack


@pytest.fixture
async def continuing(
    continuing_installation: Stack, emulator: Emulator, request: pytest.FixtureRequest
) -> Tenant:
    emulator.switch(processing_seconds=0, page_processing_seconds=0)
    return await continuing_installation.tenant(request.node.nodeid)


@pytest.fixture
def clip(continuing_installation: Stack) -> Clip:
    return make_clip(continuing_installation.media)


def path(assignment: dict[str, Any], verb: str = "") -> str:
    return f"/api/v1/assignments/{assignment['id']}{verb}"


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def scheduled(tenant: Tenant, clip: Clip) -> dict[str, Any]:
    assignment = await tenant.assign(
        await tenant.connection(), mediaUrl=clip.url, scheduledAt=tomorrow()
    )
    return await tenant.until(assignment["id"], "waiting")


async def edit(tenant: Tenant, assignment: dict[str, Any], title: str) -> None:
    await tenant.ask("PATCH", path(assignment), {"payload": {"title": title}})


async def runs(tenant: Tenant, workflow_id: str) -> int:
    """How many runs the workflow has had."""
    query = f"WorkflowId = '{workflow_id}'"
    return len([run async for run in tenant.stack.client.list_workflows(query)])


async def continued(tenant: Tenant, assignment: dict[str, Any], times: int = 2) -> None:
    workflow_id = tenant.stack.assignment(assignment["id"]).id
    await eventually(lambda: runs(tenant, workflow_id), lambda count: count >= times)


async def test_sixty_edits_of_a_megabyte_leave_a_small_history(
    tenant: Tenant, stack: Stack
) -> None:
    clip = make_clip(stack.media)
    assignment = await scheduled(tenant, clip)
    for number in range(60):
        payload = {"title": f"Title {number}", "description": "x" * 1_000_000}
        with stack.parts.store.write() as session:
            version = edits.propose_edit(session, assignment["id"], payload=payload)
        await stack.lifecycles.edit(AssignmentEdit(assignment["id"], version))
    assert (await tenant.look(assignment["id"]))["payload"]["title"] == "Title 59"
    described = await stack.assignment(assignment["id"]).describe()
    size = described.raw_description.workflow_execution_info.history_size_bytes
    print(f"history of sixty edits: {size} bytes, {described.history_length} events")
    assert size < 60 * 4000
    await tenant.ask(
        "PATCH", path(assignment), {"payload": {"title": "The last"}, "scheduledAt": None}
    )
    await tenant.until(assignment["id"], "published")
    assert the_only_video(stack.emulator, clip)["title"] == "The last"


async def test_edits_and_the_schedule_outlast_many_runs(continuing: Tenant, clip: Clip) -> None:
    tenant, stack = continuing, continuing.stack
    assignment = await scheduled(tenant, clip)
    workflow = stack.assignment(assignment["id"])
    first = await workflow.describe()
    for number in range(5):
        await edit(tenant, assignment, f"Title {number}")
    await continued(tenant, assignment, 3)
    described = await workflow.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    assert described.run_id != first.run_id
    assert await described.memo_value("attempt") == 1
    for key in (WORKSPACE, CONNECTION, STATE):
        attributes = described.typed_search_attributes
        assert attributes.get(key) == first.typed_search_attributes.get(key)
    seen = await tenant.look(assignment["id"])
    assert (seen["state"], seen["waitReason"]) == ("waiting", "schedule")
    assert seen["waitUntil"] == assignment["scheduledAt"]
    assert stack.emulator.calls(START) == 0
    await tenant.ask("PATCH", path(assignment), {"scheduledAt": None})
    await tenant.until(assignment["id"], "published")
    assert the_only_video(stack.emulator, clip)["title"] == "Title 4"


async def test_no_edit_is_lost_where_one_run_ends_and_the_next_begins(
    continuing: Tenant, clip: Clip
) -> None:
    tenant, stack = continuing, continuing.stack
    assignment = await scheduled(tenant, clip)
    applied: list[str] = []

    async def change(name: str) -> None:
        for number in range(6):
            await edit(tenant, assignment, f"{name} {number}")
            applied.append(f"{name} {number}")

    await asyncio.gather(*map(change, "ABCD"))
    assert len(applied) == 24
    await continued(tenant, assignment, 4)
    await edit(tenant, assignment, "The last")
    await tenant.ask("PATCH", path(assignment), {"scheduledAt": None})
    await tenant.until(assignment["id"], "published")
    assert the_only_video(stack.emulator, clip)["title"] == "The last"


@pytest.mark.parametrize("way", ["api", "temporal"])
async def test_a_run_that_continued_can_be_cancelled(
    continuing: Tenant, clip: Clip, way: str
) -> None:
    assignment = await scheduled(continuing, clip)
    for number in range(3):
        await edit(continuing, assignment, f"Title {number}")
    await continued(continuing, assignment)
    workflow = continuing.stack.assignment(assignment["id"])
    if way == "api":
        await continuing.ask("DELETE", path(assignment))
    else:
        await workflow.cancel()
    await continuing.until(assignment["id"], "cancelled")

    async def status() -> WorkflowExecutionStatus | None:
        return (await workflow.describe()).status

    await eventually(status, lambda seen: seen is not WorkflowExecutionStatus.RUNNING)
    assert continuing.stack.emulator.videos() == []


async def test_a_wait_goes_on_through_a_flood_of_signals(continuing: Tenant, clip: Clip) -> None:
    tenant, stack = continuing, continuing.stack
    stack.emulator.switch(uploads_per_day=0)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    waiting = await tenant.until(assignment["id"], "waiting")
    workflow = stack.assignment(assignment["id"])
    starts = stack.emulator.calls(START)
    for _ in range(12):
        await workflow.signal(AssignmentWorkflow.connection_recovered)
        await workflow.signal(AssignmentWorkflow.retry_forced)
    await continued(tenant, assignment, 3)
    seen = await tenant.look(assignment["id"])
    assert (seen["waitReason"], seen["waitUntil"]) == ("quota", waiting["waitUntil"])
    # The later run waits, and tries nothing before its time.
    begun = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED

    async def latest() -> set[int]:
        return {event.event_type for event in (await workflow.fetch_history()).events}

    seen_events = await eventually(latest, lambda types: begun in types)
    assert EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED not in seen_events
    assert stack.emulator.calls(START) == starts
    refused = await tenant.ask("PATCH", path(assignment), {"scheduledAt": None}, status=409)
    assert refused["code"] == "too_late"
    assert (await tenant.ask("DELETE", path(assignment)))["state"] == "cancelled"


async def test_a_wait_for_a_person_ends_in_another_run(continuing: Tenant, clip: Clip) -> None:
    tenant, stack = continuing, continuing.stack
    connection_id = await tenant.connection()
    stack.emulator.fault(TRANSFER, "revoke_grant")
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)
    await tenant.until(assignment["id"], "waiting")
    await asked(stack, connection_id)
    for _ in range(8):
        await stack.assignment(assignment["id"]).signal(AssignmentWorkflow.retry_forced)
        await reauth(stack, connection_id).signal(ReauthWorkflow.settled)
    await continued(tenant, assignment)
    await eventually(lambda: runs(tenant, reauth(stack, connection_id).id), lambda n: n >= 2)
    assert await running(stack, connection_id) == [reauth(stack, connection_id).id]
    await reconnect(tenant, connection_id)
    await tenant.until(assignment["id"], "published", within=60)
    the_only_video(stack.emulator, clip)
    outcome = await reauth(stack, connection_id).result()
    assert outcome["end"] == "reconnected"


async def test_a_retry_begins_the_next_attempt_after_many_runs(
    continuing: Tenant, clip: Clip
) -> None:
    tenant, stack = continuing, continuing.stack
    stack.emulator.fault(START, "status", status=400)
    assignment = await scheduled(tenant, clip)
    for number in range(3):
        await edit(tenant, assignment, f"Title {number}")
    await continued(tenant, assignment)
    await tenant.ask("PATCH", path(assignment), {"scheduledAt": None})
    await tenant.until(assignment["id"], "failed")
    await tenant.ask("POST", path(assignment, "/retry"))
    published = await tenant.until(assignment["id"], "published")
    assert published["attempt"] == 2
    described = await stack.assignment(assignment["id"]).describe()
    assert await described.memo_value("attempt") == 2
    the_only_video(stack.emulator, clip)


async def test_repeated_visits_to_a_consent_page_leave_the_history_as_it_is(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await tenant.ticket()
    async with stack.browser() as browser:
        for _ in range(60):
            visit = await browser.get(ticket["authUrl"])
            assert "/o/oauth2/" in visit.headers["location"]
    history = await stack.client.get_workflow_handle(f"ticket/{ticket['ticketId']}").fetch_history()
    accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    assert sum(event.event_type == accepted for event in history.events) == 1
