"""Workflows without a row, against a Temporal server of their own."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import TerminatedError

from activities.publishing.inputs import input_of
from domain.states import AssignmentState
from runtime.reconcile.orphans import REASON, OrphanSweep
from runtime.reconcile.pace import Repairs
from runtime.reconcile.rows import CLOSING
from runtime.reconcile.running import Running
from store.queries.orphans import list_orphans
from store.queries.publishing import assignments
from store.tables import now
from testkit.emulator import Emulator
from tests.support.stack import Stack, Tenant, eventually, stack_apart

TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
async def stack(tmp_path: Path, emulator: Emulator) -> AsyncIterator[Stack]:
    async with stack_apart(tmp_path, emulator) as stack:
        yield stack


@pytest.fixture
async def tenant(stack: Stack) -> Tenant:
    return await stack.tenant("ours")


async def listed(stack: Stack, *ids: str) -> None:
    """Wait until the visibility store shows these as running."""

    async def look() -> set[str]:
        running = stack.client.list_workflows("ExecutionStatus = 'Running'")
        return {one.id.partition("/")[2] async for one in running}

    await eventually(look, lambda seen: seen >= set(ids))


async def scheduled(tenant: Tenant, **fields: Any) -> str:
    assignment = await tenant.assign(
        await tenant.connection(), scheduledAt=TOMORROW.isoformat(), **fields
    )
    waiting = await tenant.until(assignment["id"], "waiting")
    assignment_id: str = waiting["id"]
    return assignment_id


async def test_one_without_a_row_is_recorded_and_ends_with_a_sentence(
    stack: Stack, tenant: Tenant
) -> None:
    kept = await scheduled(tenant)
    lost = await scheduled(tenant, payload={"title": "Accepted in the gap"})
    with stack.parts.store.write() as session:
        connection_id = assignments.lock_assignment(session, lost).connection_id
        session.delete(assignments.get_assignment_by_id(session, lost))
    await listed(stack, kept, lost)

    swept = await stack.sweep()

    assert (swept.orphans, swept.rebuilt) == (1, 0)
    with pytest.raises(WorkflowFailureError) as caught:
        await stack.assignment(lost).result()
    assert isinstance(caught.value.cause, TerminatedError)
    assert caught.value.cause.message == REASON
    with stack.parts.store.read() as session:
        [found] = list_orphans(session, limit=10)
    assert found.workflow_id == f"assignment/{lost}"
    assert (found.type, found.workspace_id) == ("AssignmentWorkflow", tenant.workspace_id)
    assert (found.connection_id, found.platform) == (connection_id, "youtube")
    assert found.title == "Accepted in the gap"
    assert now() - found.started_at < timedelta(minutes=5)
    assert await is_running(stack, kept)


async def test_the_workflow_of_another_application_is_left_alone(
    stack: Stack, tenant: Tenant
) -> None:
    """It shares the namespace, and its ids look like ours."""
    await stack.client.start_workflow("DeliveryWorkflow", id="delivery/42", task_queue="theirs")
    await listed(stack, "42")
    assert (await stack.sweep()).orphans == 0
    theirs = await stack.client.get_workflow_handle("delivery/42").describe()
    assert theirs.status is WorkflowExecutionStatus.RUNNING


async def test_one_that_has_closed_meanwhile_is_no_orphan(stack: Stack, tenant: Tenant) -> None:
    assignment_id = await scheduled(tenant)
    listed_before = (await stack.assignment(assignment_id).describe()).raw_info
    await stack.assignment(assignment_id).terminate()
    sweep = OrphanSweep(stack.parts.store, stack.client)
    assert await sweep.run([Running(listed_before)], Repairs()) == 0
    with stack.parts.store.read() as session:
        assert list_orphans(session, limit=10) == []


async def test_one_whose_row_has_ended_is_ended_a_while_later(stack: Stack, tenant: Tenant) -> None:
    assignment_id = await scheduled(tenant)
    settle(stack, assignment_id, ago=CLOSING - timedelta(minutes=1))
    await listed(stack, assignment_id)
    assert (await stack.sweep()).orphans == 0
    settle(stack, assignment_id, ago=CLOSING + timedelta(minutes=1))
    assert (await stack.sweep()).orphans == 1
    assert not await is_running(stack, assignment_id)


async def test_a_run_of_an_earlier_attempt_gives_way_to_the_row(
    stack: Stack, tenant: Tenant
) -> None:
    """Temporal was restored from an older backup than the database."""
    assignment_id = await scheduled(tenant)
    with stack.parts.store.write() as session:
        row = assignments.lock_assignment(session, assignment_id)
        row.attempt, row.scheduled_at = 2, None
        row.updated_at -= timedelta(hours=1)
    await listed(stack, assignment_id)

    assert (await stack.sweep()).rebuilt == 1

    published = await tenant.until(assignment_id, "published", "failed")
    assert (published["state"], published["attempt"]) == ("published", 2)
    assert len(stack.emulator.videos()) == 1


async def test_a_run_that_knows_an_earlier_time_waits_for_that_of_the_row(
    stack: Stack, tenant: Tenant
) -> None:
    assignment_id = await scheduled(tenant)
    with stack.parts.store.read() as session:
        row = assignments.get_assignment_by_id(session, assignment_id)
    early = replace(input_of(row, stack.parts.registry.get(row.platform)), scheduled_at=None)
    await stack.assignment(assignment_id).terminate()
    await stack.lifecycles.continue_assignment(early)

    async def state() -> str:
        described = await stack.assignment(assignment_id).describe()
        attributes = {pair.key.name: pair.value for pair in described.typed_search_attributes}
        return str(attributes["CastlineState"])

    await eventually(state, lambda seen: seen == "waiting")
    waiting = await tenant.look(assignment_id)
    assert (waiting["state"], waiting["waitReason"]) == ("waiting", "schedule")
    assert waiting["waitUntil"] == waiting["scheduledAt"]
    assert stack.emulator.calls("videos.insert.start") == 0
    # Nothing has begun, so it may still be edited.
    path = f"/api/v1/assignments/{assignment_id}"
    await tenant.ask("PATCH", path, {"scheduledAt": None})
    await tenant.until(assignment_id, "published")


def settle(stack: Stack, assignment_id: str, *, ago: timedelta) -> None:
    with stack.parts.store.write() as session:
        row = assignments.lock_assignment(session, assignment_id)
        row.state, row.updated_at = AssignmentState.FAILED, now() - ago


async def is_running(stack: Stack, assignment_id: str) -> bool:
    described = await stack.assignment(assignment_id).describe()
    return described.status is WorkflowExecutionStatus.RUNNING
