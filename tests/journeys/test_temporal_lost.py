"""Temporal's state is deleted under open assignments, beside a living worker and a living API."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.evidence import EvidenceKind
from domain.ids import CARE
from runtime.temporal import find_missing_search_attributes
from testkit.clips import Clip, make_clip
from testkit.emulator import Emulator
from tests.support.devserver import DevServer
from tests.support.evidence import evidence_of
from tests.support.reauth import reconnect
from tests.support.stack import Stack, Tenant, eventually, running_stack

BEN = "ben@example.test"
EACH = 3
"""Assignments in each of the four states."""

START = "videos.insert.start"
TRANSFER = "videos.insert.transfer"


async def all_of(tenant: Tenant) -> list[Any]:
    items: list[Any] = []
    page: dict[str, Any] = {"total": 1}
    while len(items) < page["total"]:
        number = len(items) // 100 + 1
        page = await tenant.ask("GET", f"/api/v1/assignments?limit=100&page={number}")
        items += page["items"]
    return items


async def stands(tenant: Tenant) -> Counter[str]:
    return Counter(item["waitReason"] or item["state"] for item in await all_of(tenant))


async def accept(tenant: Tenant, connection_id: str, reached: str, **fields: Any) -> None:
    """Accept some, and wait until they stand there."""
    for _ in range(EACH):
        await tenant.assign(connection_id, **fields)
    await eventually(lambda: stands(tenant), lambda seen: seen[reached] >= EACH, within=120)


async def test_everything_open_ends_as_it_would_have(
    tmp_path: Path, emulator: Emulator, server: DevServer
) -> None:
    room: dict[str, Any] = {"transfers_per_workspace": EACH + 8, "transfer_slots": EACH + 8}
    async with (
        running_stack(tmp_path, emulator, server.address, reconcile_seconds=2, **room) as stack,
        stack.maintained(),
    ):
        tenant = await stack.tenant("lost")
        clip = make_clip(stack.media)
        connection_id = await tenant.connection()
        broken_id = await tenant.connection(account=BEN)
        await stand_everywhere(tenant, clip, connection_id, broken_id)

        server.forget()
        await server.start()
        emulator.forget_faults()
        # A person can be asked for again, and everything else goes on by its own wait.
        await eventually(lambda: lost(stack, tenant), lambda seen: seen == 4 * EACH, within=180)
        emulator.switch(processing_seconds=0)
        emulator.advance(3600)
        await reconnect(tenant, broken_id, account=BEN)

        await eventually(
            lambda: stands(tenant), lambda seen: seen["published"] == 4 * EACH, within=180
        )
        found = Counter(video["sha256"] for video in emulator.videos())
        assert found == {clip.sha256: 4 * EACH}
        ids = {item["platformId"] for item in await all_of(tenant)}
        assert ids == {video["id"] for video in emulator.videos()}
        assert await find_missing_search_attributes(stack.client) == []
        assert await stack.client.get_schedule_handle(CARE).describe()


async def stand_everywhere(tenant: Tenant, clip: Clip, connection_id: str, broken_id: str) -> None:
    """Some are scheduled, some wait for a person, some are processed, some move bytes."""
    emulator = tenant.stack.emulator
    emulator.switch(processing_seconds=3600)
    later = (datetime.now(UTC) + timedelta(seconds=90)).isoformat()
    await accept(tenant, connection_id, "schedule", mediaUrl=clip.url, scheduledAt=later)
    emulator.fault(START, "revoke_grant")
    await accept(tenant, broken_id, "connection", mediaUrl=clip.url)
    await accept(tenant, connection_id, "processing", mediaUrl=clip.url)
    emulator.fault(TRANSFER, "trickle", bytes_per_second=clip.size // 60, times=None)
    await accept(tenant, connection_id, "uploading", mediaUrl=clip.url)


async def lost(stack: Stack, tenant: Tenant) -> int:
    """How many say in their timeline that Temporal did not know their workflow."""
    return sum(
        one.data["how"] == "missing"
        for item in await all_of(tenant)
        for one in evidence_of(stack.parts.store, item["id"], EvidenceKind.WORKFLOW_LOST)
    )
