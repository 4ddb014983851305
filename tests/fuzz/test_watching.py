"""What is wrong is noticed: a file opened, a host called, a process over its bounds."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fuzz.canaries import canaries
from fuzz.watching import BOUNDS, MIB, Bounds, Watch, cpu_seconds, resident_bytes
from tests.support.stack import eventually

CONTENTS = {"video.mp4": b"a video", "picture.png": b"a picture"}
BEGINS = "import sys; print(flush=True); "
WAITS = f"{BEGINS}sys.stdin.read()"
PROBE = "media.probe.child"
LOOPS = f"{BEGINS}exec('while True: pass')"


@contextmanager
def running(program: str) -> Iterator[int]:
    """A process that looks like a probe; yields its id."""
    command = (sys.executable, "-I", "-S", "-c", program, PROBE)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.kill()
        process.communicate()


@contextmanager
def standing_still() -> Iterator[int]:
    """The same, stopped: its figures do not change between two looks."""
    with running(WAITS) as pid:
        os.kill(pid, signal.SIGSTOP)
        os.waitpid(pid, os.WUNTRACED)
        yield pid


async def test_a_file_that_is_opened_is_noticed_and_named(tmp_path: Path) -> None:
    async with canaries(tmp_path, CONTENTS) as birds:
        await asyncio.sleep(0)
        assert birds.found == []
        birds.files["picture"].read_bytes()

        async def found() -> list[str]:
            return birds.found

        assert await eventually(found) == ["the canary picture.png was opened"]


async def test_what_is_only_looked_for_is_not_opened(tmp_path: Path) -> None:
    async with canaries(tmp_path, CONTENTS) as birds:
        assert birds.files["video"].resolve().stat().st_size
        await asyncio.sleep(0.1)
        assert birds.found == []


async def test_a_host_that_is_called_is_noticed(tmp_path: Path) -> None:
    async with canaries(tmp_path, CONTENTS) as birds:
        where = urlsplit(birds.url)
        _, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(b"GET /canary.mp4")
        await writer.drain()

        async def found() -> list[str]:
            return birds.found

        (finding,) = await eventually(found)
        assert "GET /canary.mp4" in finding
        writer.close()


def test_a_process_within_its_bounds_is_no_finding() -> None:
    with standing_still() as pid:
        watch = Watch(["api"])
        watch.look({"api": pid})
        watch.warmed_up()
        watch.look({"api": pid})
        watch.look_at_probe(pid)
        assert watch.judge() == []
        assert watch.figures["api"].latest_bytes == resident_bytes(pid) > 0


@pytest.mark.parametrize(
    ("bounds", "finding"),
    [
        (replace(BOUNDS, process_bytes=MIB), "api held over 1 MiB"),
        (replace(BOUNDS, probe_bytes=MIB), "a probe held over 1 MiB"),
        (replace(BOUNDS, growth_bytes=-1), "api grew by 0 MiB"),
        (replace(BOUNDS, growth_descriptors=-1), "api has 0 more open descriptors"),
    ],
)
def test_a_process_over_its_bound_is_noticed(bounds: Bounds, finding: str) -> None:
    with standing_still() as pid:
        watch = Watch(["api"], bounds)
        watch.look({"api": pid})
        watch.warmed_up()
        watch.look({"api": pid})
        watch.look_at_probe(pid)
        assert watch.judge() == [finding]


async def test_a_probe_that_takes_too_much_cpu_is_noticed() -> None:
    with running(LOOPS) as pid:

        async def used() -> float:
            return cpu_seconds(pid)

        await eventually(used, lambda seconds: seconds > 0.1)
        watch = Watch([], replace(BOUNDS, probe_cpu_seconds=0.1))
        watch.look_at_probe(pid)
        assert watch.judge() == ["a probe used over 0.1 seconds of CPU"]


def test_the_probes_of_a_program_are_found_among_its_children() -> None:
    child = [sys.executable, "-I", "-S", "-c", WAITS]
    starts = (
        "import subprocess; "
        f"others = subprocess.Popen({child!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE); "
        f"probe = subprocess.Popen([*{child!r}, {PROBE!r}], stdin=0, stdout=subprocess.PIPE); "
        "others.stdout.readline(); probe.stdout.readline(); print(flush=True); probe.wait()"
    )
    with running(starts) as pid:
        watch = Watch(["api"])
        watch.look({"api": pid})
        assert watch.probes.at_a_time == 1
        assert watch.probes.most_bytes > 0


def test_a_program_that_was_started_again_is_noticed() -> None:
    with running(WAITS) as first, running(WAITS) as second:
        watch = Watch(["api"])
        watch.look({"api": first})
        assert watch.judge() == []
        watch.look({"api": second})
        assert watch.judge() == ["api ended and was started again"]
