"""Temporal as its operator sees it: what runs, what is terminated, and what it lacks."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from chaos.deeds import TerminateWorkflow
from domain.ids import CARE
from runtime.temporal import RETENTION, find_missing_search_attributes

_TIMEOUT = timedelta(seconds=5)
_WAIT_SECONDS = 20.0
_ANSWER_SECONDS = 60.0
_LOOK_SECONDS = 0.5

T = TypeVar("T")
Running = list[tuple[str, str]]
"""Workflow type and workflow id."""


async def until_answered(ask: Callable[[], Awaitable[T]], otherwise: T) -> T:
    """Ask until Temporal answers, for a minute at most."""
    deadline = monotonic() + _ANSWER_SECONDS
    while monotonic() < deadline:
        with suppress(RPCError):
            return await ask()
        await asyncio.sleep(_LOOK_SECONDS)
    return otherwise


async def _require(client: Client) -> None:
    """Raises `RPCError` at once while Temporal is away; other calls are retried by the SDK."""
    await client.service_client.check_health(timeout=_TIMEOUT)


async def list_running(client: Client) -> Running:
    """Raises `RPCError` while Temporal is away."""
    await _require(client)
    running = client.list_workflows("ExecutionStatus = 'Running'", rpc_timeout=_TIMEOUT)
    return [(workflow.workflow_type, workflow.id) async for workflow in running]


def pick_workflow(running: Running, fault: TerminateWorkflow) -> str:
    """The id of the one that a fault means. Pure; `running` must not be empty."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for type_, id_ in running:
        by_type[type_].append(id_)
    ids = by_type[sorted(by_type)[int(fault.type_pick * len(by_type))]]
    return sorted(ids)[int(fault.pick * len(ids))]


async def terminate(client: Client, fault: TerminateWorkflow) -> str | None:
    """Terminate one as soon as one runs; return its id, or None when none did for 20 s."""
    deadline = monotonic() + _WAIT_SECONDS
    while monotonic() < deadline:
        # Temporal is away, or the workflow has just ended.
        with suppress(RPCError):
            if running := await list_running(client):
                id_ = pick_workflow(running, fault)
                handle = client.get_workflow_handle(id_)
                await handle.terminate(reason="Terminated by the chaos run", rpc_timeout=_TIMEOUT)
                return id_
        await asyncio.sleep(_LOOK_SECONDS)
    return None


async def find_lacking(client: Client) -> list[str]:
    """What Castline sets up in Temporal and what is not there. Raises `RPCError`."""
    await _require(client)
    lacking = [f"search attribute {name}" for name in await find_missing_search_attributes(client)]
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=_TIMEOUT
    )
    if described.config.workflow_execution_retention_ttl.ToTimedelta() < RETENTION:
        lacking.append(f"retention of {RETENTION.days} days")
    try:
        await client.get_schedule_handle(CARE).describe(rpc_timeout=_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        lacking.append(f"Schedule {CARE}")
    return lacking
