"""Temporal: its namespace, who polls the task queues, what waits in them, and its clock."""

import asyncio
import secrets
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    PollActivityTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from cli.doctor.clocks import judge_clock
from cli.doctor.installation import Installation
from cli.doctor.lengths import length
from domain.errors import Unavailable
from runtime.health.finding import Finding, Skipped, failed, ok, warning
from runtime.health.queues import QueueState, describe_queues
from runtime.temporal import find_missing_search_attributes

OLD_BACKLOG = timedelta(minutes=5)
"""A task that waited longer has too few workers, or slots that are all taken."""

_CLOCK_QUEUE = "castline-doctor"
_POLL_TIMEOUT = timedelta(seconds=8)
_LOOK_SECONDS = 0.05


async def look_at_namespace(here: Installation) -> Finding:
    settings = here.settings
    try:
        client = await here.connect()
        missing = await find_missing_search_attributes(client)
    except Unavailable as error:
        return failed(
            "Temporal",
            error.sentence.removeprefix("Temporal ").partition(". ")[0],
            f"Start it (`castline up` brings one), or name another than "
            f"{settings.temporal_address}: CASTLINE_TEMPORAL_ADDRESS or TEMPORAL_ADDRESS",
        )
    except RPCError as error:
        return failed(
            "Temporal",
            f"answers {error.status.name}",
            f"Check that the namespace {settings.temporal_namespace} exists and that the "
            "credentials in TEMPORAL_… may use it.",
        )
    if missing:
        return failed(
            "Temporal",
            f"namespace {client.namespace} lacks search attributes: {', '.join(missing)}",
            "A worker registers them when it starts: castline worker",
        )
    return ok("Temporal", f"namespace {client.namespace} is ready")


async def look_at_queues(here: Installation) -> list[Finding]:
    """A finding for each task queue."""
    client = await here.client()
    try:
        described = await describe_queues(client)
    except RPCError:
        raise Skipped("Temporal does not describe its task queues") from None
    by_name: dict[str, list[QueueState]] = defaultdict(list)
    for queue in described:
        by_name[queue.name].append(queue)
    return [_judge_queue(name, kinds) for name, kinds in by_name.items()]


def _judge_queue(name: str, kinds: list[QueueState]) -> Finding:
    subject = f"task queue {name}"
    pollers = frozenset.intersection(*(kind.pollers for kind in kinds))
    backlog = sum(kind.backlog for kind in kinds)
    oldest = max(kind.oldest for kind in kinds)
    figures = {
        "pollers": len(pollers),
        "backlog": backlog,
        "oldestSeconds": round(oldest.total_seconds(), 1),
    }
    waiting = f"{backlog} tasks wait, the oldest for {length(oldest)}" if backlog else "no backlog"
    if not pollers:
        fact = f"no worker polls it; {waiting}"
        return failed(subject, fact, "castline worker, or `castline up`", **figures)
    fact = f"{len(pollers)} {'worker' if len(pollers) == 1 else 'workers'}; {waiting}"
    if oldest > OLD_BACKLOG:
        remedy = "Start another worker, or give each more slots (CASTLINE_TRANSFER_SLOTS)."
        return warning(subject, fact, remedy, **figures)
    return ok(subject, fact, **figures)


async def look_at_clock(here: Installation) -> Finding:
    """No answer of Temporal has its time, but it notes when somebody polled a task queue.

    So a queue that nobody uses is polled for a moment.
    """
    client = await here.client()
    identity = f"castline-doctor-{secrets.token_hex(4)}"
    before = datetime.now(UTC)
    poll = asyncio.ensure_future(_poll(client, identity))
    try:
        while (theirs := await _find_poll(client, identity)) is None:
            if poll.done():
                raise Skipped("Temporal does not let a task queue be polled")
            await asyncio.sleep(_LOOK_SECONDS)
    except RPCError:
        raise Skipped("Temporal does not describe its task queues") from None
    finally:
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
    return judge_clock("Temporal clock", theirs, before=before, after=datetime.now(UTC))


async def _poll(client: Client, identity: str) -> None:
    await client.workflow_service.poll_activity_task_queue(
        PollActivityTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=_CLOCK_QUEUE), identity=identity
        ),
        timeout=_POLL_TIMEOUT,
    )


async def _find_poll(client: Client, identity: str) -> datetime | None:
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=_CLOCK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        ),
        timeout=_POLL_TIMEOUT,
    )
    for poller in described.pollers:
        if poller.identity == identity:
            return poller.last_access_time.ToDatetime(UTC)
    return None
