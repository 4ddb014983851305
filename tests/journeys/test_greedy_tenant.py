"""One workspace takes all that it can get; another one does not notice.

API and worker are processes of their own with the default slots and shares. Workspace A names
16 thumbnails and 8 videos whose origins turn slow once they were accepted, a byte every three
seconds, and registers 80 videos of an origin that says nothing. Meanwhile workspace B connects
a channel, reads and publishes, as it did before A came, and both are compared.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.support.clips import MIB, make_clip
from tests.support.emulator import Emulator
from tests.support.machine import free_ports
from tests.support.roles import role
from tests.support.stack import CLIP, Stack, Tenant, eventually, running_stack
from tests.support.trickle import TricklingOrigin, trickling_origin

THUMBNAILS, VIDEOS, SILENT = 16, 8, 80
GETS = 300
FACTOR = 3.0
"""By how much B's slowest reads may be slower beside A than alone."""
FLOOR_SECONDS = 0.1
"""Below this nobody notices, and the machine decides."""


@dataclass
class Measured:
    """What B got, and how long it took."""

    p99: float
    consent: float
    publish: float
    state: str
    connected: bool


@dataclass
class Scene:
    alone: Measured
    beside: Measured
    statuses: dict[int, int] = field(default_factory=dict)
    """Of A's registrations of silent videos."""
    hanging: dict[str, int] = field(default_factory=dict)
    """A's connections to its origins that hung while B was measured."""


@pytest.fixture(scope="module")
async def scene(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator, temporal: str
) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("greedy")
    (port,) = free_ports(1)
    emulator_process.reset()
    emulator_process.switch(processing_seconds=0)
    big = make_clip(folder, 8 * MIB).path.read_bytes()
    picture = (CLIP.parent / "thumbnail.png").read_bytes()
    files = {"video.mp4": big, "silent.mp4": big, "thumbnail.png": picture}
    address = f"http://127.0.0.1:{port}"
    more = {"port": port, "public_url": address}
    async with AsyncExitStack() as closing:
        origin = closing.enter_context(trickling_origin(files))
        stack = await closing.enter_async_context(
            running_stack(folder, emulator_process, temporal, works=False, **more)
        )
        for name in ("api", "worker"):
            closing.enter_context(role(name, stack.parts.settings))
        # From here on every request goes to the API's own process.
        stack.http = await closing.enter_async_context(
            httpx.AsyncClient(base_url=address, timeout=120)
        )
        await eventually(lambda: _is_ready(stack), within=90)
        yield await _play(stack, origin)


async def _is_ready(stack: Stack) -> bool:
    with suppress(httpx.TransportError):
        return (await stack.http.get("/readyz")).status_code == 200
    return False


async def _play(stack: Stack, origin: TricklingOrigin) -> Scene:
    a, b = await stack.tenant("greedy"), await stack.tenant("modest")
    channel = await a.connection()
    await _measure(b)  # once for what is loaded and compiled at the first use
    alone = await _measure(b)
    taking = await _take_all(a, channel, origin)
    beside = await _measure(b)
    hanging = dict(origin.hanging)
    statuses: dict[int, int] = {}
    for task in taking:
        task.cancel()
    for answer in await asyncio.gather(*taking, return_exceptions=True):
        if isinstance(answer, httpx.Response):
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    return Scene(alone, beside, statuses, hanging)


async def _take_all(
    a: Tenant, channel: str, origin: TricklingOrigin
) -> list[asyncio.Task[httpx.Response]]:
    """Everything that A can hold on to, held; the requests that still wait."""
    for number in range(THUMBNAILS):
        thumbnail = origin.address("thumbnail.png", number)
        await _accepted(a, channel, payload={"title": "A clip", "thumbnailUrl": thumbnail})
        origin.slow.add("thumbnail.png") if number == THUMBNAILS - 1 else None
    for number in range(VIDEOS):
        await _accepted(a, channel, mediaUrl=origin.address("video.mp4", number))
    origin.slow.add("video.mp4")
    origin.silent.add("silent.mp4")
    taking = [
        asyncio.create_task(
            a.stack.http.post(
                "/api/v1/videos",
                json={"sourceUrl": origin.address("silent.mp4", number)},
                headers={"Authorization": f"Bearer {a.key}"},
            )
        )
        for number in range(SILENT)
    ]
    await eventually(_holds(origin), within=60)
    return taking


def _holds(origin: TricklingOrigin) -> Any:
    async def look() -> bool:
        return bool(origin.hanging["silent.mp4"] and origin.hanging["video.mp4"])

    return look


async def _accepted(a: Tenant, channel: str, **fields: Any) -> None:
    """Assign; a share that is taken for a moment is waited for."""

    async def post() -> httpx.Response:
        body = {
            "connectionId": channel,
            "mediaUrl": CLIP.as_uri(),
            "payload": {"title": "A clip"},
            **fields,
        }
        return await a.stack.http.post(
            "/api/v1/assignments", json=body, headers={"Authorization": f"Bearer {a.key}"}
        )

    answer = await eventually(post, lambda seen: seen.status_code != 429)
    assert answer.status_code == 201, answer.text


async def _measure(b: Tenant) -> Measured:
    began = time.monotonic()
    channel = await b.connection()
    consent = time.monotonic() - began
    took = []
    for _ in range(GETS):
        asked = time.monotonic()
        await b.ask("GET", "/api/v1/assignments?limit=10")
        took.append(time.monotonic() - asked)
    began = time.monotonic()
    published = await b.publish(channel)
    return Measured(
        p99=sorted(took)[int(0.99 * len(took))],
        consent=consent,
        publish=time.monotonic() - began,
        state=published["state"],
        connected=bool(channel),
    )


async def test_the_other_workspace_connects_and_publishes(scene: Scene) -> None:
    assert scene.beside.connected
    assert scene.beside.state == "published"


async def test_the_other_workspace_reads_about_as_fast_as_alone(scene: Scene) -> None:
    assert scene.beside.p99 <= max(FACTOR * scene.alone.p99, FLOOR_SECONDS), scene


async def test_what_is_over_the_share_is_refused_at_once(scene: Scene) -> None:
    assert scene.statuses.get(429, 0) >= SILENT / 2, scene


async def test_the_greedy_workspace_still_held_on_while_the_other_was_measured(
    scene: Scene,
) -> None:
    assert scene.hanging["video.mp4"], scene


def test_the_figures(scene: Scene, record_property: Any) -> None:
    for name in ("p99", "consent", "publish"):
        record_property(name, (getattr(scene.alone, name), getattr(scene.beside, name)))
