"""The schema's version: which one the database has, and the way to this one.

Migrations lie in `store/migrations/versions` and run inside the caller's transaction, so
a failed one leaves the database as it was. The first process to come holds a lock until
it has committed; the others then find nothing left to do.
"""

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


def is_current(connection: Connection) -> bool:
    """True when no migration is missing, and none is there that this version does not know."""
    heads = ScriptDirectory.from_config(_config()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)


def find_revision(connection: Connection) -> str | None:
    """The version of the schema that the database has. None: it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def knows_revision(revision: str) -> bool:
    """True where this version of Castline has the migration that leads there."""
    known = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {one.revision for one in known}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
