"""Keep some programs running until told to stop, and then leave none of them behind.

A stage is a set of programs that start together; the next stage starts when all of it is
ready. One that ends by itself is started again, after a pause that doubles up to half a
minute. Stopping ends the stages in the reverse order within `STOP_SECONDS`, gently first.
"""

import asyncio
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

from cli.local.processes import Program, find_sentence, reason_of, send, spawn, tail

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
_TAIL_LINES = 5
_TAIL_CHARACTERS = 300


class NotReady(Exception):
    """A program did not come up. The message says which one, and why by its sentence or its log."""


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
        self._is_up = False
        self._sentence: str | None = None
        self._task = asyncio.create_task(self._keep_running())

    async def wait_ready(self) -> None:
        started = monotonic()
        while not await self._is_ready():
            if self._ends >= _HOPELESS_ENDS or monotonic() - started > READY_SECONDS:
                raise NotReady(self._why_not())
            await asyncio.sleep(_PROBE_SECONDS)
        self._is_up = True
        self._say(f"{self._program.name} is ready ({monotonic() - started:.1f} s)")

    def _why_not(self) -> str:
        what = f"{self._program.name} does not come up."
        if self._sentence is not None:
            return f"{what} {self._sentence}"
        lines = tail(self._log, _TAIL_LINES).splitlines()
        shown = [line[:_TAIL_CHARACTERS] for line in lines]
        return "\n".join([f"{what} The end of {self._log}:", *shown, self._program.remedy]).rstrip()

    async def end(self, seconds: float) -> None:
        """Ask it to end, and kill what is left of it after `seconds`."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        send(self._process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _ended(self._process)
        send(self._process, signal.SIGKILL)
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
            send(self._process, signal.SIGKILL)
            if monotonic() - started > _WELL_SECONDS:
                pause = _FIRST_PAUSE
            self._say_ended(code, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            self._process = self._spawn()

    def _say_ended(self, code: int, pause: float) -> None:
        before, self._sentence = self._sentence, find_sentence(self._log, code)
        if self._is_up and self._sentence not in (None, before):
            self._say(f"{self._program.name}: {self._sentence}")
        self._say(
            f"{self._program.name} ended ({reason_of(code)}), "
            f"starting it again in {pause:g} s; its log is {self._log}"
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        return spawn(self._program, self._log)


async def _ended(process: subprocess.Popen[bytes]) -> int:
    while (code := process.poll()) is None:  # noqa: ASYNC110
        await asyncio.sleep(_PROBE_SECONDS)
    return code
