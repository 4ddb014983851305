"""Uploads that fill the slots of a worker beside those that are watched, and how they are seen."""

import asyncio
from functools import partial
from pathlib import Path

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from domain.queues import TRANSFER_QUEUE
from runtime.temporal import worker_identity
from testkit.clips import MIB, make_hollow
from testkit.emulator import Emulator
from tests.support.killing import YOUTUBE
from tests.support.stack import Tenant, eventually

CROWD = 5
"""With the three that are watched as many transfers as a worker moves at a time."""
BEN = "ben@example.test"
_SIZE = 16 * MIB
_PACE = MIB // 2
"""Bytes per second: they are under way for longer than a worker takes to start."""


def slow_down_the_crowd(emulator: Emulator) -> None:
    """To be ordered before other faults: of two that fit, the older one strikes."""
    emulator.fault(YOUTUBE.transfer, "trickle", bytes_per_second=_PACE, times=None, owner=BEN)


async def send_crowd(tenant: Tenant, folder: Path) -> list[str]:
    """Assign small videos to another channel; return their ids when all are on their way."""
    clip = make_hollow(folder, _SIZE)
    channel = await tenant.connection(BEN)
    made = [await tenant.assign(channel, mediaUrl=clip.url) for _ in range(CROWD)]
    await eventually(partial(under_way, tenant), lambda count: count == CROWD)
    return [assignment["id"] for assignment in made]


async def under_way(tenant: Tenant) -> int:
    """How many of the crowd have begun and are not whole."""
    state = await asyncio.to_thread(tenant.stack.emulator.state)
    return sum(
        session.get("total") == _SIZE and 0 < session["received"] < _SIZE
        for session in state["sessions"]
    )


async def until_working(tenant: Tenant, pid: int) -> None:
    """Wait until the worker process takes transfers."""
    await eventually(partial(_takers, tenant), lambda seen: worker_identity(pid) in seen, within=60)


async def _takers(tenant: Tenant) -> list[str]:
    client = tenant.stack.client
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=TRANSFER_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
    )
    return [poller.identity for poller in described.pollers]
