"""A hundred requests with one key, at two API processes that share nothing but the database.

Temporal is away, so nothing but the claim holds them apart; then one of the processes is told
to stop while it is at an answer.
"""

import asyncio
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2
import pytest

from cli.local.probes import free_ports
from domain.states import PlatformName
from runtime.parts import Parts, build_parts
from store.keyring import ensure_keyset_file
from store.queries import workspaces
from store.queries.access import connections
from testkit.clips import CLIP
from testkit.database import postgres_cluster
from testkit.emulator import Emulator
from tests.support.roles import role
from tests.support.stack import eventually, settings_for

NOWHERE = "http://127.0.0.1:9"
NO_TEMPORAL = "127.0.0.1:9"
WAIT = 2
"""Seconds for which an answer is asked to be held back."""


@dataclass(frozen=True)
class Twins:
    """Two API processes on one database, and a workspace with a connection."""

    processes: list[subprocess.Popen[bytes]]
    clients: list[httpx2.AsyncClient]
    connection_id: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None is SQLite in the data folder."""
    if request.param == "sqlite":
        yield None
        return
    with postgres_cluster() as cluster:
        yield cluster.create_migrated()


@pytest.fixture(scope="module")
async def twins(
    tmp_path_factory: pytest.TempPathFactory, database_url: str | None
) -> AsyncIterator[Twins]:
    folder = tmp_path_factory.mktemp("twins")
    settings = settings_for(folder, Emulator(NOWHERE), NO_TEMPORAL, database_url=database_url)
    settings.data_dir.mkdir()
    ensure_keyset_file(settings.keyset_file)
    parts = build_parts(settings)
    parts.store.migrate()
    connection_id, key = furnish(parts)
    processes, clients = [], []
    async with AsyncExitStack() as closing:
        for port in free_ports(2):
            own = settings.model_copy(update={"port": port})
            processes.append(closing.enter_context(role("api", own)))
            client = httpx2.AsyncClient(
                base_url=own.local_url,
                headers={"Authorization": f"Bearer {key}"},
                limits=httpx2.Limits(max_connections=None),
                timeout=60,
            )
            clients.append(await closing.enter_async_context(client))
        for client in clients:
            await eventually(partial(is_ready, client), within=60)
        yield Twins(processes, clients, connection_id)
    parts.store.close()


def furnish(parts: Parts) -> tuple[str, str]:
    with parts.store.write() as session:
        workspace = workspaces.create_workspace(session, name="twins")
        _, key = workspaces.create_key(session, workspace_id=workspace.id)
        connection = connections.ensure_connection(
            session,
            workspace_id=workspace.id,
            platform=PlatformName.YOUTUBE,
            account_id="UC1",
            name="A channel",
            handle=None,
            thumbnail_url=None,
            scopes=["upload"],
        )
    return connection.id, key.reveal()


async def is_ready(client: httpx2.AsyncClient) -> bool:
    with suppress(httpx2.TransportError):
        return (await client.get("/livez")).is_success
    return False


async def test_a_hundred_at_once_make_one_assignment(twins: Twins) -> None:
    body: dict[str, Any] = {
        "connectionId": twins.connection_id,
        "mediaUrl": CLIP.as_uri(),
        "payload": {"title": "Only once"},
        "idempotencyKey": "k",
    }

    async def send(number: int) -> httpx2.Response:
        return await twins.clients[number % 2].post("/api/v1/assignments", json=body)

    found = await asyncio.gather(*map(send, range(100)))
    statuses = Counter(answer.status_code for answer in found)
    print(dict(statuses))
    assert statuses[201] == 1
    assert statuses.keys() <= {200, 201, 409}
    assert {one.json()["code"] for one in found if one.status_code == 409} <= {"in_flight"}
    [first] = {answer.content for answer in found if answer.is_success}
    for client in twins.clients:
        again = await client.post("/api/v1/assignments", json=body)
        assert (again.status_code, again.content) == (200, first)
        assert (await client.get("/api/v1/assignments")).json()["total"] == 1
        assert (await client.get("/api/v1/videos")).json()["total"] == 1


async def test_an_api_that_is_stopped_still_answers(twins: Twins) -> None:
    """The last of them, because one of the twins ends by it."""
    process, client = twins.processes[0], twins.clients[0]
    job = await client.post(
        "/api/video-jobs/", json={"title": "A clip", "source_url": CLIP.as_uri()}
    )
    held_back = asyncio.create_task(
        client.post(
            "/api/youtube/upload/",
            json={"job_id": job.json()["id"]},
            headers={"Prefer": f"wait={WAIT}"},
        )
    )

    async def accepted() -> list[Any]:
        uploads: list[Any] = (await twins.clients[1].get("/api/youtube/uploads/")).json()
        return uploads

    await eventually(accepted)
    process.send_signal(signal.SIGTERM)
    answer = await held_back
    assert (answer.status_code, answer.json()["status"]) == (200, "PROCESSING")
    assert await asyncio.to_thread(process.wait, 10) == 0
