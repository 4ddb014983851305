"""Our workflows, page by page, from Temporal's visibility store.

Only those of our task queue: another application may share the namespace, with ids like ours.

It lags behind what is true by a moment, so it only says where to look. The raw answer is read:
the SDK would decode attributes and memos of each, which costs a hundred times as much.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from domain.queues import WORKFLOW_QUEUE
from runtime.runs import ATTEMPT

PAGE = 1000
"""The most that Temporal gives in one answer."""


@dataclass(frozen=True, slots=True)
class Running:
    info: WorkflowExecutionInfo

    @property
    def id(self) -> str:
        return self.info.execution.workflow_id

    @property
    def run_id(self) -> str:
        return self.info.execution.run_id

    @property
    def started_at(self) -> datetime:
        return self.info.start_time.ToDatetime(tzinfo=UTC)


def page_running(client: Client) -> AsyncIterator[list[Running]]:
    """Every running workflow of ours. Raises what Temporal's client raises."""
    return _page(client, "ExecutionStatus = 'Running'")


def page_assignments_of(client: Client, since: datetime) -> AsyncIterator[list[Running]]:
    """Every run of an assignment that began since then, closed or not; otherwise alike."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _page(client, f"WorkflowType = 'AssignmentWorkflow' AND StartTime >= '{moment}'")


async def _page(client: Client, query: str) -> AsyncIterator[list[Running]]:
    token = b""
    while True:
        answer = await client.workflow_service.list_workflow_executions(
            ListWorkflowExecutionsRequest(
                namespace=client.namespace,
                page_size=PAGE,
                next_page_token=token,
                query=f"TaskQueue = '{WORKFLOW_QUEUE}' AND {query}",
            ),
            retry=True,
        )
        yield [Running(info) for info in answer.executions]
        token = answer.next_page_token
        if not token:
            return


async def attempt_of(client: Client, one: Running) -> int | None:
    """The attempt that an assignment's run is of."""
    payload = one.info.memo.fields.get(ATTEMPT)
    if payload is None:
        return None
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=one.id)
    [attempt] = await client.data_converter.with_context(context).decode([payload], [int])
    return int(attempt)
