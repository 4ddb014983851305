"""One workspace takes all that it can get; another one does not notice.

API and worker are processes of their own with the slots and shares of the product. Workspace A
publishes 16 videos whose thumbnails, and 8 videos whose own bytes, turn slow once they were
accepted: a byte every three seconds. It keeps registering 80 videos of an origin that says
nothing. Workspace B connects a channel, reads and publishes alone and then beside all this.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.local.probes import free_ports
from runtime.settings import Settings
from testkit.clips import make_clip
from testkit.emulator import Emulator
from testkit.pictures import png
from tests.support.roles import role
from tests.support.stack import Stack, Tenant, eventually, running_stack, temporal_server
from tests.support.trickle import TricklingOrigin, trickling_origin

THUMBNAILS, VIDEOS, SILENT = 16, 8, 80
SHARE = 4
"""Of each kind of work, as one workspace has it where no setting says otherwise."""
ROUNDS, GETS = 3, 150
FACTOR = 3.0
"""By how much B may be slower beside A than alone."""
JUDGED: dict[str, tuple[Callable[[Iterable[float]], float], float]] = {
    "p99": (min, 0.1),
    "consent": (max, 10.0),
    "publish": (max, 10.0),
}
"""Which of the rounds counts, and the seconds below which no factor does.

A busy machine slows the reads of some rounds, what A holds would slow those of all: the fastest
round counts, and only from where a person notices. Of the others none may be
held up: without bulkheads one takes a minute.
"""
PATIENCE = 120.0
"""For what takes a second or two on an idle machine. Without bulkheads it takes hours."""
AS_SHIPPED = {"matching.enableFairness": True}
"""Temporal as `castline up` and the compose file start it."""
AS_MANY = httpx2.Limits(max_connections=None)
THUMBNAIL, VIDEO, SILENCE, FAST = "slow.png", "slow.mp4", "silent.mp4", "fast.png"


@dataclass
class Round:
    """What B got, and how long it took: in seconds, `p99` of the reads."""

    p99: float
    consent: float
    publish: float
    published: dict[str, Any] = field(repr=False)


@dataclass
class Scene:
    alone: list[Round]
    beside: list[Round]
    statuses: Counter[int]
    """What A's registrations of silent videos were answered, those that were sent again as well."""
    hanging: dict[str, list[int]] = field(repr=False)
    """A's connections that hung at its origins, looked at all the while B was measured."""

    def figures(self) -> str:
        medians = {name: statistics.median(seen) for name, seen in self.hanging.items()}
        return f"{self}, medians of what hung: {medians}"


@pytest.fixture(scope="module")
async def scene(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator
) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("greedy")
    emulator_process.reset()
    emulator_process.switch(processing_seconds=0, uploads_per_day=1000)
    (port,) = free_ports(1)
    more: dict[str, Any] = {"port": port, "public_url": f"http://127.0.0.1:{port}"}
    for name in ("chunk_mib", "probes_per_workspace", "transfers_per_workspace"):
        more[name] = Settings.model_fields[name].default
    async with AsyncExitStack() as closing:
        origin = closing.enter_context(trickling_origin(files_of(folder)))
        temporal = await closing.enter_async_context(temporal_server(**AS_SHIPPED))
        stack = await closing.enter_async_context(
            running_stack(folder, emulator_process, temporal, works=False, **more)
        )
        for name in ("api", "worker"):
            closing.enter_context(role(name, stack.parts.settings))

        async def tenant(name: str) -> Tenant:
            """One whose requests go to the API's own process, by connections of its own."""
            http = httpx2.AsyncClient(
                base_url=stack.parts.settings.local_url, timeout=PATIENCE, limits=AS_MANY
            )
            await closing.enter_async_context(http)
            return await replace(stack, http=http).tenant(name)

        a, b = await tenant("greedy"), await tenant("modest")
        await eventually(partial(is_ready, b.stack), within=PATIENCE)
        played = await play(a, b, origin)
        print(played.figures())
        yield played


def files_of(folder: Path) -> dict[str, bytes]:
    video = make_clip(folder, 100_000).path.read_bytes()
    return {VIDEO: video, SILENCE: video, THUMBNAIL: png(), FAST: png()}


async def is_ready(stack: Stack) -> bool:
    with suppress(httpx2.TransportError):
        return (await stack.http.get("/readyz")).status_code == 200
    return False


async def play(a: Tenant, b: Tenant, origin: TricklingOrigin) -> Scene:
    hers = await a.connection()
    await measure(b, origin)  # what is loaded at the first use
    alone = [await measure(b, origin) for _ in range(ROUNDS)]
    videos = await register_videos(a, origin)
    await hold_steps(a, hers, origin)
    await hold_transfers(a, hers, origin, videos)
    hanging: dict[str, list[int]] = {name: [] for name in (THUMBNAIL, VIDEO, SILENCE)}
    async with registering(a, origin) as statuses:
        beside = [await measure(b, origin, hanging) for _ in range(ROUNDS)]
    return Scene(alone, beside, statuses, hanging)


async def hold_steps(a: Tenant, connection_id: str, origin: TricklingOrigin) -> None:
    """Publish videos up to their thumbnails, whose origin has turned slow."""
    origin.fast_once.add(THUMBNAIL)
    for number in range(THUMBNAILS):
        payload = {"title": "A clip", "thumbnailUrl": origin.address(THUMBNAIL, number)}
        await a.assign(connection_id, payload=payload)

    async def have_all_bytes() -> bool:
        listed = await a.ask("GET", "/api/v1/assignments?limit=100")
        return all(item["state"] not in ("pending", "uploading") for item in listed["items"])

    await eventually(have_all_bytes, within=PATIENCE)


async def register_videos(a: Tenant, origin: TricklingOrigin) -> list[str]:
    """Their origin turns slow afterwards. Returns their ids."""
    made = [
        await a.ask("POST", "/api/v1/videos", {"sourceUrl": origin.address(VIDEO, number)})
        for number in range(VIDEOS)
    ]
    origin.slow.add(VIDEO)
    return [video["id"] for video in made]


async def hold_transfers(
    a: Tenant, connection_id: str, origin: TricklingOrigin, videos: list[str]
) -> None:
    for video_id in videos:
        await a.assign(connection_id, mediaUrl=None, videoId=video_id)
    await until_hanging(origin, VIDEO)


@asynccontextmanager
async def registering(a: Tenant, origin: TricklingOrigin) -> AsyncIterator[Counter[int]]:
    """Register videos about which their origin says nothing. Yields how that is answered.

    What the origin has kept waiting for too long is sent again, so that it does not end.
    """
    origin.silent.add(SILENCE)
    statuses: Counter[int] = Counter()

    async def register(number: int) -> None:
        body = {"sourceUrl": origin.address(SILENCE, number)}
        headers = {"Authorization": f"Bearer {a.key}"}
        while True:
            answer = await a.stack.http.post("/api/v1/videos", json=body, headers=headers)
            statuses[answer.status_code] += 1
            if answer.status_code == 429:
                return

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(register(number)) for number in range(SILENT)]
        await until_hanging(origin, SILENCE)
        yield statuses
        for task in tasks:
            task.cancel()


async def until_hanging(origin: TricklingOrigin, name: str) -> None:
    async def look() -> bool:
        return origin.hanging[name] >= SHARE

    await eventually(look, within=PATIENCE)


async def measure(
    b: Tenant, origin: TricklingOrigin, hanging: dict[str, list[int]] | None = None
) -> Round:
    """Raises `TimeoutError` where B is served so slowly that no figure is needed."""
    async with asyncio.timeout(PATIENCE):
        return await get_served(b, origin, hanging or {})


async def get_served(b: Tenant, origin: TricklingOrigin, hanging: dict[str, list[int]]) -> Round:
    began = time.monotonic()
    channel = await b.connection()
    consent = time.monotonic() - began
    took = []
    for _ in range(GETS):
        began = time.monotonic()
        await b.ask("GET", "/api/v1/assignments?limit=10")
        took.append(time.monotonic() - began)
        for name, seen in hanging.items():
            seen.append(origin.hanging[name])
    began = time.monotonic()
    payload = {"title": "A clip", "thumbnailUrl": origin.address(FAST)}
    made = await b.assign(channel, payload=payload)
    published = await b.until(made["id"], "published", "failed", within=PATIENCE)
    return Round(sorted(took)[int(0.99 * GETS)], consent, time.monotonic() - began, published)


async def test_the_other_workspace_connects_and_publishes(scene: Scene) -> None:
    for one in scene.beside:
        assert (one.published["state"], one.published["warnings"]) == ("published", {})


@pytest.mark.parametrize("what", JUDGED)
async def test_the_other_workspace_is_served_as_fast_as_alone(scene: Scene, what: str) -> None:
    counts, unnoticed = JUDGED[what]
    alone = counts(getattr(one, what) for one in scene.alone)
    beside = counts(getattr(one, what) for one in scene.beside)
    assert beside <= max(FACTOR * alone, unnoticed), scene.figures()


async def test_the_greedy_workspace_held_what_is_its_share_meanwhile(scene: Scene) -> None:
    for name in (VIDEO, SILENCE):
        assert statistics.median(scene.hanging[name]) == SHARE, scene.figures()
    # Each of these reads is given up after five seconds and tried again after a pause that grows.
    assert any(scene.hanging[THUMBNAIL]), scene.figures()
    assert statistics.median(scene.hanging[THUMBNAIL]) <= SHARE, scene.figures()


async def test_what_is_over_the_share_is_refused_at_once(scene: Scene) -> None:
    assert scene.statuses[429] == SILENT - SHARE, scene.figures()
