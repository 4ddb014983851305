"""Who counts as polling a task queue."""

import asyncio
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from domain.queues import POLL_QUEUE
from runtime.health.queues import QueueState, describe_queues, find_unpolled
from tests.support.stack import eventually


def state(name: str, *pollers: str) -> QueueState:
    return QueueState(name, frozenset(pollers), 0, timedelta(0))


def test_a_queue_is_polled_by_anybody_or_by_one_process() -> None:
    queues = [state("a", "first", "second"), state("b", "second"), state("c"), state("c", "first")]
    assert find_unpolled(queues) == ["c"]
    assert find_unpolled(queues, "first") == ["b", "c"]
    assert find_unpolled(queues, "third") == ["a", "b", "c"]


@activity.defn
async def nothing() -> None:
    pass


async def test_a_poller_that_was_last_seen_long_ago_does_not_count(temporal: str) -> None:
    client = await Client.connect(temporal)

    async def polls(age: timedelta) -> bool:
        queues = await describe_queues(client, poller_age=age)
        return POLL_QUEUE not in find_unpolled(queues, "somebody")

    async with Worker(client, task_queue=POLL_QUEUE, activities=[nothing], identity="somebody"):
        await eventually(lambda: polls(timedelta(minutes=1)))
    await asyncio.sleep(0.1)
    assert await polls(timedelta(minutes=5)), "Temporal lists pollers for a while"
    assert not await polls(timedelta(seconds=0.1))
