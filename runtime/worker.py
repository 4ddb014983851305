"""The worker: one process that polls every task queue.

Each queue has slots and threads of its own, so that none keeps another one waiting, and each
workspace has a share of them. Most activities are plain functions on threads, because the
libraries they call block. When told to stop, running activities get `graceful_seconds` to reach a
safe point; a killed worker loses nothing that the platform and the database do not know.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities import wiring
from domain.errors import Unavailable
from domain.queues import (
    CONSENT_QUEUE,
    DELIVERY_QUEUE,
    POLL_QUEUE,
    SLOW_TRANSFER_QUEUE,
    STEP_QUEUE,
    TRANSFER_QUEUE,
    WORKFLOW_QUEUE,
)
from runtime.generation import get_installation_id, notice_restore
from runtime.health.worker import WorkerHealth, answering
from runtime.lifecycles import make_lifecycles
from runtime.maintenance import Maintenance
from runtime.parts import Parts, build_parts
from runtime.process_heartbeat import process_heartbeat
from runtime.settings import Settings
from runtime.shares import ShareInterceptor
from runtime.temporal import connect, ensure_ready, worker_identity
from runtime.waking import Waker
from transport.proxies import Way
from workflows.assignment import AssignmentWorkflow
from workflows.care import CareWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.reauth import ReauthWorkflow
from workflows.ticket import TicketWorkflow

WORKFLOWS = [
    TicketWorkflow,
    AssignmentWorkflow,
    ReauthWorkflow,
    CareWorkflow,
    DeliveryWorkflow,
]

SHORT_SLOTS = 16
"""Short activities at a time, and as many local ones: they wait for our own database."""

CONSENT_SLOTS = 16
STEP_SLOTS = 16
POLL_SLOTS = 32
"""They wait for platforms and origins, not for a core. A thread each, made when it is needed."""

SLOW_SLOTS = 32
"""Slow transfers at a time: a thread, two connections and a buffer of 128 KiB each."""

DELIVERY_SLOTS = 64
"""Webhooks under way at a time: a connection each, and no thread."""

POLLERS = 2
"""Long polls of a queue that gets few tasks a second; the SDK's default is five."""

HEARTBEAT_INTERVAL = timedelta(seconds=2)
"""At most this much progress goes unseen when a worker is killed."""

# Loaded once per process instead of once per workflow run: they are pure, and their classes
# must not get a second identity.
PASSED_THROUGH = ("domain", "activities")

SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
)

_log = logging.getLogger("castline.worker")


async def run_worker(
    settings: Settings,
    stop: asyncio.Event,
    announced: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Work until `stop` is set. Raises `Unavailable` when Temporal or the database does not
    answer, `CastlineError` when the database's schema is not this version's, and `Conflict` when
    the namespace belongs to another installation.

    Registers what is missing in Temporal first, so that a fresh namespace is enough. The work is
    done inside `announced`, which is entered once nothing refuses it.
    """
    parts = build_parts(settings)
    parts.store.require_current(writes=True)
    health = WorkerHealth(parts)
    async with answering(health):
        client = await connect(settings, parts.keyring)
        await asyncio.to_thread(notice_restore, settings, parts.store)
        await ensure_ready(client, await asyncio.to_thread(get_installation_id, parts.store))
        health.client = client
        Waker(client, parts.store, settings).attach()
        workers = make_workers(settings, parts, client)
        with (
            announced(),
            process_heartbeat("worker", parts.store, parts.keyring, health.heartbeat),
        ):
            await _run(workers, Maintenance(parts, client), stop)
    parts.store.close()
    _log.info("worker has ended")


async def _run(workers: Sequence[Worker], maintenance: Maintenance, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        maintaining = group.create_task(maintenance.run())
        for worker in workers:
            group.create_task(_serve(worker))
        _log.info("worker is ready: process %d", os.getpid())
        await stop.wait()
        maintaining.cancel()
        # At once and not one after the other: each may need the whole grace.
        await asyncio.gather(*(worker.shutdown() for worker in workers))


async def _serve(worker: Worker) -> None:
    try:
        await worker.run()
    except RuntimeError as error:  # the SDK's, where Temporal ends between the connect and this
        raise Unavailable(
            "temporal_unreachable",
            "Temporal does not take this worker: it does not answer, or the namespace is not "
            "there. Start it, or check CASTLINE_TEMPORAL_ADDRESS and CASTLINE_TEMPORAL_NAMESPACE.",
        ) from error


def make_workers(
    settings: Settings, parts: Parts, client: Client, *, sandboxed: bool = False
) -> list[Worker]:
    """Return the workers of all queues, not yet running.

    `sandboxed` makes workflow code that is not deterministic fail where it stands. The tests
    run everything that way. In production it would find nothing more, and costs a publish
    two fifths of the worker's CPU time: the workflow's module is imported anew for each run,
    and each payload is taken through the sandbox.
    """
    activities = _activities(settings, parts, client)
    identity = worker_identity(os.getpid())
    grace = timedelta(seconds=settings.graceful_seconds)
    short = Worker(
        client,
        task_queue=WORKFLOW_QUEUE,
        identity=identity,
        workflows=WORKFLOWS,
        workflow_runner=SANDBOX if sandboxed else UnsandboxedWorkflowRunner(),
        activities=activities.short,
        activity_executor=ThreadPoolExecutor(2 * SHORT_SLOTS, "short"),
        max_concurrent_activities=SHORT_SLOTS,
        max_concurrent_local_activities=SHORT_SLOTS,
        max_concurrent_activity_task_polls=POLLERS,
        max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
        graceful_shutdown_timeout=grace,
    )
    others = [
        Worker(
            client,
            task_queue=queue.name,
            identity=identity,
            activities=queue.activities,
            activity_executor=ThreadPoolExecutor(queue.slots, queue.name),
            interceptors=queue.interceptors,
            max_concurrent_activities=queue.slots,
            max_concurrent_activity_task_polls=POLLERS,
            max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
            default_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
            graceful_shutdown_timeout=grace,
        )
        for queue in _queues(settings, activities)
    ]
    return [short, *others]


@dataclass(frozen=True, slots=True)
class _Queue:
    """A queue of activities alone."""

    name: str
    activities: Sequence[Callable[..., Any]]
    slots: int
    interceptors: Sequence[Interceptor] = ()


def _queues(settings: Settings, activities: wiring.Activities) -> list[_Queue]:
    shares = settings.worker_shares

    def share(what: str, most: int) -> list[Interceptor]:
        return [ShareInterceptor(what, most)]

    return [
        _Queue(
            CONSENT_QUEUE,
            activities.consent,
            CONSENT_SLOTS,
            share("consents", shares.consents),
        ),
        _Queue(STEP_QUEUE, activities.step, STEP_SLOTS, share("steps", shares.steps)),
        _Queue(POLL_QUEUE, activities.poll, POLL_SLOTS, share("polls", shares.polls)),
        # Their share holds for all workers together: see `store.queries.publishing.lanes`.
        _Queue(TRANSFER_QUEUE, activities.transfer, settings.transfer_slots),
        _Queue(SLOW_TRANSFER_QUEUE, activities.transfer, SLOW_SLOTS),
        _Queue(
            DELIVERY_QUEUE,
            activities.delivery,
            DELIVERY_SLOTS,
            share("deliveries", shares.deliveries),
        ),
    ]


def _activities(settings: Settings, parts: Parts, client: Client) -> wiring.Activities:
    lifecycles = make_lifecycles(client, settings)
    return wiring.build(
        store=parts.store,
        vault=parts.vault,
        registry=parts.registry,
        policies=parts.policies,
        limits=settings.transfer_limits,
        tell_recovered=lifecycles.tell_recovered,
        tell_gone=lifecycles.tell_gone,
        ask_to_end=lifecycles.ask_to_end,
        url=settings.url,
        allow_private_webhooks=settings.allow_private_webhooks,
        webhook_proxies=settings.proxies(Way.WEBHOOKS),
        care_every=timedelta(hours=settings.care_hours),
    )
