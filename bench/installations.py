"""Installations to measure: each up as `castline up` has it, with a channel and a video."""

import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from temporalio.client import Client

from cli.local.demo import CLIP, environment_alone, give_consent
from cli.local.up import running
from runtime.parts import Parts, build_parts
from runtime.settings import Settings
from runtime.temporal import connect
from store.queries import workspaces


@dataclass(frozen=True)
class Installation:
    """One that is up, with a channel and a video to publish."""

    client: Client
    parts: Parts
    service: httpx2.AsyncClient
    order: Mapping[str, Any]


@asynccontextmanager
async def installation(durability: str) -> AsyncIterator[Installation]:
    """Started with this CASTLINE_SQLITE_SYNCHRONOUS; ended, with its folder, on leaving."""
    with tempfile.TemporaryDirectory(prefix="castline-bench-") as folder:
        # What the parts of the installation read when they start; the next one sets its own.
        os.environ.update(environment_alone(Path(folder)))
        os.environ["CASTLINE_SQLITE_SYNCHRONOUS"] = durability
        settings = Settings()
        async with running(settings, lambda _: None) as addresses:
            parts = build_parts(Settings(emulator_url=addresses["emulator"]))
            client = await connect(settings, parts.keyring)
            await _make_instant(addresses["emulator"])
            async with httpx2.AsyncClient(
                base_url=f"{addresses['API']}/api/v1",
                headers={"Authorization": f"Bearer {make_key(parts)}"},
                timeout=60,
                trust_env=False,
            ) as service:
                yield Installation(client, parts, service, await _order(service))
            parts.store.close()


async def _order(service: httpx2.AsyncClient) -> dict[str, Any]:
    """Connect a channel and register a video; return what publishes it."""
    connection_id = await connect_channel(service)
    video = await post(service, "/videos", {"sourceUrl": CLIP.as_uri()})
    return {
        "connectionId": connection_id,
        "videoId": video["id"],
        "payload": {"title": "A short publish"},
    }


async def connect_channel(service: httpx2.AsyncClient) -> str:
    """Consent at the emulator, through the API; return the connection's id."""
    done = str(service.base_url.join("/api/v1/oauth/done"))
    ticket = await post(service, "/oauth/tickets", {"platform": "youtube", "redirectUrl": done})
    await give_consent(ticket["authUrl"])
    found = (await service.get(f"/oauth/tickets/{ticket['ticketId']}")).json()
    connection_id: str = found["connectionIds"][0]
    return connection_id


async def post(service: httpx2.AsyncClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
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
    async with httpx2.AsyncClient(trust_env=False) as http:
        (await http.post(f"{emulator}/_emulator/switches", json=switches)).raise_for_status()
