"""A whole Castline on this machine, whose processes are there to be killed.

Everything is what `castline up` runs, with more than one worker: Temporal's dev server with its
state in a file, the emulator, the workers and the API, each a process of its own in a temporary
folder and on free ports. What ends is started again half a second later, always: the supervisor
of `castline up` makes longer and longer pauses, which is right for a program that cannot run and
wrong here. All are tethered to this process, so none of them outlives it.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from cli.local.demo import environment_alone
from cli.local.environment import service_environment
from cli.local.probes import answers, is_free, temporal_answers, worker_polls
from cli.local.processes import Program, reason_of, send, spawn, tail
from cli.local.supervisor import NotReady
from cli.local.up import castline
from runtime.devserver import command, find_temporal
from runtime.parts import build_store, ensure_keyset, load_keyring
from runtime.temporal import connect
from settings import Settings
from store.queries import workspaces

CLIPS = "clips"
_PAUSE = 0.5
_READY_SECONDS = 90.0
_HANGING_SECONDS = 30.0
_LOOK_SECONDS = 0.05


class Installation:
    """Its addresses, a key, and a hand on every process."""

    def __init__(self, settings: Settings, emulator: str, key: str, logs: Path) -> None:
        self.api = settings.local_url
        self.emulator = emulator
        self.key = key
        self._logs = logs
        self._kept: dict[str, _Kept] = {}

    async def start(self, *programs: Program) -> None:
        """Start programs together and return when all are ready. Raises `NotReady`."""
        for program in programs:
            self._kept[program.name] = _Kept(program, self._logs / f"{program.name}.log")
        await asyncio.gather(*(self._kept[program.name].ready() for program in programs))

    async def kill(self, program: str, *, at_work: float) -> None:
        """SIGKILL to a process that has been ready for so long, or that hangs."""
        await self._kept[program].kill(at_work)

    @property
    def pids(self) -> dict[str, int]:
        """The process that each program runs as now."""
        return {name: kept.pid for name, kept in self._kept.items()}

    @property
    def ended_by_themselves(self) -> dict[str, int]:
        """How often each ended without being killed, and how."""
        return {
            f"{name}, {reason_of(code)}": count
            for name, kept in self._kept.items()
            for code, count in kept.own_ends.items()
        }

    async def end(self) -> None:
        """End everything, what was started last first."""
        for kept in reversed(self._kept.values()):
            await kept.end()


@asynccontextmanager
async def installed(
    folder: Path, *, workers: int, database: str | None, **settings: str
) -> AsyncIterator[Installation]:
    """An installation that is ready; it ends on leaving. `database` is a URL, or None for SQLite.

    What is published lies in `folder / CLIPS`. `settings` are further names of the environment.
    """
    data = folder / "data"
    data.mkdir(mode=0o700)
    os.environ.update(environment_alone(data) | _lasting_ports())
    for foreign in [name for name in os.environ if name.startswith("TEMPORAL_")]:
        del os.environ[foreign]
    emulator = f"http://127.0.0.1:{os.environ['CASTLINE_EMULATOR_PORT']}"
    clips = folder / CLIPS
    clips.mkdir()
    os.environ |= {
        "CASTLINE_EMULATOR_URL": emulator,
        "CASTLINE_MEDIA_ROOTS": str(clips),
        "CASTLINE_CHUNK_MIB": "1",
        **settings,
    }
    if database:
        os.environ["CASTLINE_DATABASE_URL"] = database
    chosen = Settings()
    logs = folder / "logs"
    logs.mkdir()
    installation = Installation(chosen, emulator, _prepare(chosen), logs)
    try:
        await _start(installation, chosen, workers)
        yield installation
    finally:
        await installation.end()


def _lasting_ports() -> dict[str, str]:
    """Ports that no outgoing connection is given while their owners are dead."""
    chosen = random.sample(range(10_000, 30_000), 100)
    free = [port for port in chosen if is_free("127.0.0.1", port)]
    api, temporal, ui, emulator = free[:4]
    return {
        "CASTLINE_PORT": str(api),
        "CASTLINE_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
        "CASTLINE_TEMPORAL_UI_URL": f"http://127.0.0.1:{ui}",
        "CASTLINE_EMULATOR_PORT": str(emulator),
    }


def _prepare(settings: Settings) -> str:
    """Make database and key set, and a workspace; return its key."""
    store = build_store(settings)
    store.migrate()
    ensure_keyset(settings, store)
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="chaos")
        _, key = workspaces.create_key(session, workspace_id=workspace.id)
    store.close()
    return key.reveal()


async def _start(installation: Installation, settings: Settings, workers: int) -> None:
    temporal = find_temporal()
    client = await connect(settings, load_keyring(settings), lazy=True)
    port = str(settings.emulator_port)
    env = service_environment()
    await installation.start(
        Program(
            "temporal",
            tuple(command(temporal, settings)),
            temporal_answers(client, settings.temporal_ui_url),
        ),
        Program(
            "emulator",
            castline("emulator", "--port", port),
            answers(f"{installation.emulator}/_emulator/state"),
        ),
    )
    await installation.start(
        Program("api", castline("api"), answers(f"{settings.local_url}/readyz"), env),
        *(
            Program(f"worker-{number}", castline("worker"), worker_polls(client), env)
            for number in range(1, workers + 1)
        ),
    )


class _Kept:
    """One program, through all its ends."""

    def __init__(self, program: Program, log: Path) -> None:
        self._program = program
        self._log = log
        self._process = spawn(program, log)
        self.own_ends: Counter[int] = Counter()
        """By return code."""
        self._ready_at: float | None = None
        self._turn = asyncio.Lock()
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

    async def end(self) -> None:
        self._keeping.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeping
        send(self._process, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)

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
            if code != -signal.SIGKILL:
                self.own_ends[code] += 1
            await asyncio.sleep(_PAUSE)
            self._process = spawn(self._program, self._log)

    async def _answers(self) -> bool:
        # Whatever goes wrong while it comes up means: not yet.
        with suppress(Exception):
            return await self._program.is_ready(self._process.pid)
        return False
