"""The worker as a process of its own, ended again and again in the middle of its work.

A video to YouTube, a video to a Page and a reel, 1 GiB each, are sent at the same time;
two more have just been finished and wait for the answer, another for a budget. Then the
worker is killed. The next one gets five slow uploads to another channel besides, so that
all of its slots are taken, and is told to stop; the third brings everything to its end.
The scene is played once, because each kill costs half a minute; the tests look at it.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.local.probes import worker_polls
from store.queries.publishing.assignments import get_assignment_by_id
from testkit.clips import MIB, UPRIGHT, Clip, make_clip, make_hollow
from testkit.emulator import Emulator
from testkit.meta import BAKERY, CATERING
from tests.support.crowd import CROWD, send_crowd, slow_down_the_crowd, under_way, until_working
from tests.support.devserver import DevServer
from tests.support.killing import (
    GIB,
    HEARTBEAT_TIMEOUT,
    PACE,
    PAGE_VIDEO,
    REEL,
    ROUTES,
    YOUTUBE,
    Sending,
    send,
)
from tests.support.roles import role
from tests.support.stack import Tenant, eventually, running_stack

SLOW = 30
"""Seconds that an answer takes which nobody shall live to see."""
ENDS = 2


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it. An assignment is what the API told of it last."""

    sent: dict[str, dict[str, Any]]
    """By route, as are those that were just finished."""
    finishing: dict[str, dict[str, Any]]
    held_up: dict[str, Any]
    videos: dict[str, dict[str, Any]]
    """The emulator's, by id."""
    sent_twice: dict[str, int]
    """Bytes, by both ends together."""
    recovery: float
    """Seconds from the kill until bytes came again on every route."""
    evidence: dict[str, dict[str, Any]]
    """What the timelines say of those that were sent, by route."""
    summed: dict[str, int]
    """Of how many bytes of those the block sums are known, by route."""
    code: int
    ending: float
    """Seconds that the worker took that was told to stop."""
    handover: float
    """Seconds from its end until bytes came again on every route."""
    crowd: list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ended")


@pytest.fixture(scope="module")
def big(folder: Path) -> Clip:
    """Upright, so that it may be a reel as well."""
    return make_hollow(folder, GIB, UPRIGHT)


@pytest.fixture(scope="module")
async def ended(emulator_process: Emulator, folder: Path, big: Clip) -> AsyncIterator[Ended]:
    """The scene, on an installation whose only workers are processes of their own."""
    emulator_process.reset()
    server = DevServer(folder)
    await server.start()
    try:
        async with running_stack(folder, emulator_process, server.address, works=False) as stack:
            small = make_clip(folder, source=UPRIGHT)
            yield await play(await stack.tenant("ended"), folder, big, small)
    finally:
        server.kill()


async def play(tenant: Tenant, folder: Path, big: Clip, small: Clip) -> Ended:
    settings, emulator = tenant.stack.parts.settings, tenant.stack.emulator
    slow_down_the_crowd(emulator)
    with role("worker", settings) as first:
        # A person's consent is answered within seconds, and a worker takes some to begin.
        is_at_work = worker_polls(tenant.stack.client)
        await eventually(partial(is_at_work, first.pid), within=60)
        pages = await tenant.pages()
        held_up = await hold_up(tenant, pages[CATERING], small)
        finishing = await finish(tenant, pages[BAKERY], small)
        sendings = await send_all(tenant, pages[BAKERY], big)
        first.kill()
        first.wait()
        killed_at = time.monotonic()
    with role("worker", settings) as second:
        await asyncio.gather(*(sending.until_resumed() for sending in sendings))
        recovery = time.monotonic() - killed_at
        crowd = await send_crowd(tenant, folder)
        with role("worker", settings) as third:
            await until_working(tenant, third.pid)
            await asyncio.gather(*(sending.mark() for sending in sendings))
            assert await under_way(tenant) == CROWD
            # What is under way stays slow, and whoever goes on with it need not be.
            emulator.forget_faults()
            stopped_at = time.monotonic()
            second.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(second.wait, 20)
            ended_at = time.monotonic()
            await asyncio.gather(*(sending.until_resumed() for sending in sendings))
            handover = time.monotonic() - ended_at
            ids = {one.route.name: one.assignment_id for one in sendings}
            return Ended(
                crowd=[await tenant.until(id, "published", "failed", within=60) for id in crowd],
                sent=await ends(tenant, ids),
                evidence={name: await evidence(tenant, id) for name, id in ids.items()},
                summed={name: summed(tenant, id) for name, id in ids.items()},
                finishing=await ends(tenant, finishing),
                held_up=await tenant.until(held_up, "published", "failed", within=60),
                videos={video["id"]: video for video in emulator.videos()},
                sent_twice={one.route.name: one.let_go for one in sendings},
                recovery=recovery,
                code=code,
                ending=ended_at - stopped_at,
                handover=handover,
            )


async def hold_up(tenant: Tenant, page: str, clip: Clip) -> str:
    """Assign what has to wait a minute for its Page's budget."""
    emulator = tenant.stack.emulator
    emulator.fault("page_videos.start", "graph_error", reason="80001", retry_after=1)
    assignment = await tenant.assign(page, mediaUrl=clip.url)
    seen = await tenant.until(assignment["id"], "waiting", "published", "failed")
    assert (seen["waitReason"], seen["errorCode"]) == ("quota", "rate_limited")
    left = datetime.fromisoformat(seen["waitUntil"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(minutes=1)
    identity: str = assignment["id"]
    return identity


async def finish(tenant: Tenant, page: str, clip: Clip) -> dict[str, str]:
    """Assign what is whole at Facebook, finished there, and not answered."""
    emulator, ids = tenant.stack.emulator, {}
    for route, operation in ((PAGE_VIDEO, "page_videos.finish"), (REEL, "reels.finish")):
        fault = emulator.fault(operation, "slow", delay_seconds=SLOW)
        assignment = await tenant.assign(page, type=route.type, mediaUrl=clip.url)
        await eventually(partial(asyncio.to_thread, emulator.fired, fault))
        ids[route.name] = assignment["id"]
    return ids


async def send_all(tenant: Tenant, page: str, clip: Clip) -> list[Sending]:
    """Send on every route; return when each is in the middle."""
    sendings = [
        await send(tenant, await tenant.connection(), YOUTUBE, clip),
        await send(tenant, page, PAGE_VIDEO, clip),
        await send(tenant, page, REEL, clip),
    ]
    await asyncio.gather(*(sending.until(0.25) for sending in sendings))
    await asyncio.gather(*(sending.mark() for sending in sendings))
    return sendings


async def ends(tenant: Tenant, ids: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Wait for the end of each."""
    return {
        name: await tenant.until(id, "published", "failed", within=60) for name, id in ids.items()
    }


async def evidence(tenant: Tenant, assignment_id: str) -> dict[str, Any]:
    told = await tenant.ask("GET", f"/api/v1/assignments/{assignment_id}/timeline")
    found: dict[str, Any] = told["evidence"]
    return found


def summed(tenant: Tenant, assignment_id: str) -> int:
    with tenant.stack.parts.store.read() as session:
        return get_assignment_by_id(session, assignment_id).bytes_summed


def test_each_byte_is_compared_whoever_sent_it(ended: Ended, big: Clip) -> None:
    """Nobody has read a file in one run, so there is no SHA-256 that the sums belong to."""
    for route in ROUTES:
        told = ended.evidence[route.name]
        assert (told["sessionsOpened"], told["confirmedBytes"]) == (1, big.size)
        assert (told["proof"], told["sha256"]) == ("partial", None)
        assert ended.summed[route.name] == big.size


def test_each_transfer_comes_out_whole_and_once(ended: Ended, big: Clip) -> None:
    assert len(ended.videos) == 6 + CROWD
    assert {one["state"] for one in ended.crowd} == {"published"}
    assert len({one["platformId"] for one in ended.crowd}) == CROWD
    for route in ROUTES:
        assignment = ended.sent[route.name]
        assert assignment["state"] == "published"
        video = ended.videos[assignment["platformId"]]
        assert (video["bytes"], video["sha256"]) == (big.size, big.sha256)


def test_an_end_costs_each_transfer_a_chunk_at_most(ended: Ended) -> None:
    for route in ROUTES:
        print(f"{route.name}: {ended.sent_twice[route.name] / MIB:.1f} MiB sent twice")
        assert ended.sent_twice[route.name] <= ENDS * route.piece


def test_a_killed_worker_is_replaced_when_its_heartbeats_are_missed(ended: Ended) -> None:
    print(f"killed: bytes came again after {ended.recovery:.1f} s")
    assert ended.recovery <= HEARTBEAT_TIMEOUT + 10


def test_a_stopped_worker_with_its_slots_full_hands_over_at_once(ended: Ended) -> None:
    print(f"stopped: ended after {ended.ending:.1f} s, resumed {ended.handover:.1f} s later")
    assert ended.code == 0
    # 2 s plus a chunk, and 5 s, where nothing else runs; a busy machine takes twice as long.
    assert ended.ending <= 2 * (2 + YOUTUBE.piece / PACE)
    assert ended.handover <= 2 * 5


def test_a_finish_whose_sender_was_killed_is_read_back(ended: Ended) -> None:
    for route in (PAGE_VIDEO, REEL):
        assignment = ended.finishing[route.name]
        assert (assignment["state"], assignment["knownBy"]) == ("published", "read_back")
        video = ended.videos[assignment["platformId"]]
        assert (video["kind"], video["finishes"]) == (route.kind, 1)


def test_what_waits_for_a_budget_goes_on_by_itself(ended: Ended) -> None:
    assert (ended.held_up["state"], ended.held_up["waitReason"]) == ("published", None)
    assert ended.videos[ended.held_up["platformId"]]["finishes"] == 1
