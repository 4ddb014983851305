"""`castline up`: everything on one machine, until told to stop.

Temporal's dev server and, where it is asked for or no platform is set up, the emulator come first,
then worker and API: the same commands that are run alone elsewhere, as child processes.
State lies in the data folder and survives a restart; the processes do not outlive this one.
"""

import asyncio
import fcntl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cli.addresses import Addresses, announced
from cli.local.environment import forget_foreign_temporal, service_environment
from cli.local.probes import answers, refuse_taken_ports, temporal_answers, worker_polls
from cli.local.processes import Program
from cli.local.stopping import until_stopped
from cli.local.supervisor import Supervisor
from cli.local.temporal_state import damaged_remedy, refuse_other_owner
from domain.errors import CastlineError, Conflict
from runtime.devserver import command, find_temporal
from runtime.parts import build_store, ensure_keyset, load_keyring
from runtime.settings import Settings
from runtime.settings_rules import is_loopback
from runtime.temporal import connect
from store.files import require_folder, require_space
from store.queries.installation import find_installation

_OTHER_FOLDER = "Stop it, or name another folder: CASTLINE_DATA_DIR=other castline up"


async def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP, and end it all within ten seconds.

    Raises `CastlineError` when it cannot begin and `NotReady` when a part does not come up.
    """
    await until_stopped(_run(settings, say))
    say("castline has ended")


async def _run(settings: Settings, say: Callable[[str], None]) -> None:
    async with running(settings, say) as addresses:
        say(f"castline is ready: {addresses['API']}")
        for name, address in addresses.items():
            say(f"  {name:<16} {address}")
        await asyncio.Event().wait()


@asynccontextmanager
async def running(settings: Settings, say: Callable[[str], None]) -> AsyncIterator[dict[str, str]]:
    """Everything started and ready; ended on leaving. Gives the addresses by what is there.

    `settings` must be what the environment says, for that is what the children read.
    """
    emulator = emulator_address(settings)
    temporal = find_temporal()
    forget_foreign_temporal(say)
    data = settings.data_dir.resolve()
    require_folder(data)
    require_space(data)
    with only_one(data):
        if settings.emulator_url is None and emulator is None:
            # A later start without credentials would send real tokens to the emulator.
            _real_mark(settings).touch(mode=0o600)
        refuse_taken_ports(settings, emulator)
        store = build_store(settings)
        await asyncio.to_thread(store.migrate)
        ensure_keyset(settings, store)
        with store.read() as session:
            row = find_installation(session)
            installation_id = row.installation_id if row else None
        store.close()
        client = await connect(settings, load_keyring(settings), lazy=True)
        env = {**service_environment(), "CASTLINE_DATA_DIR": str(data)}
        if emulator:
            env["CASTLINE_EMULATOR_URL"] = emulator
        if not settings.media_roots:
            # Who started this here, on this machine, may publish what lies here. The data folder
            # may lie here, too, and stays closed (`media.policy`).
            env["CASTLINE_MEDIA_ROOTS"] = str(Path.cwd())
        async with Supervisor(data / "logs", say) as supervisor:
            is_up = temporal_answers(client, settings.temporal_ui_url)
            argv = tuple(command(temporal, settings))
            first = [Program("temporal", argv, is_up, remedy=damaged_remedy(data))]
            if emulator:
                first.append(_emulator(emulator, data))
            await supervisor.start(*first)
            await refuse_other_owner(client, data, installation_id)
            await supervisor.start(
                Program("worker", castline("worker"), worker_polls(client), env),
                Program("api", castline("api"), answers(f"{settings.local_url}/readyz"), env),
            )
            here = Addresses(
                api=settings.local_url,
                temporal=settings.temporal_address,
                temporal_ui=settings.temporal_ui_url,
                emulator=emulator,
                brings_temporal=True,
            )
            with announced(settings, "up", here):
                yield _addresses(settings, emulator)


def castline(*words: str) -> tuple[str, ...]:
    """The command line of one of our own commands, whatever the PATH is."""
    # -P: a folder of the same name where the command was typed must not be taken for ours.
    return (sys.executable, "-P", "-m", "cli", *words)


def emulator_address(settings: Settings) -> str | None:
    """Where `castline up` has to start the emulator; None where it starts none.

    Raises `CastlineError` (code `no_platform`) where there is nothing to publish to and nobody
    asked for the emulator.
    """
    if settings.emulator_url is not None:
        is_here = is_loopback(settings.emulator_url)
        return settings.emulator_url.rstrip("/") if is_here else None
    if settings.has_app_credentials:
        return None
    here = f"http://127.0.0.1:{settings.emulator_port}"
    was_real = _real_mark(settings).exists()
    if settings.names_no_platform and is_loopback(settings.url) and not was_real:
        return here
    before = ", but this data folder was used with real ones" if was_real else ""
    raise CastlineError(
        "no_platform",
        f"No platform is set up{before}. Set CASTLINE_GOOGLE_CLIENT_ID and "
        "CASTLINE_GOOGLE_CLIENT_SECRET, or CASTLINE_META_APP_ID and CASTLINE_META_APP_SECRET. "
        f"To use the emulator instead, set CASTLINE_EMULATOR_URL={here}",
    )


def _real_mark(settings: Settings) -> Path:
    """Is there once the data folder may hold tokens of real accounts."""
    return settings.data_dir / "real-platforms"


def _emulator(address: str, data: Path) -> Program:
    port = str(urlsplit(address).port or 80)
    argv = castline("emulator", "--port", port, "--state", str(data / "emulator.json"))
    return Program("emulator", argv, answers(f"{address}/_emulator/state"))


def _addresses(settings: Settings, emulator: str | None) -> dict[str, str]:
    addresses = {
        "API": settings.url,
        "API docs": f"{settings.url}/docs",
        "Temporal Web UI": settings.temporal_ui_url,
    }
    if emulator:
        addresses["emulator"] = emulator
    return addresses


@contextmanager
def only_one(data: Path, *, way_out: str = _OTHER_FOLDER) -> Iterator[None]:
    """Hold the data folder for this process.

    Raises `Conflict` (code `already_up`), ending with `way_out`, when another one holds it.
    """
    with (data / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "already_up",
                f"`castline up` is already running on {data}. {way_out}",
            ) from None
        yield
