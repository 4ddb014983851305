"""Whether the database can be reached, has the expected schema, and takes writes."""

from sqlalchemy.exc import SQLAlchemyError

from domain.errors import CastlineError, InsufficientStorage
from runtime.health.finding import Finding, failed, in_thread, ok, skipped
from runtime.process_heartbeat import NO_ROOM, Heartbeat, name_of
from store.engine import Store
from store.schema import SchemaVersions, Version

ROOM = "Free space on its disk. If there is room, check whether it is read-only."
REMEDY = "Start the database, or correct CASTLINE_DATABASE_URL."


async def check_database(store: Store, heartbeat: Heartbeat) -> list[Finding]:
    """Findings on `database` and `schema`. The heartbeat says whether the database takes writes."""
    try:
        versions = await in_thread(store.schema_versions)
    except InsufficientStorage:
        return unreachable(NO_ROOM, ROOM)
    except (SQLAlchemyError, CastlineError) as error:
        return unreachable(f"cannot be read ({name_of(error)})")
    trouble = heartbeat.trouble()
    database = (
        ok("database", "can be read and written")
        if trouble is None
        else failed("database", trouble, ROOM)
    )
    return [database, check_schema(versions)]


def unreachable(fact: str, remedy: str = REMEDY) -> list[Finding]:
    return [
        failed("database", fact, remedy),
        skipped("schema", "the database cannot be read"),
    ]


def check_schema(versions: SchemaVersions) -> Finding:
    """Whether the schema is the one that this version of Castline works with."""
    figures = {"found": versions.found, "expected": versions.expected}
    if versions.found == versions.expected:
        return ok("schema", f"version {versions.found}", **figures)
    if versions.found is None:
        fact = f"the database is empty; version {versions.expected} is expected"
    else:
        fact = f"version {versions.found}; version {versions.expected} is expected"
    if versions.version is Version.AHEAD:
        remedy = "The database belongs to a newer Castline. Run that version, or restore a backup."
    else:
        remedy = "castline migrate"
    return failed("schema", fact, remedy, **figures)
