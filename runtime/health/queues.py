"""Who polls the task queues, and what waits in them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from domain.queues import ACTIVITY_QUEUES, WORKFLOW_QUEUE

POLLER_AGE = timedelta(seconds=75)
"""A poll lasts a minute at most, and Temporal lists a poller for five minutes after its last."""

_RPC_TIMEOUT = timedelta(seconds=5)
_POLLED = (
    (WORKFLOW_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    *((queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY) for queue in ACTIVITY_QUEUES),
)


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue with one kind of tasks."""

    name: str
    pollers: frozenset[str]
    """The identities of the processes that polled it lately."""
    backlog: int
    oldest: timedelta
    """How long its oldest task has waited."""


async def describe_queues(
    client: Client, *, poller_age: timedelta = POLLER_AGE
) -> list[QueueState]:
    """Every queue that a worker polls. Raises `RPCError`."""
    since = datetime.now(UTC) - poller_age
    return await asyncio.gather(*(_describe(client, name, kind, since) for name, kind in _POLLED))


def find_unpolled(queues: Sequence[QueueState], identity: str | None = None) -> list[str]:
    """The names of queues that nobody polls; with an identity, that this process does not."""
    unpolled = [
        queue.name
        for queue in queues
        if not (queue.pollers if identity is None else identity in queue.pollers)
    ]
    return list(dict.fromkeys(unpolled))


async def _describe(
    client: Client, name: str, kind: TaskQueueType.ValueType, since: datetime
) -> QueueState:
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=name),
            task_queue_type=kind,
            report_stats=True,
        ),
        timeout=_RPC_TIMEOUT,
    )
    return QueueState(
        name=name,
        pollers=frozenset(
            poller.identity
            for poller in described.pollers
            if poller.last_access_time.ToDatetime(UTC) > since
        ),
        backlog=described.stats.approximate_backlog_count,
        oldest=described.stats.approximate_backlog_age.ToTimedelta(),
    )
