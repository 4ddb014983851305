"""A program that is started again whenever it ends, and stays away when it is stopped."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chaos.programs import KeptProgram
from cli.local.processes import Program
from tests.support.stack import eventually

SLEEP = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); "


async def _is_ready(_pid: int) -> bool:
    return True


@asynccontextmanager
async def keeping(folder: Path) -> AsyncIterator[KeptProgram]:
    """A program that writes a letter to `folder / "up"` whenever it starts."""
    os.makedirs(folder)  # noqa: PTH103
    script = f"{SLEEP}open({str(folder / 'up')!r}, 'a').write('x'); time.sleep(600)"
    it = Program("it", (sys.executable, "-c", script), _is_ready)
    program = KeptProgram(it, folder / "log")
    await eventually(_starts(folder, 1))
    yield program
    await program.end()


def _starts(folder: Path, count: int) -> Callable[[], Awaitable[bool]]:
    async def has_started() -> bool:
        up = folder / "up"
        return up.exists() and len(up.read_text()) >= count

    return has_started


async def test_what_is_killed_is_started_again(tmp_path: Path) -> None:
    async with keeping(tmp_path / "it") as kept:
        await kept.kill(0.0)
        await eventually(_starts(tmp_path / "it", 2))
        assert not kept.own_ends


async def test_what_is_stopped_stays_away_until_it_is_resumed(tmp_path: Path) -> None:
    async with keeping(tmp_path / "it") as kept, keeping(tmp_path / "other") as other:
        await kept.stop(signal.SIGTERM)
        with pytest.raises(ProcessLookupError):
            os.kill(kept.pid, 0)
        for starts in (2, 3):
            await other.kill(0.0)
            await eventually(_starts(tmp_path / "other", starts))
        assert not await _starts(tmp_path / "it", 2)()
        kept.resume()
        await eventually(_starts(tmp_path / "it", 2))
        assert not kept.own_ends, "a stop is no end of its own"
