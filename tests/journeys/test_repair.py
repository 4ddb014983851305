"""What a crash between the database and Temporal leaves, and how it is put right."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx2
import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from activities.contract.assignments import AssignmentInput
from activities.contract.tickets import TicketInput
from activities.contract.trouble import Kind
from cli.local.probes import free_ports
from domain.ids import (
    new_assignment_id,
    new_ticket_id,
    new_workspace_id,
    ticket_workflow_id,
)
from domain.states import TicketState
from runtime.answers import START_TIMEOUT
from store.queries.access import tickets
from store.queries.publishing import assignments, videos
from store.tables import now
from testkit.clips import CLIP
from testkit.emulator import Emulator
from tests.support.devserver import DevServer
from tests.support.roles import role
from tests.support.stack import Stack, Tenant, eventually, running_stack

LONG_AGO = timedelta(hours=1)


async def accept_only(tenant: Tenant) -> str:
    """An accepted row as a crash leaves it: without its workflow, and older than any grace."""
    connection_id = await tenant.connection()
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": CLIP.as_uri()})
    with tenant.stack.parts.store.write() as session:
        row = assignments.create_assignment(
            session,
            workspace_id=tenant.workspace_id,
            connection_id=connection_id,
            video_id=videos.get_video(session, tenant.workspace_id, video["id"]).id,
            platform="youtube",
            payload={"title": "Left alone"},
        )
        row.created_at = row.updated_at = now() - LONG_AGO
    return row.id


def grow_old(stack: Stack, assignment_id: str) -> None:
    """Let an accepted row be older than any grace."""
    with stack.parts.store.write() as session:
        row = assignments.lock_assignment(session, assignment_id)
        row.created_at -= LONG_AGO
        row.updated_at -= LONG_AGO


async def accepted_rows(tenant: Tenant) -> list[str]:
    with tenant.stack.parts.store.read() as session:
        found = assignments.find_assignments(session, tenant.workspace_id)
    return [row.id for row in found.items]


@asynccontextmanager
async def api_process(
    stack: Stack,
) -> AsyncIterator[tuple[subprocess.Popen[bytes], httpx2.AsyncClient]]:
    """`castline api` beside the stack's own, ready, and a client of it."""
    settings = stack.parts.settings.model_copy(update={"port": free_ports(1)[0]})
    async with httpx2.AsyncClient(base_url=settings.local_url, timeout=60) as http:
        with role("api", settings) as process:
            await eventually(partial(is_ready, http))
            yield process, http


async def is_ready(http: httpx2.AsyncClient) -> bool:
    with suppress(httpx2.TransportError):
        return (await http.get("/livez")).is_success
    return False


async def reconcile(stack: Stack) -> None:
    """Sweep now instead of within a minute."""
    await stack.sweep()


async def test_an_accepted_row_without_a_workflow_is_published(
    tenant: Tenant, stack: Stack
) -> None:
    assignment_id = await accept_only(tenant)

    await reconcile(stack)

    assert (await tenant.until(assignment_id, "published", "failed"))["state"] == "published"
    (video,) = stack.emulator.videos()
    assert video["title"] == "Left alone"


async def test_a_ticket_that_nobody_settled_is_closed(tenant: Tenant, stack: Stack) -> None:
    with stack.parts.store.write() as session:
        ticket = tickets.create_ticket(
            session,
            workspace_id=tenant.workspace_id,
            platform="youtube",
            redirect_url=None,
            callback_url="http://127.0.0.1:9/callback",
            expires_at=now() - LONG_AGO,
        )

    await reconcile(stack)

    seen = await tenant.eventually(
        f"/api/v1/oauth/tickets/{ticket.id}", lambda seen: seen["state"] != "open"
    )
    assert (seen["state"], seen["errorCode"]) == (TicketState.EXPIRED, "ticket_expired")


async def test_an_assignment_without_a_row_ends_by_itself(stack: Stack) -> None:
    orphan = AssignmentInput(
        new_assignment_id(), new_workspace_id(), "con_none", "youtube", "An orphan"
    )
    await stack.lifecycles.start_assignment(orphan)

    with pytest.raises(WorkflowFailureError) as caught:
        await stack.assignment(orphan.assignment_id).result()
    assert_says(caught.value, "There is no such assignment.")


async def test_a_ticket_without_a_row_ends_by_itself(stack: Stack) -> None:
    orphan = TicketInput(new_ticket_id(), new_workspace_id(), "youtube", now())
    await stack.lifecycles.start_ticket(orphan)

    workflow = stack.client.get_workflow_handle(ticket_workflow_id(orphan.ticket_id))
    with pytest.raises(WorkflowFailureError) as caught:
        await workflow.result()
    assert_says(caught.value, "There is no such ticket.")


def assert_says(failure: WorkflowFailureError, sentence: str) -> None:
    """It was refused for good, in a sentence for whoever looks at the workflow."""
    refusal = failure.cause
    assert isinstance(refusal, ApplicationError)
    assert (refusal.type, refusal.message) == (Kind.REFUSED, sentence)


async def test_what_is_accepted_while_temporal_is_down_is_published(
    tmp_path: Path, emulator: Emulator, server: DevServer
) -> None:
    async with running_stack(tmp_path, emulator, server.address) as stack:
        tenant = await stack.tenant("down")
        connection_id = await tenant.connection()
        server.kill()

        async with asyncio.timeout(START_TIMEOUT.total_seconds() + 1):
            assignment = await tenant.assign(connection_id)

        assert (await tenant.look(assignment["id"]))["state"] == "pending"
        grow_old(stack, assignment["id"])
        await server.start()
        await reconcile(stack)
        published = await tenant.until(assignment["id"], "published", "failed", within=60)
        assert published["state"] == "published"
        assert len(emulator.videos()) == 1


async def test_what_a_killed_api_has_only_written_is_published_once(
    tmp_path: Path, emulator: Emulator, server: DevServer
) -> None:
    """It dies between the commit and the start, and its caller asks another one again."""
    async with running_stack(tmp_path, emulator, server.address, works=False) as stack:
        tenant = await stack.tenant("killed")
        async with stack.working():
            connection_id = await tenant.connection()
        wanted = {
            "connectionId": connection_id,
            "mediaUrl": CLIP.as_uri(),
            "payload": {"title": "Left alone"},
            "idempotencyKey": "k",
        }
        async with api_process(stack) as (api, http):
            server.freeze()
            asked = asyncio.create_task(
                http.post(
                    "/api/v1/assignments",
                    json=wanted,
                    headers={"Authorization": f"Bearer {tenant.key}"},
                )
            )
            accepted = await eventually(lambda: accepted_rows(tenant))
            api.kill()
            with pytest.raises(httpx2.TransportError):
                await asked
            server.thaw()

        again = await tenant.ask("POST", "/api/v1/assignments", wanted, status=200)
        assert [again["id"]] == accepted
        grow_old(stack, again["id"])
        async with stack.working():
            await reconcile(stack)
            await tenant.until(again["id"], "published")
        (video,) = emulator.videos()
        assert video["title"] == "Left alone"


async def test_temporal_killed_in_the_middle_goes_on(
    tmp_path: Path, emulator: Emulator, server: DevServer
) -> None:
    async with running_stack(tmp_path, emulator, server.address) as stack:
        tenant = await stack.tenant("killed")
        connection_id = await tenant.connection()
        emulator.fault("videos.insert.transfer", "trickle", bytes_per_second=20_000)
        assignment = await tenant.assign(connection_id)
        await tenant.until(assignment["id"], "uploading")

        server.kill()
        await server.start()

        published = await tenant.until(assignment["id"], "published", "failed", within=90)
        assert published["state"] == "published"
        assert len(emulator.videos()) == 1
