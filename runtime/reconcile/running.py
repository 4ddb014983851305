"""The workflows that run, page by page, from Temporal's visibility store.

It lags behind what is true by a moment, so it only says where to look. The raw answer is read:
the SDK would decode attributes and memos of each, which costs a hundred times as much.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.common.v1 import Memo, SearchAttributes
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import Client

PAGE = 1000
"""The most that Temporal gives in one answer."""


@dataclass(frozen=True, slots=True)
class Running:
    id: str
    run_id: str
    type: str
    started_at: datetime
    attributes: SearchAttributes
    memo: Memo


async def page_running(client: Client) -> AsyncIterator[list[Running]]:
    """Every running workflow of the namespace. Raises what Temporal's client raises."""
    token = b""
    while True:
        answer = await client.workflow_service.list_workflow_executions(
            ListWorkflowExecutionsRequest(
                namespace=client.namespace,
                page_size=PAGE,
                next_page_token=token,
                query="ExecutionStatus = 'Running'",
            ),
            retry=True,
        )
        yield [
            Running(
                id=each.execution.workflow_id,
                run_id=each.execution.run_id,
                type=each.type.name,
                started_at=each.start_time.ToDatetime(tzinfo=UTC),
                attributes=each.search_attributes,
                memo=each.memo,
            )
            for each in answer.executions
        ]
        token = answer.next_page_token
        if not token:
            return
