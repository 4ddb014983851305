"""A whole Castline on this machine, whose processes are there to be killed.

Everything is what `castline up` runs, with more than one worker: Temporal's dev server with its
state in a file, the emulator, the workers and the API, each a process of its own in a temporary
folder and on free ports. What ends is started again (`chaos.programs`). All are tethered to this
process, so none of them outlives it.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client

from chaos.programs import KeptProgram
from cli.local.demo import environment_alone
from cli.local.environment import forget_foreign_temporal, service_environment
from cli.local.probes import answers, is_free, temporal_answers, worker_polls
from cli.local.processes import Program, reason_of
from cli.local.up import castline
from runtime.devserver import command, find_temporal
from runtime.parts import build_store, ensure_keyset, load_keyring
from runtime.settings import Settings
from runtime.temporal import connect
from store.queries import workspaces

CLIPS = "clips"
_WORKER = "worker-"
_ATTRIBUTE = "--search-attribute"


class Installation:
    """Its addresses, a key, and a hand on every process."""

    def __init__(
        self, settings: Settings, client: Client, emulator: str, key: str, logs: Path
    ) -> None:
        self.settings = settings
        self.client = client
        self.api = settings.local_url
        self.emulator = emulator
        self.key = key
        self._logs = logs
        self._kept: dict[str, KeptProgram] = {}

    async def start(self, *programs: Program) -> None:
        """Start programs together and return when all are ready. Raises `NotReady`."""
        for program in programs:
            self._kept[program.name] = KeptProgram(program, self._logs / f"{program.name}.log")
        await self.ready(*(program.name for program in programs))

    async def ready(self, *programs: str) -> None:
        """Return when all of them are ready. Raises `NotReady`."""
        await asyncio.gather(*(self._kept[program].ready() for program in programs))

    async def kill(self, program: str, *, at_work: float) -> None:
        """SIGKILL to a process that has been ready for so long, or that hangs."""
        await self._kept[program].kill(at_work)

    async def stop(self, *programs: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End programs by a signal; they stay away until they are resumed."""
        await asyncio.gather(*(self._kept[program].stop(number) for program in programs))

    def resume(self, *programs: str) -> None:
        """Let stopped programs run again."""
        for program in programs:
            self._kept[program].resume()

    @property
    def workers(self) -> list[str]:
        """The names of the worker processes."""
        return [name for name in self._kept if name.startswith(_WORKER)]

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
    folder: Path,
    data: Path | None = None,
    /,
    *,
    workers: int,
    database: str | None,
    **settings: str,
) -> AsyncIterator[Installation]:
    """An installation that is ready; it ends on leaving. `database` is a URL, or None for SQLite.

    What is published lies in `folder / CLIPS`. `data` is its data folder, still to be made; without
    one it is `folder / "data"`. `settings` are further names of the environment.
    """
    data = data or folder / "data"
    data.mkdir(mode=0o700)
    os.environ.update(environment_alone(data) | _lasting_ports())
    forget_foreign_temporal(lambda _: None)
    emulator = f"http://127.0.0.1:{os.environ['CASTLINE_EMULATOR_PORT']}"
    clips = folder / CLIPS
    clips.mkdir()
    os.environ |= {
        "CASTLINE_EMULATOR_URL": emulator,
        "CASTLINE_MEDIA_ROOTS": str(clips),
        "CASTLINE_CHUNK_MIB": "1",
        "CASTLINE_RECONCILE_SECONDS": "10",
        **settings,
    }
    if database:
        os.environ["CASTLINE_DATABASE_URL"] = database
    chosen = Settings()
    logs = folder / "logs"
    logs.mkdir()
    key = _prepare(chosen)
    client = await connect(chosen, load_keyring(chosen), lazy=True)
    installation = Installation(chosen, client, emulator, key, logs)
    try:
        await _start(installation, workers)
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


async def _start(installation: Installation, workers: int) -> None:
    settings, client = installation.settings, installation.client
    port = str(settings.emulator_port)
    env = service_environment()
    await installation.start(
        Program(
            "temporal",
            _bare(command(find_temporal(), settings)),
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
            Program(f"{_WORKER}{number}", castline("worker"), worker_polls(client), env)
            for number in range(1, workers + 1)
        ),
    )


def _bare(command: list[str]) -> tuple[str, ...]:
    """Without the search attributes: the workers register them wherever they are missing."""
    first = command.index(_ATTRIBUTE)
    last = len(command) - command[::-1].index(_ATTRIBUTE)
    return (*command[:first], *command[last + 1 :])
