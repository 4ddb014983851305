"""The database: reachable, writable, of the right schema; its processes and connections."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from cli.doctor.clocks import judge_clock
from cli.doctor.installation import Installation
from domain.errors import CastlineError, DatabaseUnavailable
from domain.health import BROKEN
from domain.states import ConnectionHealth
from runtime.health.database import REMEDY, check_database, unreachable
from runtime.health.finding import Finding, Skipped, failed, in_thread, ok, skipped, warning
from runtime.process_heartbeat import Heartbeat
from store.engine import Store
from store.queries import processes
from store.queries.access import care
from store.tables import Process


async def look_at_database(here: Installation) -> list[Finding]:
    if not here.has_database:
        remedy = (
            "For a new installation: castline migrate, or `castline up`. Was it lost? Restore a "
            "backup: castline restore. Is it elsewhere? CASTLINE_DATABASE_URL."
        )
        missing = failed("database", f"{here.database_path} is not there", remedy)
        return [missing, skipped("schema", "there is no database")]
    try:
        store = await here.open_database()
    except Exception as error:
        # Whatever a driver raises; its message may quote the URL with its password.
        fact = f"cannot be opened ({type(error).__name__})"
        return [
            failed("database", fact, "Correct CASTLINE_DATABASE_URL."),
            skipped("schema", "the database cannot be read"),
        ]
    try:
        await here.schema_versions()
    except DatabaseUnavailable as error:
        return unreachable(error.reason.removesuffix("."), REMEDY)
    heartbeat = Heartbeat()
    if await here.has_current_schema():
        await in_thread(_try_write, store, heartbeat)
    return await check_database(store, heartbeat)


class _Undo(Exception):
    """Rolls a write back."""


def _try_write(store: Store, heartbeat: Heartbeat) -> None:
    """Write a row as a process does, and take it back."""
    try:
        with suppress(_Undo), store.write() as session:
            session.add(Process(id="prc_doctor", role="doctor", host="", pid=0, primary_key_id=""))
            session.flush()
            raise _Undo
    except (SQLAlchemyError, CastlineError) as error:
        heartbeat.failed(error)


async def look_at_clock(here: Installation) -> Finding:
    store = await here.store()
    before = datetime.now(UTC)
    theirs = await in_thread(store.read_clock)
    if theirs is None:
        raise Skipped("SQLite uses the clock of this machine")
    return judge_clock("database clock", theirs, before=before, after=datetime.now(UTC))


async def look_at_processes(here: Installation) -> Finding:
    running = await in_thread(_list_running, await here.store())
    roles = Counter(row.role for row in running)
    named = processes.names_of(running)
    if not roles["worker"]:
        return failed(
            "processes",
            f"no worker runs; running: {named or 'none'}",
            "castline worker, or `castline up`",
            **roles,
        )
    return ok("processes", named, **roles)


def _list_running(store: Store) -> list[Process]:
    with store.read() as session:
        return list(processes.list_running(session))


async def look_at_connections(here: Installation) -> Finding:
    health, in_testing = await in_thread(_count_connections, await here.store())
    total = sum(health.values()) - health.get(ConnectionHealth.DISCONNECTED, 0)
    if not total:
        return ok("connections", "none yet")
    broken = sum(health.get(state, 0) for state in BROKEN)
    fact = f"{total}, of which {broken} need a person"
    if not in_testing:
        return ok("connections", fact, total=total, broken=broken)
    return warning(
        "connections",
        f"{fact}; {in_testing} end seven days after their consent, because the Google consent "
        "screen is in Testing",
        "Publish the app in the Google Cloud console (OAuth consent screen), then connect them "
        "again.",
        total=total,
        broken=broken,
        inTesting=in_testing,
    )


def _count_connections(store: Store) -> tuple[dict[ConnectionHealth, int], int]:
    """By health, and those of an app in Testing."""
    with store.read() as session:
        return care.count_by_health(session), care.count_of_testing(session)
