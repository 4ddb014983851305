"""How many short publishes a second, beside workflows that do nothing.

Everything runs as `castline up` has it: Temporal's dev server with its state in a file, one
worker, the API, and the emulator as a platform that processes at once. The same number of
publishes and of empty one-activity workflows is then run on that Temporal, in turns and as many
in flight, each started by this process: a publish counts from its row to `published`, with a
real file, a real upload over HTTP and every other row. A third line accepts the publishes
through the HTTP API instead. Rates are of one machine and one run; what can be compared is
their ratio.
"""

import asyncio
import os
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.publishing.inputs import input_of
from bench.empty import QUEUE, EmptyWorkflow, nothing
from cli.local.demo import CLIP, environment_alone, give_consent
from cli.local.up import running
from domain.ids import assignment_workflow_id
from runtime.lifecycles import Lifecycles
from runtime.parts import Parts, build_parts
from runtime.temporal import connect
from settings import Settings
from store.queries import workspaces
from store.queries.access.connections import get_connection_by_id
from store.queries.publishing.assignments import create_assignment
from store.tables import Assignment

IN_FLIGHT = 50
_NAMES = {
    "empty": "one empty activity",
    "publish": "a short publish",
    "publish_by_http": "the same, through the API",
}
TARGETS = {"ratio": 0.4, "events": 40, "activities": 8}


async def compare(*, count: int, rounds: int) -> dict[str, Any]:
    """Run the rounds and return every rate, the cost of one publish and the verdict."""
    with tempfile.TemporaryDirectory(prefix="castline-bench-") as folder:
        os.environ.update(environment_alone(Path(folder)))
        settings = Settings()
        async with running(settings, lambda _: None) as addresses:
            parts = build_parts(Settings(emulator_url=addresses["emulator"]))
            client = await connect(settings, parts.keyring)
            await _make_instant(addresses["emulator"])
            async with httpx.AsyncClient(
                base_url=f"{addresses['API']}/api/v1",
                headers={"Authorization": f"Bearer {make_key(parts)}"},
                timeout=60,
            ) as service:
                order = await _order(service)
                one: dict[str, Callable[[], Awaitable[object]]] = {
                    "empty": partial(_do_nothing, client),
                    "publish": partial(_publish, client, parts, order),
                    "publish_by_http": partial(_publish_by_http, client, service, order),
                }
                rates = await _rounds(client, one, count, rounds)
            cost = await _cost_of(client, await _publish(client, parts, order))
            parts.store.close()
    ratio = median(
        publish / empty for publish, empty in zip(rates["publish"], rates["empty"], strict=True)
    )
    return {
        "count": count,
        "rounds": rounds,
        "per_second": rates,
        "ratio": round(ratio, 3),
        **cost,
        "held": ratio >= TARGETS["ratio"]
        and cost["events"] <= TARGETS["events"]
        and cost["activities"] <= TARGETS["activities"],
    }


async def _rounds(
    client: Client, one: Mapping[str, Callable[[], Awaitable[object]]], count: int, rounds: int
) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in one}
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[EmptyWorkflow],
        activities=[nothing],
        # As our own worker has it.
        workflow_runner=UnsandboxedWorkflowRunner(),
        activity_executor=ThreadPoolExecutor(16),
    ):
        for do in one.values():
            await _rate(20, do)  # warms up
        for _ in range(rounds):
            for name, do in one.items():
                rates[name].append(await _rate(count, do))
    return rates


async def _rate(count: int, one: Callable[[], Awaitable[object]]) -> float:
    """Run `one` so many times, `IN_FLIGHT` at a time; return how many a second."""
    places = asyncio.Semaphore(IN_FLIGHT)

    async def placed() -> None:
        async with places:
            await one()

    began = time.perf_counter()
    await asyncio.gather(*(placed() for _ in range(count)))
    return count / (time.perf_counter() - began)


async def _do_nothing(client: Client) -> None:
    await client.execute_workflow(EmptyWorkflow.run, id=f"bench/{uuid.uuid4()}", task_queue=QUEUE)


async def _publish(client: Client, parts: Parts, order: Mapping[str, Any]) -> str:
    """Accept a publish as the API does, start it, and wait for its end."""
    row = await asyncio.to_thread(_accept, parts, order)
    wanted = input_of(row, parts.registry.get(row.platform))
    await Lifecycles(client).start_assignment(wanted)
    return await _end_of(client, row.id)


def _accept(parts: Parts, order: Mapping[str, Any]) -> Assignment:
    with parts.store.write() as session:
        connection = get_connection_by_id(session, order["connectionId"])
        return create_assignment(
            session,
            workspace_id=connection.workspace_id,
            connection_id=connection.id,
            video_id=order["videoId"],
            platform=connection.platform,
            payload=order["payload"],
        )


async def _publish_by_http(
    client: Client, service: httpx.AsyncClient, order: Mapping[str, Any]
) -> None:
    accepted = await _post(service, "/assignments", order)
    await _end_of(client, accepted["id"])


async def _end_of(client: Client, assignment_id: str) -> str:
    workflow_id = assignment_workflow_id(assignment_id)
    await client.get_workflow_handle(workflow_id).result()
    return workflow_id


async def _order(service: httpx.AsyncClient) -> dict[str, Any]:
    """Connect a channel and register a video; return what publishes it."""
    connection_id = await connect_channel(service)
    video = await _post(service, "/videos", {"sourceUrl": CLIP.as_uri()})
    return {
        "connectionId": connection_id,
        "videoId": video["id"],
        "payload": {"title": "A short publish"},
    }


async def connect_channel(service: httpx.AsyncClient) -> str:
    """Consent at the emulator, through the API; return the connection's id."""
    done = str(service.base_url.join("/api/v1/oauth/done"))
    ticket = await _post(service, "/oauth/tickets", {"platform": "youtube", "redirectUrl": done})
    await give_consent(ticket["authUrl"])
    found = (await service.get(f"/oauth/tickets/{ticket['ticketId']}")).json()
    connection_id: str = found["connectionIds"][0]
    return connection_id


async def _cost_of(client: Client, workflow_id: str) -> dict[str, Any]:
    """What one publish leaves in history, and what it is billed as on Temporal Cloud.

    Billed actions, by Temporal's own list: the start, each activity, each local activity's
    marker and each upsert of search attributes (docs, evaluate/cloud/actions).
    """
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    kinds = Counter(EventType.Name(event.event_type) for event in history.events)
    activities = kinds["EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"]
    markers = kinds["EVENT_TYPE_MARKER_RECORDED"]
    upserts = kinds["EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"]
    return {
        "events": len(history.events),
        "activities": activities,
        "local_activities": markers,
        "billable_actions": 1 + activities + markers + upserts,
    }


async def _post(service: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = await service.post(path, json=body)
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


def make_key(parts: Parts) -> str:
    """A workspace of its own; return its key."""
    with parts.store.write() as session:
        workspace = workspaces.create_workspace(session, name="bench")
        _, key = workspaces.create_key(session, workspace_id=workspace.id)
    return key.reveal()


async def _make_instant(emulator: str) -> None:
    switches = {"processing_seconds": 0, "uploads_per_day": 10**6, "units_per_day": 10**6}
    async with httpx.AsyncClient() as http:
        (await http.post(f"{emulator}/_emulator/switches", json=switches)).raise_for_status()


def show(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report as a table."""
    console = console or Console()
    table = Table(title=f"{report['count']} of each, {IN_FLIGHT} in flight, each round's rate")
    table.add_column("workflow")
    for number in range(report["rounds"]):
        table.add_column(f"round {number + 1}", justify="right")
    for name, rates in report["per_second"].items():
        table.add_row(_NAMES[name], *(f"{rate:.1f}/s" for rate in rates))
    console.print(table)
    console.print(
        f"One publish: {report['events']} history events, {report['activities']} activities, "
        f"{report['local_activities']} local ones, {report['billable_actions']} billable actions."
    )
    verdict = "[green]held[/]" if report["held"] else "[red]missed[/]"
    console.print(
        f"{verdict}  publishes : empty workflows: {report['ratio']} (target at least 0.4)"
    )
