"""What a sweep of Care costs, by how many connections there are.

Everything runs as `castline up` has it. Connections are added to its database until there are as
many as wanted, with one in a hundred due, and a real `CareWorkflow` sweeps them. Each due one has
a credential of its own, sealed, with the refresh token of one consent, so each look is one real
call to the emulator, which counts them. Memory is how far the worker's peak rises above what it
held before the sweep, as Linux counts it.
"""

import asyncio
import os
import re
import tempfile
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table
from sqlmodel import insert, select
from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from activities.contract.care import CareInput
from bench.installations import connect_channel, make_key
from cli.local.demo import environment_alone
from cli.local.up import running
from domain.ids import CARE, new_connection_id
from domain.queues import WORKFLOW_QUEUE
from runtime.parts import Parts, build_parts
from runtime.settings import Settings
from runtime.temporal import connect
from store.queries.access.credentials import get_credential
from store.tables import Connection, CredentialRow, now
from store.vault import Place
from workflows.care import CareWorkflow

SIZES = (1_000, 10_000, 100_000)
ONE_IN = 100
"""Of so many connections one is due."""
TARGETS = {"growth": 1.5, "memory_mib": 20}
"""At most: time per due connection, beside that of the next smaller size; memory, in all."""

_BATCH = 5_000


async def compare(*, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Sweep every size and return what each cost, and the verdict."""
    with tempfile.TemporaryDirectory(prefix="castline-bench-") as folder:
        os.environ.update(environment_alone(Path(folder)))
        settings = Settings()
        async with running(settings, lambda _: None) as addresses:
            emulator = addresses["emulator"]
            parts = build_parts(Settings(emulator_url=emulator))
            client = await connect(settings, parts.keyring)
            # Its own turn might come in the middle of a measurement.
            await client.get_schedule_handle(CARE).pause()
            async with httpx2.AsyncClient(
                base_url=f"{addresses['API']}/api/v1",
                headers={"Authorization": f"Bearer {make_key(parts)}"},
                timeout=60,
                trust_env=False,
            ) as service:
                known = await connect_channel(service)
            await asyncio.to_thread(_add, parts, known, 20, due=20)
            await _sweep(client, emulator)  # warms up
            swept, there = [], 21
            for size in sizes:
                due = size // ONE_IN
                await asyncio.to_thread(_add, parts, known, size - there, due=due)
                there = size
                swept.append({"connections": size, "due": due, **await _sweep(client, emulator)})
            parts.store.close()
    return {"swept": swept, **_verdict(swept)}


def _verdict(swept: list[dict[str, Any]]) -> dict[str, Any]:
    per_due = [each["seconds"] / each["due"] for each in swept]
    growth = max(larger / smaller for smaller, larger in pairwise(per_due))
    memory = max(each["memory_mib"] for each in swept)
    return {
        "growth": round(growth, 2),
        "memory_mib": memory,
        "held": growth <= TARGETS["growth"]
        and memory < TARGETS["memory_mib"]
        and all(each["calls"] == each["due"] for each in swept),
    }


def _add(parts: Parts, known_id: str, count: int, *, due: int) -> None:
    """Add connections with the consent of a known one, so many of them due."""
    with parts.store.read() as session:
        known = session.exec(select(Connection).where(Connection.id == known_id)).one()
        secret = get_credential(session, parts.vault, known_id).secret
    moment = now()
    for begin in range(0, count, _BATCH):
        rows, sealed = [], []
        for number in range(begin, min(begin + _BATCH, count)):
            id = new_connection_id()
            is_due = number < due
            rows.append(
                known.model_dump()
                | {
                    "id": id,
                    "account_id": id,
                    "check_due_at": moment + timedelta(days=0 if is_due else 1),
                }
            )
            if is_due:
                place = Place("credential", "sealed", id)
                sealed.append({"connection_id": id, "sealed": parts.vault.seal(secret, place)})
        with parts.store.write() as session:
            session.connection().execute(insert(Connection), rows)
            if sealed:
                session.connection().execute(insert(CredentialRow), sealed)


async def _sweep(client: Client, emulator: str) -> dict[str, Any]:
    worker = await _worker(client)
    before, calls = _reset_peak(worker), await _calls(emulator)
    began = time.perf_counter()
    handle = await client.start_workflow(
        CareWorkflow.run, CareInput(), id=f"bench/{uuid.uuid4()}", task_queue=WORKFLOW_QUEUE
    )
    await handle.result()
    seconds = time.perf_counter() - began
    history = await handle.fetch_history()
    scheduled = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    return {
        "seconds": round(seconds, 2),
        "calls": await _calls(emulator) - calls,
        "pages": sum(event.event_type == scheduled for event in history.events) - 1,
        "events": len(history.events),
        "memory_mib": round((_memory(worker, "VmHWM") - before) / 1024, 1),
    }


async def _calls(emulator: str) -> int:
    async with httpx2.AsyncClient(trust_env=False) as http:
        state = (await http.get(f"{emulator}/_emulator/state")).json()
    count: int = state["calls"].get("oauth.token.refresh", 0)
    return count


async def _worker(client: Client) -> int:
    """The process that polls for our workflows, which says so in its identity."""
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=WORKFLOW_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    (identity,) = {poller.identity for poller in described.pollers}
    found = re.match(r"castline-worker (\d+)@", identity)
    assert found is not None
    return int(found[1])


def _reset_peak(process: int) -> int:
    """Let the peak count from here. Returns what the process holds now, in KiB."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return _memory(process, "VmRSS")


def _memory(process: int, name: str) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1])


def show(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report as a table."""
    console = console or Console()
    table = Table(title="A sweep of Care, one connection in a hundred due")
    for head in ("connections", "due", "calls", "pages", "events", "time", "per due", "memory"):
        table.add_column(head, justify="right")
    for each in report["swept"]:
        table.add_row(
            f"{each['connections']:,}",
            *(f"{each[name]:,}" for name in ("due", "calls", "pages", "events")),
            f"{each['seconds']:.2f} s",
            f"{1000 * each['seconds'] / each['due']:.1f} ms",
            f"{each['memory_mib']:.1f} MiB",
        )
    console.print(table)
    verdict = "[green]held[/]" if report["held"] else "[red]missed[/]"
    console.print(
        f"{verdict}  a call for each that is due; time per due connection beside that of the next "
        f"smaller size: {report['growth']} (target at most 1.5); memory: {report['memory_mib']} "
        "MiB (target below 20)"
    )
