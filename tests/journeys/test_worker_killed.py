"""The worker as a process of its own, ended in the middle of a transfer of 1 GiB.

The video is `clip.mp4` with a hole behind it: nothing of it lies on the disk, and any
reader takes it for the video that it begins with.
"""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from settings import Settings
from tests.support.devserver import DevServer
from tests.support.emulator import ROOT, Emulator
from tests.support.stack import CLIP, Tenant, eventually, running_stack

GIB = 1 << 30
CHUNK = 32 << 20
"""The default of the worker, which is not told another one."""
HEARTBEAT_TIMEOUT = 30.0


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`castline worker`, for an installation that is told by environment alone."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CASTLINE_", "TEMPORAL_"))
    }
    told = {
        "CASTLINE_DATA_DIR": str(settings.data_dir),
        "CASTLINE_TEMPORAL_ADDRESS": settings.temporal_address,
        "CASTLINE_EMULATOR_URL": str(settings.emulator_url),
        "CASTLINE_MEDIA_ROOTS": os.pathsep.join(map(str, settings.media_roots)),
        "PYTHONPATH": str(ROOT),
    }
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", "worker"], env={**inherited, **told}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """1 GiB that takes no room, and its sha256."""
    path = tmp_path_factory.mktemp("big") / "big.mp4"
    shutil.copy(CLIP, path)
    os.truncate(path, GIB)
    with path.open("rb") as file:
        return path, hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture
async def tenant(
    tmp_path: Path, emulator: Emulator, big: tuple[Path, str]
) -> AsyncIterator[Tenant]:
    """An installation whose only workers are the processes that a test starts."""
    server = DevServer(tmp_path)
    await server.start()
    try:
        roots = str(big[0].parent)
        async with running_stack(
            tmp_path, emulator, server.address, works=False, media_roots=roots
        ) as stack:
            yield await stack.tenant("killed")
    finally:
        server.kill()


async def begin(tenant: Tenant, source: Path) -> str:
    """Assign the big video, which is sent no faster than it can be watched."""
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault(
        "videos.insert.transfer", "trickle", bytes_per_second=96 << 20, times=None
    )
    assignment = await tenant.assign(connection_id, mediaUrl=source.as_uri())
    assignment_id: str = assignment["id"]
    return assignment_id


async def received(emulator: Emulator) -> int:
    """What the platform has got of all uploads, what it let go of included."""
    state = await asyncio.to_thread(emulator.state)
    return sum(session["received"] for session in state["sessions"])


async def until_in_the_middle(emulator: Emulator) -> None:
    await eventually(lambda: received(emulator), lambda count: count > 0.3 * GIB, within=60)


async def until_resumed(emulator: Emulator) -> None:
    """Wait until somebody has asked the platform for its offset, and bytes come again."""

    async def questions() -> int:
        return await asyncio.to_thread(emulator.calls, "videos.insert.status")

    await eventually(questions, within=60)
    so_far = await received(emulator)
    await eventually(lambda: received(emulator), lambda count: count > so_far)


def whole_once(emulator: Emulator, sha256: str) -> int:
    """Check that there is one video, whole, of one session; how many bytes came twice."""
    (video,) = emulator.videos()
    assert (video["bytes"], video["sha256"]) == (GIB, sha256)
    (session,) = emulator.state()["sessions"]
    assert session["stored"] == GIB
    twice: int = session["received"] - session["stored"]
    return twice


async def test_a_killed_worker_costs_a_chunk_at_most(
    tenant: Tenant, emulator: Emulator, big: tuple[Path, str]
) -> None:
    settings = tenant.stack.parts.settings
    source, sha256 = big
    with worker(settings) as first:
        assignment_id = await begin(tenant, source)
        await until_in_the_middle(emulator)
        first.kill()
        first.wait()
        killed_at = time.monotonic()
    emulator.http.delete("/_emulator/faults")
    with worker(settings):
        await until_resumed(emulator)
        recovery = time.monotonic() - killed_at
        (session,) = emulator.state()["sessions"]
        assert 0.2 * GIB < session["stored"] < 0.8 * GIB
        published = await tenant.until(assignment_id, "published", "failed", within=60)

    twice = whole_once(emulator, sha256)
    print(f"\nkilled: next byte after {recovery:.1f} s, {twice / 2**20:.1f} MiB sent twice")
    assert published["state"] == "published"
    assert twice <= CHUNK
    assert recovery <= HEARTBEAT_TIMEOUT + 10


async def test_a_stopped_worker_hands_over_at_once(
    tenant: Tenant, emulator: Emulator, big: tuple[Path, str]
) -> None:
    settings = tenant.stack.parts.settings
    source, sha256 = big
    with worker(settings) as first:
        assignment_id = await begin(tenant, source)
        await until_in_the_middle(emulator)
        with worker(settings):
            stopped_at = time.monotonic()
            first.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(first.wait, 20)
            ending = time.monotonic() - stopped_at
            emulator.http.delete("/_emulator/faults")
            await until_resumed(emulator)
            handover = time.monotonic() - stopped_at
            published = await tenant.until(assignment_id, "published", "failed", within=60)

    twice = whole_once(emulator, sha256)
    print(
        f"\nstopped: ended after {ending:.1f} s, next byte after {handover:.1f} s, "
        f"{twice / 2**20:.1f} MiB sent twice"
    )
    assert published["state"] == "published"
    assert code == 0
    assert ending < 8
    assert twice <= CHUNK
