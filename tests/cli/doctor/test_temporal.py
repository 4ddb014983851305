"""What the doctor says of Temporal and the workflows, on a server of its own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.queues import ACTIVITY_QUEUES, POLL_QUEUE, WORKFLOW_QUEUE
from domain.states import AssignmentState
from runtime.health.finding import State
from runtime.settings import Settings
from store.queries.publishing import assignments
from store.tables import now
from testkit.emulator import Emulator
from tests.support.doctor import look, look_at
from tests.support.stack import Stack, eventually, stack_apart, temporal_server


@pytest.fixture
async def stack(tmp_path: Path, emulator: Emulator) -> AsyncIterator[Stack]:
    async with stack_apart(tmp_path, emulator, works=False) as stack:
        yield stack


async def test_a_temporal_that_is_away_has_failed_and_the_rest_is_skipped(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "temporal_address": "127.0.0.1:9"})
    finding = await look_at(settings, "Temporal")
    assert (finding.state, finding.fact) == (State.FAILED, "does not answer at 127.0.0.1:9")
    for subject in ("task queues", "Temporal clock"):
        assert (await look_at(settings, subject)).state is State.SKIPPED


async def test_a_namespace_that_is_not_ready_is_named(tmp_path: Path) -> None:
    async with temporal_server() as address:
        settings = Settings.model_validate({"data_dir": tmp_path, "temporal_address": address})
        fresh = await look_at(settings, "Temporal")
        assert (fresh.state, "lacks search attributes" in fresh.fact) == (State.FAILED, True)
        elsewhere = settings.model_copy(update={"temporal_namespace": "elsewhere"})
        unknown = await look_at(elsewhere, "Temporal")
        assert unknown.state is State.FAILED
        assert "namespace elsewhere" in str(unknown.remedy)


async def test_every_task_queue_has_its_pollers_and_its_backlog(stack: Stack) -> None:
    settings = stack.parts.settings
    assert (await look_at(settings, "Temporal")).state is State.OK
    assert (await look_at(settings, "Temporal clock")).state is State.OK

    unpolled = await look(settings, "task queues")
    assert [one.subject for one in unpolled] == [f"task queue {name}" for name in ACTIVITY_QUEUES]
    assert {one.state for one in unpolled} == {State.FAILED}
    assert {one.remedy for one in unpolled} == {"castline worker, or `castline up`"}

    await waiting(stack.client, WORKFLOW_QUEUE, count=3)
    backlog = await eventually(
        lambda: look_at(settings, "task queues", f"task queue {WORKFLOW_QUEUE}"),
        lambda seen: seen.figures["backlog"] == 3,
    )
    assert "3 tasks wait, the oldest for" in backlog.fact
    assert float(str(backlog.figures["oldestSeconds"])) > 0

    async with stack.working():
        await eventually(
            lambda: look(settings, "task queues"),
            lambda seen: {one.state for one in seen} == {State.OK},
        )
    polled = await look_at(settings, "task queues", f"task queue {POLL_QUEUE}")
    assert (polled.fact, polled.figures["pollers"]) == ("1 worker; no backlog", 1)


async def waiting(client: Client, queue: str, *, count: int) -> None:
    """Workflows that wait for a worker."""
    for number in range(count):
        await client.start_workflow(
            "DeliveryWorkflow",
            id=f"waits-{number}",
            task_queue=queue,
            execution_timeout=timedelta(minutes=5),
        )


async def test_an_open_assignment_without_a_workflow_has_failed(stack: Stack) -> None:
    settings = stack.parts.settings
    tenant = await stack.tenant("ours")
    async with stack.working():
        connection = await tenant.connection()
        accepted = [
            await tenant.assign(connection, scheduledAt="2040-01-01T00:00:00Z") for _ in range(2)
        ]
        for one in accepted:
            await tenant.until(one["id"], AssignmentState.WAITING)
    healthy, lost = (one["id"] for one in accepted)
    await asyncio.to_thread(grow_old, stack, healthy, lost)
    finding = await look_at(settings, "lost workflows")
    assert (finding.state, finding.figures["count"]) == (State.OK, 0)
    await stack.assignment(lost).terminate()
    finding = await look_at(settings, "lost workflows")
    assert (finding.state, finding.figures["count"]) == (State.FAILED, 1)
    assert lost in finding.fact
    assert healthy not in finding.fact


def grow_old(stack: Stack, *ids: str) -> None:
    """Let rows look as if nothing had moved them for a while."""
    with stack.parts.store.write() as session:
        for id in ids:
            assignments.lock_assignment(session, id).updated_at = now() - timedelta(minutes=5)
