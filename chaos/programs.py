"""One program that is started again whenever it ends, as its supervisor would.

What ends is started again half a second later, always: the supervisor of `castline up` makes longer
and longer pauses, which is right for a program that cannot run and wrong here. A stopped program
stays away until it is resumed.
"""

import asyncio
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

from cli.local.processes import Program, send, spawn, tail
from cli.local.supervisor import NotReady

_PAUSE = 0.5
_READY_SECONDS = 90.0
_HANGING_SECONDS = 30.0
_STOPPING_SECONDS = 20.0
_LOOK_SECONDS = 0.05


class KeptProgram:
    """One program, through all its ends."""

    def __init__(self, program: Program, log: Path) -> None:
        self._program = program
        self._log = log
        self._process = spawn(program, log)
        self.own_ends: Counter[int] = Counter()
        """By return code."""
        self._ready_at: float | None = None
        self._turn = asyncio.Lock()
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._stopped: subprocess.Popen[bytes] | None = None
        self._keeping = asyncio.create_task(self._keep())

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        if not await self._until(self._is_at_work, _READY_SECONDS):
            raise NotReady(f"{self._program.name} does not come up:\n{tail(self._log)}")

    async def kill(self, at_work: float) -> None:
        async with self._turn:
            await self._until(lambda: self._is_at_work(at_work), _HANGING_SECONDS)
            while self._process.poll() is not None:  # noqa: ASYNC110  # between an end and a start
                await asyncio.sleep(_LOOK_SECONDS)
            self._ready_at = None
            send(self._process, signal.SIGKILL)

    async def stop(self, number: signal.Signals) -> None:
        """End it by a signal, and return when it is gone. It stays away until `resume`."""
        async with self._turn:
            self._may_run.clear()
            self._stopped = self._process
            self._ready_at = None
            send(self._process, number)
            if not await self._until(self._is_gone, _STOPPING_SECONDS):
                send(self._process, signal.SIGKILL)
                await self._until(self._is_gone, _STOPPING_SECONDS)

    def resume(self) -> None:
        """Start it again soon."""
        self._may_run.set()

    async def end(self) -> None:
        self._keeping.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeping
        send(self._process, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)

    def _is_gone(self) -> bool:
        return self._process.poll() is not None

    def _is_at_work(self, seconds: float = 0.0) -> bool:
        return self._ready_at is not None and monotonic() - self._ready_at >= seconds

    async def _until(self, is_so: Callable[[], bool], seconds: float) -> bool:
        deadline = monotonic() + seconds
        while not is_so() and monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        return is_so()

    async def _keep(self) -> None:
        while True:
            while (code := self._process.poll()) is None:
                if self._ready_at is None and await self._answers():
                    self._ready_at = monotonic()
                await asyncio.sleep(_LOOK_SECONDS)
            self._ready_at = None
            if code != -signal.SIGKILL and self._process is not self._stopped:
                self.own_ends[code] += 1
            await asyncio.sleep(_PAUSE)
            await self._may_run.wait()
            self._process = spawn(self._program, self._log)

    async def _answers(self) -> bool:
        # Whatever goes wrong while it comes up means: not yet.
        with suppress(Exception):
            return await self._program.is_ready(self._process.pid)
        return False
