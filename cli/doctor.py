"""`castline doctor`: what is wrong on this machine, and what to do about it.

Each examination looks at one thing and changes nothing. A part that is not meant to run
here (no Temporal, no API yet) is a finding all the same: the sentence says how to start it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import httpx
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from cli.choosing import connect_temporal
from cli.local.up import emulator_address
from cli.service import locate_api
from domain.errors import CastlineError, PlatformError, PlatformMisconfigured, Unavailable
from domain.health import BROKEN
from domain.states import ConnectionHealth, PlatformName
from media.probe.pool import PROBES
from platforms.registry import build_registry
from runtime.parts import build_store, load_keyring
from runtime.probing import NO_ISOLATION, NO_LANDLOCK
from runtime.temporal import find_missing_search_attributes
from settings import Settings
from store.queries.access import care

_TIMEOUT = 5
_SKEW_SECONDS = 60
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    fact: str
    remedy: str | None = None
    """What to do; None when nothing is wrong."""


Examination = Callable[[Settings], Awaitable[Finding]]


async def examine(settings: Settings, say: Callable[[str], None]) -> int:
    """Print a line for each examination. Returns the exit code: 1 when something is wrong."""
    is_well = True
    for look in EXAMINATIONS:
        finding = await look(settings)
        if finding.remedy is None:
            say(f"ok     {finding.subject}: {finding.fact}")
        else:
            is_well = False
            say(f"wrong  {finding.subject}: {finding.fact}\n       {finding.remedy}")
    return 0 if is_well else 1


async def _python(_settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", f"{version} at {sys.executable}")


async def _data_dir(settings: Settings) -> Finding:
    data = settings.data_dir.resolve()
    if not data.is_dir():
        return Finding(
            "data folder",
            f"{data} is not there",
            "`castline up` makes it; CASTLINE_DATA_DIR names another one.",
        )
    mode = data.stat().st_mode & 0o777
    if mode & 0o022:
        return Finding("data folder", f"{data} may be written by others", f"chmod go-w {data}")
    return Finding("data folder", str(data))


async def _privacy(settings: Settings) -> Finding:
    """Whether other users of this machine can read what lies in the data folder."""
    data = settings.data_dir.resolve()
    if not data.is_dir():
        return Finding("file modes", "not examined: there is no data folder", "See above.")
    open_to_others = await asyncio.to_thread(find_readable, data)
    if not open_to_others:
        return Finding("file modes", "nothing in the data folder can be read by others")
    names = [str(path.relative_to(data.parent)) for path in open_to_others[:_NAMED]]
    more = len(open_to_others) - len(names)
    return Finding(
        "file modes",
        f"others can read {', '.join(names)}{f' and {more} more' if more else ''}",
        f"chmod -R go= {data}",
    )


def find_readable(folder: Path) -> list[Path]:
    """The folder and what lies in it, as far as group or others may read it."""
    found = [path for path in (folder, *sorted(folder.rglob("*"))) if not path.is_symlink()]
    return [path for path in found if path.exists() and path.stat().st_mode & 0o077]


async def _keyset(settings: Settings) -> Finding:
    try:
        keyring = load_keyring(settings)
    except CastlineError as error:
        remedy = {
            "keyset_missing": "`castline up` makes one. Is it elsewhere? CASTLINE_KEYSET.",
            "keyset_exposed": f"chmod 600 {settings.keyset_file}",
        }
        return Finding("key set", error.sentence, remedy.get(error.code, "Restore the right one."))
    return Finding("key set", f"opens, key {keyring.primary_key_id} seals")


async def _probe(settings: Settings) -> Finding:
    try:
        isolation = await asyncio.to_thread(PROBES.measure_isolation)
    except Unavailable:
        return Finding(
            "probe isolation",
            "not measured: the process that reads video files does not start",
            "Install Castline's packages again (pymediainfo), and allow processes to be started.",
        )
    if isolation.landlock and isolation.seccomp:
        return Finding("probe isolation", str(isolation))
    if isolation.is_complete:
        return Finding("probe isolation", f"{isolation}. {NO_LANDLOCK}")
    if settings.probe_without_isolation:
        return Finding("probe isolation", f"{isolation}, accepted by the settings")
    return Finding("probe isolation", str(isolation), NO_ISOLATION)


async def _database(settings: Settings) -> Finding:
    if settings.database_url is None and not (settings.data_dir / "castline.db").exists():
        return Finding("database", "is not there", "castline migrate, or `castline up`")
    store = build_store(settings)
    try:
        is_current = await asyncio.to_thread(store.is_current)
    except Exception as error:
        # Whatever a driver raises; its message may quote the URL with its password.
        return Finding(
            "database",
            f"cannot be reached ({type(error).__name__})",
            "Check CASTLINE_DATABASE_URL.",
        )
    finally:
        store.close()
    if not is_current:
        return Finding("database", "lacks migrations", "castline migrate")
    return Finding("database", "reachable, migrations are current")


async def _connections(settings: Settings) -> Finding:
    health, in_testing = await asyncio.to_thread(_count_connections, settings)
    total = sum(health.values()) - health.get(ConnectionHealth.DISCONNECTED, 0)
    if not total:
        return Finding("connections", "none yet")
    broken = sum(health.get(state, 0) for state in BROKEN)
    fact = f"{total}, of which {broken} need a person"
    if not in_testing:
        return Finding("connections", fact)
    return Finding(
        "connections",
        f"{fact}; {in_testing} end seven days after their consent, because the Google consent "
        "screen is in Testing",
        "Publish the app in the Google Cloud console (OAuth consent screen), then connect them "
        "again.",
    )


def _count_connections(settings: Settings) -> tuple[dict[ConnectionHealth, int], int]:
    """By health, and those of an app in Testing; none where the database cannot be read."""
    if settings.database_url is None and not (settings.data_dir / "castline.db").exists():
        return {}, 0
    store = build_store(settings)
    try:
        if not store.is_current():
            return {}, 0
        with store.read() as session:
            return care.count_by_health(session), care.count_of_testing(session)
    except (CastlineError, SQLAlchemyError):
        return {}, 0  # the examination of the database says so
    finally:
        store.close()


async def _temporal(settings: Settings) -> Finding:
    try:
        load_keyring(settings)
    except CastlineError:
        return Finding("Temporal", "not examined: it needs the key set", "See above.")
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await _namespace(await connect_temporal(settings))
    except (Unavailable, TimeoutError):
        return Finding(
            "Temporal",
            "does not answer",
            f"Start it (`castline up` brings one), or name another than "
            f"{settings.temporal_address}: CASTLINE_TEMPORAL_ADDRESS or TEMPORAL_ADDRESS",
        )
    except RPCError as error:
        return Finding(
            "Temporal",
            f"answers {error.status.name}",
            f"Is the namespace {settings.temporal_namespace} there, and are we let in?",
        )


async def _namespace(client: Client) -> Finding:
    if missing := await find_missing_search_attributes(client):
        return Finding(
            "Temporal",
            f"namespace {client.namespace} lacks search attributes: {', '.join(missing)}",
            "A worker registers them when it starts: castline worker",
        )
    return Finding("Temporal", f"namespace {client.namespace} is ready")


async def _platform(name: PlatformName, settings: Settings) -> Finding:
    registry = build_registry(settings)
    subject = f"{name} app"
    if not settings.has_app_credentials:
        try:
            emulator_address(settings)
        except CastlineError as error:
            return Finding(subject, "not set", error.sentence)
        return Finding(subject, "not set: `castline up` starts the emulator instead")
    if name not in registry.names:
        return Finding(subject, "not set, so this platform is not offered")
    try:
        await asyncio.to_thread(registry.get(name).verify_app)
    except PlatformMisconfigured as error:
        return Finding(
            subject,
            f"refused: {error.sentence}",
            f"Compare its id and secret in the settings with the developer console of {name}.",
        )
    except PlatformError as error:
        return Finding(
            subject,
            error.sentence,
            "Check the network, or the emulator where CASTLINE_EMULATOR_URL is set.",
        )
    return Finding(subject, "accepted")


async def _api(settings: Settings) -> Finding:
    url = locate_api(settings).url
    try:
        # No proxy leads to this machine.
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as http:
            answer = await http.get(f"{url}/readyz")
    except httpx.HTTPError:
        return Finding(
            "API",
            f"does not answer at {url}",
            "castline up, or `castline api`. If another program has the port: CASTLINE_PORT.",
        )
    if not answer.is_success:
        return Finding(
            "API",
            f"{url} answers with status {answer.status_code}",
            "Its log says why; /readyz says which part is missing.",
        )
    skew = abs((datetime.now(UTC) - parsedate_to_datetime(answer.headers["date"])).total_seconds())
    if skew > _SKEW_SECONDS:
        return Finding("API", f"its clock is {skew:.0f} s from ours", "Set the clocks by NTP.")
    return Finding("API", f"ready at {url}")


EXAMINATIONS: tuple[Examination, ...] = (
    _python,
    _data_dir,
    _privacy,
    _keyset,
    _probe,
    _database,
    _connections,
    _temporal,
    *(partial(_platform, name) for name in PlatformName),
    _api,
)
