"""What an operator sees in Temporal: ids, summaries, current details, and what to search for."""

from collections import Counter
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus

from domain.ids import CARE
from tests.support.stack import Stack, Tenant, eventually


async def details(stack: Stack, assignment_id: str) -> str:
    """The Markdown of the status card in the Web UI."""
    metadata = await stack.assignment(assignment_id).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    told: str = metadata.current_details
    return told


async def found(stack: Stack, query: str) -> list[str]:
    return [execution.id async for execution in stack.client.list_workflows(query)]


async def listed(stack: Stack, query: str, ids: list[str]) -> None:
    """Wait until a search finds just these: Temporal's index follows in a moment."""

    async def look() -> list[str]:
        return await found(stack, query)

    await eventually(look, lambda seen: seen == ids, within=5)


async def test_an_assignment_says_what_it_is_and_where_it_stands(
    tenant: Tenant, stack: Stack
) -> None:
    stack.emulator.switch(processing_seconds=600)
    connection_id = await tenant.connection()
    assignment = await tenant.assign(connection_id, payload={"title": "Bread & butter"})
    await tenant.until(assignment["id"], "processing")

    description = await stack.assignment(assignment["id"]).describe()

    assert description.id == f"assignment/{assignment['id']}"
    assert await description.static_summary() == "Bread & butter → youtube"
    told = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert {name: value for name, value in told.items() if name.startswith("Castline")} == {
        "CastlineWorkspace": tenant.workspace_id,
        "CastlinePlatform": "youtube",
        "CastlineConnection": connection_id,
        "CastlineState": "processing",
    }
    assert await details(stack, assignment["id"]) == "**processing**: Bread & butter on youtube"
    stack.emulator.advance(600)
    published = await tenant.until(assignment["id"], "published")
    assert published["platformUrl"] in await details(stack, assignment["id"])


async def test_operators_find_what_waits_for_a_person(tenant: Tenant, stack: Stack) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault("videos.insert.start", "revoke_grant")
    assignment = await tenant.assign(connection_id)
    await tenant.until(assignment["id"], "waiting")
    workflow_id = f"assignment/{assignment['id']}"

    mine = f"CastlineConnection = '{connection_id}'"
    await listed(stack, f"{mine} AND CastlineState = 'waiting'", [workflow_id])

    card = await details(stack, assignment["id"])
    assert "Waits for **connection**." in card
    assert "What helps: reconnect." in card
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")
    await listed(stack, f"{mine} AND CastlineState = 'waiting'", [])
    await listed(stack, f"{mine} AND CastlineState = 'cancelled'", [workflow_id])


async def test_one_filter_shows_customers_work_and_nothing_else(
    tenant: Tenant, stack: Stack
) -> None:
    published = await tenant.publish(await tenant.connection())
    await stack.client.get_schedule_handle(CARE).trigger()
    await eventually(lambda: found(stack, "WorkflowType = 'CareWorkflow'"))

    async def look() -> list[str]:
        return await found(stack, "CastlineWorkspace IS NOT NULL")

    shown = await eventually(look, lambda seen: f"assignment/{published['id']}" in seen)
    assert {id.partition("/")[0] for id in shown} <= {"ticket", "assignment", "reauth"}


async def test_a_ticket_is_a_workflow_too(tenant: Tenant, stack: Stack) -> None:
    ticket = await tenant.ticket()
    workflow = stack.client.get_workflow_handle(f"ticket/{ticket['ticketId']}")

    description = await workflow.describe()

    assert await description.static_summary() == "Ticket to connect youtube"
    assert description.status is WorkflowExecutionStatus.RUNNING
    await tenant.browse(ticket["authUrl"])
    result: dict[str, Any] = await workflow.result()
    assert result["state"] == "connected"


async def test_every_activity_has_a_line_that_says_what_it_does(
    tenant: Tenant, stack: Stack
) -> None:
    published = await tenant.publish(await tenant.connection())

    history = await stack.assignment(published["id"]).fetch_history()

    scheduled = [
        event
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    assert all(event.user_metadata.HasField("summary") for event in scheduled)
    names = Counter(
        event.activity_task_scheduled_event_attributes.activity_type.name for event in scheduled
    )
    assert names == {"transfer": 1, "await_processing": 1}
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in {
        event.event_type for event in history.events
    }
