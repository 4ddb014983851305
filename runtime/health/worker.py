"""`/livez` and `/readyz` of a worker, on a port of its own."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from temporalio.client import Client
from temporalio.service import RPCError

from domain.errors import CastlineError
from runtime.health import readiness
from runtime.health.finding import (
    Finding,
    SharedLook,
    Skipped,
    failed,
    in_thread,
    ok,
)
from runtime.health.queues import describe_queues, find_unpolled
from runtime.health.sweep import check_sweep
from runtime.http_server import serving
from runtime.listening import listen
from runtime.parts import Parts
from runtime.process_heartbeat import Heartbeat
from runtime.temporal import worker_identity

_NOT_POLLING = "If this stays so for a minute, look into the worker's log and restart it."


@dataclass
class WorkerHealth:
    """What there is to look at, as far as the worker has come up."""

    parts: Parts
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    client: Client | None = None

    async def look(self) -> list[Finding]:
        return await readiness.together(
            readiness.look_at_database(self.parts.store, self.heartbeat),
            readiness.look_at_disk(self.parts.settings),
            readiness.look_at_keys(self.parts.keyring),
            readiness.look("temporal", self._temporal),
            readiness.look("sweep", self._sweep),
        )

    async def _sweep(self) -> Finding:
        # Another worker may have run it, and a late one stops no work: a warning at most.
        parts = self.parts
        try:
            return await in_thread(check_sweep, parts.store, parts.settings.reconcile_seconds)
        except (SQLAlchemyError, CastlineError):
            raise Skipped("the database cannot be read") from None

    async def _temporal(self) -> list[Finding]:
        if self.client is None:
            return [failed("temporal", "is not connected yet", readiness.NO_TEMPORAL)]
        try:
            queues = await describe_queues(self.client)
        except (RPCError, RuntimeError):
            return [failed("temporal", "does not answer", readiness.NO_TEMPORAL)]
        unpolled = find_unpolled(queues, worker_identity(os.getpid()))
        polling = (
            failed("polling", f"this worker does not poll {', '.join(unpolled)}", _NOT_POLLING)
            if unpolled
            else ok("polling", "this worker polls all task queues")
        )
        return [ok("temporal", "answers"), polling]


def make_app(health: WorkerHealth) -> Starlette:
    shared = SharedLook()

    async def livez(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> JSONResponse:
        findings = await shared.join(health.look)
        status = 200 if readiness.is_ready(findings) else 503
        return JSONResponse(readiness.body_of(findings), status, {"Cache-Control": "no-store"})

    return Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz)])


@asynccontextmanager
async def answering(health: WorkerHealth) -> AsyncIterator[None]:
    """Answer while the block runs, where the settings name a port.

    Raises `CastlineError` as `runtime.listening.listen`.
    """
    settings = health.parts.settings
    if not settings.worker_health_port:
        yield
        return
    listeners = listen(
        settings.worker_health_host,
        settings.worker_health_port,
        owner="the worker's health check",
        setting="CASTLINE_WORKER_HEALTH_PORT",
        host_setting="CASTLINE_WORKER_HEALTH_HOST",
    )
    async with serving(settings, make_app(health), listeners):
        yield
