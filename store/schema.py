"""The schema's version: which one the database has, and the way to this one.

Migrations lie in `store/migrations/versions` and run inside the caller's transaction, so
a failed one leaves the database as it was. The first process to come holds a lock until
it has committed; the others then find nothing left to do.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x0CA5_711E


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run every missing migration, as far as the version asked for. Idempotent."""
    if connection.dialect.name == "postgresql":
        # SQLite's transaction holds the only write lock already.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


class Version(Enum):
    """The database's schema beside that of this version of Castline."""

    CURRENT = "current"
    BEHIND = "behind"
    """Migrations are missing, perhaps all of them."""
    AHEAD = "ahead"
    """A migration is there that this version does not know."""


@dataclass(frozen=True, slots=True)
class SchemaVersions:
    """The version of a database, None for an empty one, and the one that this code works with."""

    found: str | None
    expected: str
    version: Version


def read_versions(connection: Connection) -> SchemaVersions:
    """Which schema there is and which one is expected."""
    scripts = ScriptDirectory.from_config(_config())
    (expected,) = scripts.get_heads()
    there = set(MigrationContext.configure(connection).get_current_heads())
    found = ", ".join(sorted(there)) or None
    if found == expected:
        return SchemaVersions(found, expected, Version.CURRENT)
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaVersions(found, expected, Version.BEHIND if there <= known else Version.AHEAD)


def find_version(connection: Connection) -> Version:
    return read_versions(connection).version


def try_to_write(connection: Connection) -> None:
    """Raise the driver's error where the database can only be read. Changes nothing."""
    connection.execute(text("DELETE FROM alembic_version WHERE 1 = 0"))


def knows_revision(revision: str) -> bool:
    """True where this version of Castline has the migration that leads there."""
    known = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {one.revision for one in known}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
