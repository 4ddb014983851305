"""Keep some programs running until told to stop, and then leave none of them behind.

A stage is a set of programs that start together; the next stage starts when all of it is
ready. One that ends by itself is started again, after a pause that doubles up to half a
minute. Stopping ends the stages in the reverse order within `STOP_SECONDS`, gently first.
Each program has a session of its own, so that Ctrl-C reaches the supervisor alone, and a
tether, so that it dies with the supervisor even when that one is killed (on Linux).
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

STOP_SECONDS = 9.0
READY_SECONDS = 60.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
# Whoever lived this long was well; the next end is a new story.
_WELL_SECONDS = 60.0
_EARLIER_STAGE_SECONDS = 2.0
_PROBE_SECONDS = 0.1
_HOPELESS_ENDS = 3
_LOG_BYTES = 10 << 20

_TETHER = Path(__file__).with_name("tether.py")


class NotReady(Exception):
    """A program did not come up. The message says which one and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    argv: tuple[str, ...]
    is_ready: Callable[[int], Awaitable[bool]]
    """Asked with its process id until it says yes. What it raises counts as no."""
    env: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Use it as a context: leaving it ends everything that was started."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._stages: list[list[_Running]] = []

    async def __aenter__(self) -> "Supervisor":
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self._stop()

    async def start(self, *programs: Program) -> None:
        """Start a stage and wait until all of it is ready. Raises `NotReady`."""
        stage: list[_Running] = []
        self._stages.append(stage)
        for program in programs:
            stage.append(_Running(program, self._logs / f"{program.name}.log", self._say))
        await asyncio.gather(*(running.wait_ready() for running in stage))

    async def _stop(self) -> None:
        deadline = monotonic() + STOP_SECONDS
        while self._stages:
            stage = self._stages.pop()
            seconds = deadline - monotonic() - _EARLIER_STAGE_SECONDS * len(self._stages)
            await asyncio.gather(*(running.end(max(seconds, 0.1)) for running in stage))


class _Running:
    """One program, through all its restarts."""

    def __init__(self, program: Program, log: Path, say: Callable[[str], None]) -> None:
        self._program = program
        self._log = log
        self._say = say
        self._process = self._spawn()
        self._ends = 0
        self._task = asyncio.create_task(self._keep_running())

    async def wait_ready(self) -> None:
        started = monotonic()
        while not await self._is_ready():
            if self._ends >= _HOPELESS_ENDS or monotonic() - started > READY_SECONDS:
                raise NotReady(
                    f"{self._program.name} does not come up. "
                    f"The end of {self._log}:\n{tail(self._log)}"
                )
            await asyncio.sleep(_PROBE_SECONDS)
        self._say(f"{self._program.name} is ready ({monotonic() - started:.1f} s)")

    async def end(self, seconds: float) -> None:
        """Ask it to end, and kill what is left of it after `seconds`."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        _send(self._process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _ended(self._process)
        _send(self._process, signal.SIGKILL)
        await _ended(self._process)

    async def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            return False
        # Whatever goes wrong while it comes up (refused, half an answer) means: not yet.
        with suppress(Exception):
            return await self._program.is_ready(self._process.pid)
        return False

    async def _keep_running(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            started = monotonic()
            code = await _ended(self._process)
            self._ends += 1
            # What it may have started itself goes with it.
            _send(self._process, signal.SIGKILL)
            if monotonic() - started > _WELL_SECONDS:
                pause = _FIRST_PAUSE
            self._say(
                f"{self._program.name} ended ({_reason(code)}), starting it again in {pause:g} s; "
                f"its log is {self._log}"
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            self._process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        # The program writes to the file itself: its words survive us.
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                [
                    *(sys.executable, "-I", "-S", str(_TETHER), str(os.getpid())),
                    *self._program.argv,
                ],
                env={**os.environ, **self._program.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, or nothing."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


async def _ended(process: subprocess.Popen[bytes]) -> int:
    while (code := process.poll()) is None:  # noqa: ASYNC110
        await asyncio.sleep(_PROBE_SECONDS)
    return code


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the program's whole session, as far as any of it is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
