"""The worker: one process, three task queues.

`castline` takes workflows and short activities, `castline-transfer` the byte movers, whose
few slots are sized by bandwidth, `castline-delivery` the webhooks, which strangers' servers may
hold up; so neither ever keeps a consent waiting. Most activities are plain functions on
threads, because the libraries they call block. When told to stop, running activities get
`graceful_seconds` to reach a safe point; a killed worker loses nothing that the platform and
the database do not know.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities import wiring
from domain.queues import DELIVERY_QUEUE, TRANSFER_QUEUE, WORKFLOW_QUEUE
from runtime.lifecycles import Lifecycles
from runtime.parts import Parts, build_parts
from runtime.process_heartbeat import process_heartbeat
from runtime.temporal import connect, ensure_ready, worker_identity
from runtime.waking import Waker
from settings import Settings
from workflows.assignment import AssignmentWorkflow
from workflows.care import CareWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.reauth import ReauthWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.ticket import TicketWorkflow

WORKFLOWS = [
    TicketWorkflow,
    AssignmentWorkflow,
    ReauthWorkflow,
    CareWorkflow,
    DeliveryWorkflow,
    ReconcileWorkflow,
]

SHORT_SLOTS = 16
"""Short activities at a time, and as many local ones: they wait for platforms, not for a core."""

DELIVERY_SLOTS = 64
"""Webhooks under way at a time: a connection each, and no thread."""

HEARTBEAT_INTERVAL = timedelta(seconds=2)
"""At most this much progress goes unseen when a worker is killed."""

# Loaded once per process instead of once per workflow run: they are pure, and their classes
# must not get a second identity.
PASSED_THROUGH = ("domain", "activities")

SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
)

_log = logging.getLogger("castline.worker")


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set. Raises `Unavailable` when Temporal does not answer.

    Registers what is missing in Temporal first, so that a fresh namespace is enough.
    """
    parts = build_parts(settings)
    client = await connect(settings, parts.keyring)
    await ensure_ready(client)
    Waker(client, parts.store, settings).attach()
    workers = make_workers(settings, parts, client)
    with process_heartbeat("worker", parts.store, parts.keyring):
        await _run(workers, stop)
    parts.store.close()
    _log.info("worker has ended")


async def _run(workers: Sequence[Worker], stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.run())
        _log.info("worker is ready: process %d", os.getpid())
        await stop.wait()
        # At once and not one after the other: each may need the whole grace.
        await asyncio.gather(*(worker.shutdown() for worker in workers))


def make_workers(
    settings: Settings, parts: Parts, client: Client, *, sandboxed: bool = False
) -> list[Worker]:
    """Return the workers of all queues, not yet running.

    `sandboxed` makes workflow code that is not deterministic fail where it stands. The tests
    run everything that way. In production it would find nothing more, and costs a publish
    two fifths of the worker's CPU time: the workflow's module is imported anew for each run,
    and each payload is taken through the sandbox.
    """
    lifecycles = Lifecycles(client, parking_days=settings.parking_days)
    activities = wiring.build(
        store=parts.store,
        vault=parts.vault,
        registry=parts.registry,
        policy=parts.policy,
        start_assignment=lifecycles.start_assignment,
        tell_recovered=lifecycles.tell_recovered,
        tell_gone=lifecycles.tell_gone,
        ask_to_end=lifecycles.ask_to_end,
        wake=Waker(client, parts.store, settings).wake,
        url=settings.url,
        allow_private_webhooks=settings.allow_private_webhooks,
        care_every=timedelta(hours=settings.care_hours),
    )
    identity = worker_identity(os.getpid())
    grace = timedelta(seconds=settings.graceful_seconds)
    return [
        Worker(
            client,
            task_queue=WORKFLOW_QUEUE,
            identity=identity,
            workflows=WORKFLOWS,
            workflow_runner=SANDBOX if sandboxed else UnsandboxedWorkflowRunner(),
            activities=activities.short,
            activity_executor=ThreadPoolExecutor(2 * SHORT_SLOTS, "short"),
            max_concurrent_activities=SHORT_SLOTS,
            max_concurrent_local_activities=SHORT_SLOTS,
            max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
            graceful_shutdown_timeout=grace,
        ),
        Worker(
            client,
            task_queue=TRANSFER_QUEUE,
            identity=identity,
            activities=activities.transfer,
            activity_executor=ThreadPoolExecutor(settings.transfer_slots, "transfer"),
            max_concurrent_activities=settings.transfer_slots,
            max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
            default_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
            graceful_shutdown_timeout=grace,
        ),
        Worker(
            client,
            task_queue=DELIVERY_QUEUE,
            identity=identity,
            activities=activities.delivery,
            max_concurrent_activities=DELIVERY_SLOTS,
            graceful_shutdown_timeout=grace,
        ),
    ]
