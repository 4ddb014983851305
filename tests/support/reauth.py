"""A re-authorization as an operator and a customer see it."""

from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle

from domain.events import EventType
from domain.ids import reauth_workflow_id
from store.queries.telling.events import list_events_after
from store.tables import Event
from testkit.emulator import ANA
from tests.support.stack import Stack, Tenant, Visit, eventually

REFRESH = "oauth.token.refresh"


def reauth(stack: Stack, connection_id: str) -> WorkflowHandle[Any, Any]:
    return stack.client.get_workflow_handle(reauth_workflow_id(connection_id))


async def break_connection(tenant: Tenant, connection_id: str) -> None:
    """Let Google revoke the grant, and Castline come upon it."""
    tenant.stack.emulator.fault(REFRESH, "revoke_grant")
    await tenant.ask("POST", f"/api/v1/connections/{connection_id}/refresh-token", status=409)


async def reconnect(
    tenant: Tenant, connection_id: str, account: str = ANA, platform: str = "youtube"
) -> Visit:
    """Authorize a connection again."""
    ticket = await tenant.ticket(connectionId=connection_id, platform=platform)
    visit = await tenant.browse(ticket["authUrl"], account=account)
    assert visit.result["status"] == "success", visit.result
    return visit


async def asked(stack: Stack, connection_id: str) -> WorkflowHandle[Any, Any]:
    """The workflow that waits for a person, once it is at work."""
    handle = reauth(stack, connection_id)

    async def at_work() -> bool:
        return bool(await running(stack, connection_id)) and "**" in await card(handle)

    await eventually(at_work)
    return handle


async def running(stack: Stack, connection_id: str) -> list[str]:
    query = (
        "WorkflowType = 'ReauthWorkflow' AND ExecutionStatus = 'Running' "
        f"AND CastlineConnection = '{connection_id}'"
    )
    return [execution.id async for execution in stack.client.list_workflows(query)]


async def card(handle: WorkflowHandle[Any, Any]) -> str:
    """The Markdown of the status card in the Web UI."""
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    told: str = metadata.current_details
    return told


def events(tenant: Tenant, subject_id: str, type: EventType) -> list[Event]:
    """What was told of it, in its order."""
    with tenant.stack.parts.store.read() as session:
        told = list_events_after(session, tenant.workspace_id, 0, limit=500, subject_id=subject_id)
    return [event for event in told if event.type == type]
