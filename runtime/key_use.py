"""What in Temporal still needs a key of the key set.

A run that began before the key was replaced may hold payloads of it, closed or not; Temporal
shows closed ones until its retention ends. A run that began later may have taken one over
from an earlier run (its memo, the last result of a Schedule), so every open run is read.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime.codec import KEY_ID

IN_FLIGHT = timedelta(minutes=10)
"""What was sealed before the key was replaced reaches Temporal within this time or not at all."""


async def count_runs_of_before(client: Client, replaced_at: datetime) -> int:
    """Runs, open or closed, that began while the key may still have sealed."""
    until = (replaced_at + IN_FLIGHT).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (await client.count_workflows(f'StartTime <= "{until}"')).count


async def find_open_run_with(client: Client, key_id: str) -> str | None:
    """The id of an open run that holds a payload sealed with the key."""
    names_key = _names_key(key_id)
    async for run in client.list_workflows('ExecutionStatus = "Running"'):
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        try:
            if names_key((await handle.describe()).raw_description):
                return run.id
            async for event in handle.fetch_history_events():
                if names_key(event):
                    return run.id
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
    return None


async def find_retention(client: Client) -> timedelta:
    """How long Temporal keeps a closed run."""
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


def _names_key(key_id: str) -> Callable[[Message], bool]:
    # The entry of a payload's metadata, as Protobuf writes it: name, then value.
    name, value = KEY_ID.encode(), key_id.encode()
    entry = b"\x0a" + bytes([len(name)]) + name + b"\x12" + bytes([len(value)]) + value
    return lambda message: entry in message.SerializeToString()
