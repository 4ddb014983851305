"""A program that is started again whenever it ends, and stays away when it is stopped."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from chaos.programs import KeptProgram
from cli.local.processes import Program
from tests.support.stack import eventually

SLEEP = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); "


async def _is_ready(_pid: int) -> bool:
    return True


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[KeptProgram]:
    script = f"{SLEEP}open({str(tmp_path / 'up')!r}, 'a').write('x'); time.sleep(600)"
    program = KeptProgram(
        Program("it", (sys.executable, "-c", script), _is_ready), tmp_path / "log"
    )
    await eventually(_starts(tmp_path, 1))
    yield program
    await program.end()


def _starts(folder: Path, count: int) -> Callable[[], Awaitable[bool]]:
    async def has_started() -> bool:
        up = folder / "up"
        return up.exists() and len(up.read_text()) >= count

    return has_started


async def test_what_is_killed_is_started_again(kept: KeptProgram, tmp_path: Path) -> None:
    await kept.kill(0.0)
    await eventually(_starts(tmp_path, 2))
    assert not kept.own_ends


async def test_what_is_stopped_stays_away_until_it_is_resumed(
    kept: KeptProgram, tmp_path: Path
) -> None:
    await kept.ready()
    await kept.stop(signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        os.kill(kept.pid, 0)
    assert not await _starts(tmp_path, 2)()
    kept.resume()
    await kept.ready()
    await eventually(_starts(tmp_path, 2))
    assert not kept.own_ends, "a stop is no end of its own"
