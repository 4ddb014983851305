"""How many short publishes a second, beside workflows that do nothing, and what durability costs.

Everything runs as `castline up` has it: Temporal's dev server with its state in a file, one
worker, the API, and the emulator as a platform that processes at once. Two installations are up
at the same time, one with each value of CASTLINE_SQLITE_SYNCHRONOUS, and are measured in turns.
The same number of publishes and of empty one-activity workflows is run on each, as many in
flight, each started by this process: a publish counts from its row to `published`, with a real
file, a real upload over HTTP and every other row. A third line accepts the publishes through the
HTTP API instead. Rates are of one machine and one run; what can be compared is their ratio.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.publishing.inputs import input_of
from bench.empty import QUEUE, EmptyWorkflow, nothing
from bench.installations import Installation, installation, post
from domain.ids import assignment_workflow_id
from runtime.lifecycles import Lifecycles
from store.queries.access.connections import get_connection_by_id
from store.queries.publishing.assignments import create_assignment
from store.tables import Assignment

IN_FLIGHT = 50
_NAMES = {
    "empty": "one empty activity",
    "publish": "a short publish",
    "publish_by_http": "the same, through the API",
}
DURABILITIES = ("full", "normal")
"""Values of CASTLINE_SQLITE_SYNCHRONOUS; the first is the default."""
TARGETS = {"ratio": 0.4, "events": 40, "activities": 8}


async def compare(*, count: int, rounds: int) -> dict[str, Any]:
    """Run the rounds and return every rate, the cost of one publish and the verdict."""
    async with AsyncExitStack() as stack:
        places = {
            durability: await stack.enter_async_context(_measured(durability))
            for durability in DURABILITIES
        }
        rates = await _rounds(places, count, rounds)
        default = places[DURABILITIES[0]]
        cost = await _cost_of(default.client, await _publish(default))
    ratio = _ratio(rates["full"]["publish"], rates["full"]["empty"])
    return {
        "count": count,
        "rounds": rounds,
        "per_second": rates,
        "ratio": ratio,
        "full_to_normal": {
            name: _ratio(rates["full"][name], rates["normal"][name]) for name in _NAMES
        },
        **cost,
        "held": ratio >= TARGETS["ratio"]
        and cost["events"] <= TARGETS["events"]
        and cost["activities"] <= TARGETS["activities"],
    }


def _ratio(some: list[float], others: list[float]) -> float:
    """Of the rounds, which follow each other closely: the median of their ratios."""
    return round(median(one / other for one, other in zip(some, others, strict=True)), 3)


@asynccontextmanager
async def _measured(durability: str) -> AsyncIterator[Installation]:
    """An installation with a worker of empty workflows beside its own."""
    async with (
        installation(durability) as place,
        Worker(
            place.client,
            task_queue=QUEUE,
            workflows=[EmptyWorkflow],
            activities=[nothing],
            # As our own worker has it.
            workflow_runner=UnsandboxedWorkflowRunner(),
            activity_executor=ThreadPoolExecutor(16),
        ),
    ):
        yield place


def _ways(place: Installation) -> dict[str, Callable[[], Awaitable[object]]]:
    return {
        "empty": partial(_do_nothing, place.client),
        "publish": partial(_publish, place),
        "publish_by_http": partial(_publish_by_http, place),
    }


async def _rounds(
    places: Mapping[str, Installation], count: int, rounds: int
) -> dict[str, dict[str, list[float]]]:
    rates: dict[str, dict[str, list[float]]] = {
        durability: {name: [] for name in _NAMES} for durability in places
    }
    for place in places.values():
        for do in _ways(place).values():
            await _rate(20, do)  # warms up
    for _ in range(rounds):
        for name in _NAMES:
            for durability, place in places.items():
                rates[durability][name].append(await _rate(count, _ways(place)[name]))
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


async def _publish(place: Installation) -> str:
    """Accept a publish as the API does, start it, and wait for its end."""
    row = await asyncio.to_thread(_accept, place)
    wanted = input_of(row, place.parts.registry.get(row.platform))
    await Lifecycles(place.client).start_assignment(wanted)
    return await _end_of(place.client, row.id)


def _accept(place: Installation) -> Assignment:
    order = place.order
    with place.parts.store.write() as session:
        connection = get_connection_by_id(session, order["connectionId"])
        return create_assignment(
            session,
            workspace_id=connection.workspace_id,
            connection_id=connection.id,
            video_id=order["videoId"],
            platform=connection.platform,
            payload=order["payload"],
        )


async def _publish_by_http(place: Installation) -> None:
    accepted = await post(place.service, "/assignments", place.order)
    await _end_of(place.client, accepted["id"])


async def _end_of(client: Client, assignment_id: str) -> str:
    workflow_id = assignment_workflow_id(assignment_id)
    await client.get_workflow_handle(workflow_id).result()
    return workflow_id


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


def show(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report as a table."""
    console = console or Console()
    table = Table(title=f"{report['count']} of each, {IN_FLIGHT} in flight, each round's rate")
    table.add_column("workflow")
    table.add_column("synchronous")
    for number in range(report["rounds"]):
        table.add_column(f"round {number + 1}", justify="right")
    for name, words in _NAMES.items():
        for durability in DURABILITIES:
            rates = report["per_second"][durability][name]
            table.add_row(words, durability, *(f"{rate:.1f}/s" for rate in rates))
    console.print(table)
    console.print(
        "full : normal, median of the rounds: "
        + ", ".join(f"{_NAMES[name]} {ratio}" for name, ratio in report["full_to_normal"].items())
    )
    console.print(
        f"One publish: {report['events']} history events, {report['activities']} activities, "
        f"{report['local_activities']} local ones, {report['billable_actions']} billable actions."
    )
    verdict = "[green]held[/]" if report["held"] else "[red]missed[/]"
    console.print(
        f"{verdict}  publishes : empty workflows: {report['ratio']} (target at least 0.4)"
    )
