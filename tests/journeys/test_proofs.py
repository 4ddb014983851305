"""One video to several targets: it is hashed once, and each timeline says what proves it."""

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.local.probes import worker_polls
from media.digest import BLOCK_BYTES
from testkit.clips import MIB, Clip, make_clip
from testkit.emulator import Emulator
from testkit.meta import BAKERY, CATERING
from tests.support.devserver import DevServer
from tests.support.origin import Origin
from tests.support.roles import role
from tests.support.stack import Stack, Tenant, eventually, running_stack

TRANSFER = "videos.insert.transfer"
PACE = 2 * MIB
"""Bytes per second while a worker is killed: what left since it last wrote is a few MiB."""


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """Two blocks and a half."""
    return make_clip(tmp_path, 20 * MIB)


@pytest.fixture
def origin(clip: Clip) -> Iterator[Origin]:
    with Origin(clip.path.read_bytes()) as origin:
        yield origin


async def evidence(tenant: Tenant, assignment_id: str) -> dict[str, Any]:
    told = await tenant.ask("GET", f"/api/v1/assignments/{assignment_id}/timeline")
    found: dict[str, Any] = told["evidence"]
    return found


async def video_of(tenant: Tenant, url: str) -> str:
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": url})
    video_id: str = video["id"]
    return video_id


async def test_of_three_targets_at_once_one_is_hashed_and_all_are_proved(
    tenant: Tenant, stack: Stack, clip: Clip, origin: Origin
) -> None:
    pages = await tenant.pages()
    targets = [await tenant.connection(), pages[BAKERY], pages[CATERING]]
    video_id = await video_of(tenant, origin.url)
    assert (await tenant.ask("GET", f"/api/v1/videos/{video_id}"))["sha256"] is None

    order = {"connectionIds": targets, "videoId": video_id, "payload": {"title": "A clip"}}
    group = await tenant.ask("POST", "/api/v1/assignments", order)
    ids = [row["id"] for row in group["items"]]
    ended = [await tenant.until(one, "published", "failed", within=60) for one in ids]

    assert {row["state"] for row in ended} == {"published"}, [row["error"] for row in ended]
    assert {video["sha256"] for video in stack.emulator.videos()} == {clip.sha256}
    told = [await evidence(tenant, one) for one in ids]
    assert sorted(one["proof"] for one in told) == ["blocks", "blocks", "sha256"]
    assert {one["sha256"] for one in told} == {clip.sha256}
    assert (await tenant.ask("GET", f"/api/v1/videos/{video_id}"))["sha256"] == clip.sha256


async def test_a_small_file_is_hashed_when_it_is_registered(tenant: Tenant, clip: Clip) -> None:
    folder = tenant.stack.media / clip.path.name
    folder.write_bytes(clip.path.read_bytes())
    published = await tenant.publish(await tenant.connection(), mediaUrl=folder.as_uri())
    told = await evidence(tenant, published["id"])
    assert (told["proof"], told["sha256"]) == ("blocks", clip.sha256)


async def test_a_file_that_changed_and_kept_its_date_is_not_published(
    tenant: Tenant, stack: Stack
) -> None:
    clip = make_clip(stack.media, 20 * MIB)
    video_id = await video_of(tenant, clip.url)
    found = clip.path.stat()
    with clip.path.open("r+b") as file:
        file.seek(clip.size - 100)
        file.write(b"others")
    os.utime(clip.path, ns=(found.st_atime_ns, found.st_mtime_ns))

    order = {"connectionId": await tenant.connection(), "videoId": video_id}
    row = await tenant.ask("POST", "/api/v1/assignments", {**order, "payload": {"title": "A"}})
    failed = await tenant.until(row["id"], "published", "failed")

    assert (failed["state"], failed["errorCode"]) == ("failed", "source_changed")
    assert stack.emulator.videos() == []


async def test_after_a_kill_a_block_is_read_again_and_the_next_target_is_hashed(
    tmp_path: Path, emulator_process: Emulator, server: DevServer
) -> None:
    emulator_process.reset()
    emulator_process.switch(processing_seconds=0)
    whole = make_clip(tmp_path, 40 * MIB)
    with Origin(whole.path.read_bytes()) as origin:
        async with running_stack(tmp_path, emulator_process, server.address, works=False) as stack:
            tenant = await stack.tenant("killed")
            settings = stack.parts.settings
            is_at_work = worker_polls(stack.client)
            emulator_process.fault(TRANSFER, "trickle", bytes_per_second=PACE, times=None)
            with role("worker", settings) as first:
                await eventually(partial(is_at_work, first.pid), within=60)
                connection = await tenant.connection()
                row = await tenant.assign(connection, mediaUrl=origin.url)
                await eventually(partial(received, emulator_process), lambda n: n > 24 * MIB)
                first.kill()
                first.wait()
            emulator_process.forget_faults()
            asked = len(origin.asked)
            with role("worker", settings):
                await tenant.until(row["id"], "published", "failed", within=90)
                stored = await held_at_the_kill(tenant, row["id"])
                order = {"connectionId": connection, "videoId": row["videoId"]}
                order |= {"payload": {"title": "Again"}}
                further = await tenant.ask("POST", "/api/v1/assignments", order)
                before = await evidence(tenant, row["id"])
                await tenant.until(further["id"], "published", "failed", within=60)
            again = max(first_bytes(origin.asked[asked : asked + 3]))
            after, next_one = [await evidence(tenant, one["id"]) for one in (row, further)]
    videos = emulator_process.videos()
    assert [video["sha256"] for video in videos] == [whole.sha256] * 2
    assert again % BLOCK_BYTES == 0
    assert stored - again <= BLOCK_BYTES + 6 * PACE, "its block, and what was not written yet"
    assert (before["proof"], before["sha256"]) == ("partial", None)
    assert (next_one["proof"], next_one["sha256"]) == ("sha256", whole.sha256)
    assert (after["proof"], after["sha256"]) == ("blocks", whole.sha256)


async def received(emulator: Emulator) -> int:
    state = await asyncio.to_thread(emulator.state)
    return sum(session["received"] for session in state["sessions"])


async def held_at_the_kill(tenant: Tenant, assignment_id: str) -> int:
    """What the platform had, as the worker learned that went on."""
    told = await tenant.ask("GET", f"/api/v1/assignments/{assignment_id}/timeline")
    items = [item for item in told["items"] if item["kind"] == "asked"]
    offset: int = items[0]["data"]["offset"]
    return offset


def first_bytes(spans: list[str]) -> list[int]:
    return [int(span.removeprefix("bytes=").partition("-")[0]) for span in spans]
