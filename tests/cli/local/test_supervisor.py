"""The supervisor with real processes: small Python programs that tell a file what they do."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest

from cli.local.processes import Program
from cli.local.supervisor import NotReady, Supervisor

WELL_BEHAVED = """
import os, pathlib, signal, sys
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
signal.pause()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WELL_BEHAVED
PARENT = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]])
""" + WELL_BEHAVED.replace("sys.argv[1]", "sys.argv[1] + '.parent'")


async def eventually(holds: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def pid_in(file: Path) -> int:
    return int(file.read_text()) if file.exists() and file.read_text() else 0


def wrote(file: Path) -> Callable[[int], Awaitable[bool]]:
    async def is_ready(pid: int) -> bool:
        return pid_in(file) == pid

    return is_ready


def program(name: str, file: Path, code: str = WELL_BEHAVED, *extra: str) -> Program:
    return Program(name, (sys.executable, "-c", code, str(file), *extra), wrote(file))


async def test_programs_run_until_the_end_and_not_longer(tmp_path: Path) -> None:
    said: list[str] = []
    async with Supervisor(tmp_path / "logs", said.append) as supervisor:
        await supervisor.start(program("one", tmp_path / "1"), program("two", tmp_path / "2"))
        pids = [pid_in(tmp_path / "1"), pid_in(tmp_path / "2")]
        assert all(is_alive(pid) for pid in pids)
    assert not any(is_alive(pid) for pid in pids)
    assert sum("is ready" in line for line in said) == 2


async def test_a_killed_program_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    async with Supervisor(tmp_path / "logs", said.append) as supervisor:
        await supervisor.start(program("one", tmp_path / "1"))
        first = pid_in(tmp_path / "1")
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: pid_in(tmp_path / "1") not in (0, first))
    assert any("one ended (signal SIGKILL)" in line for line in said)
    assert not is_alive(pid_in(tmp_path / "1"))


async def test_one_that_ignores_the_wish_to_end_is_killed_in_time(tmp_path: Path) -> None:
    async with Supervisor(tmp_path / "logs", print) as supervisor:
        await supervisor.start(program("stubborn", tmp_path / "1", STUBBORN))
        pid = pid_in(tmp_path / "1")
        asked = monotonic()
    assert not is_alive(pid)
    assert monotonic() - asked < 10


async def test_children_of_a_program_go_with_it(tmp_path: Path) -> None:
    async with Supervisor(tmp_path / "logs", print) as supervisor:
        file = tmp_path / "1"
        await supervisor.start(
            Program(
                "parent", (sys.executable, "-c", PARENT, str(file), WELL_BEHAVED), _exists(file)
            )
        )
        child = pid_in(file)
        os.kill(pid_in(tmp_path / "1.parent"), signal.SIGKILL)
        await eventually(lambda: not is_alive(child))


def _exists(file: Path) -> Callable[[int], Awaitable[bool]]:
    async def is_ready(pid: int) -> bool:
        return pid_in(file) > 0 and pid_in(Path(f"{file}.parent")) == pid

    return is_ready


async def test_one_that_never_comes_up_shows_its_last_words(tmp_path: Path) -> None:
    hopeless = Program(
        "hopeless",
        (sys.executable, "-c", "raise SystemExit('no key set')"),
        wrote(tmp_path / "never"),
    )
    with pytest.raises(NotReady, match="no key set"):
        async with Supervisor(tmp_path / "logs", print) as supervisor:
            await supervisor.start(hopeless)


@pytest.mark.parametrize("command", ["castline", "emulator"])
async def test_one_of_ours_that_never_comes_up_says_its_sentence_and_no_log(
    tmp_path: Path, command: str
) -> None:
    ends = f"print('noise'); raise SystemExit('{command}: The key set is gone. Put it back.')"
    hopeless = Program("worker", (sys.executable, "-c", ends), wrote(tmp_path / "never"))
    with pytest.raises(NotReady) as told:
        async with Supervisor(tmp_path / "logs", print) as supervisor:
            await supervisor.start(hopeless)
    assert str(told.value) == "worker does not come up. The key set is gone. Put it back."


async def test_a_foreign_one_that_never_comes_up_shows_a_short_log_and_what_to_do(
    tmp_path: Path,
) -> None:
    ends = "[print(n, 'x' * 5000) for n in range(50)]; raise SystemExit('no such table')"
    hopeless = Program(
        "temporal", (sys.executable, "-c", ends), wrote(tmp_path / "never"), remedy="Delete it."
    )
    with pytest.raises(NotReady) as told:
        async with Supervisor(tmp_path / "logs", print) as supervisor:
            await supervisor.start(hopeless)
    lines = str(told.value).split("\n")
    assert lines[-2:] == ["no such table", "Delete it."]
    assert len(lines) < 10
    assert max(map(len, lines)) < 500


async def test_one_of_ours_that_ends_later_says_why_once(tmp_path: Path) -> None:
    said: list[str] = []
    ends = (
        "import os, pathlib, sys, time\n"
        "pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
        "while not pathlib.Path(sys.argv[2]).exists():\n"
        "    time.sleep(0.02)\n"
        "raise SystemExit('castline: The disk is full. Free space.')"
    )
    go = tmp_path / "go"
    async with Supervisor(tmp_path / "logs", said.append) as supervisor:
        await supervisor.start(program("worker", tmp_path / "1", ends, str(go)))
        go.touch()
        await eventually(lambda: sum("ended (exit code 1)" in line for line in said) >= 2)
    assert said.count("worker: The disk is full. Free space.") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
async def test_programs_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    starter = f"""
import asyncio, pathlib, sys
from cli.local.processes import Program
from cli.local.supervisor import Supervisor
async def main():
    async def ready(pid):
        return pathlib.Path({str(tmp_path / "1")!r}).exists()
    async with Supervisor(pathlib.Path({str(tmp_path)!r}), print) as supervisor:
        argv = (sys.executable, "-c", {WELL_BEHAVED!r}, {str(tmp_path / "1")!r})
        await supervisor.start(Program("one", argv, ready))
        await asyncio.Event().wait()
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", starter]) as supervisor:  # noqa: ASYNC220
        await eventually(lambda: pid_in(tmp_path / "1") > 0)
        pid = pid_in(tmp_path / "1")
        supervisor.kill()
    await eventually(lambda: not is_alive(pid))
