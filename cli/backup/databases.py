"""Dumping a database while it is in use, and putting a dump in its place.

SQLite by its online backup, PostgreSQL by its own programs. A present database is never deleted:
SQLite's files get another name, PostgreSQL's tables another schema.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Protocol

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url

from domain.errors import CastlineError, InsufficientStorage, Unavailable
from runtime.settings import Settings
from store.engine import Store
from store.files import create_private, sync_folder

Prepare = Callable[[Store], None]
"""What is done with a restored database before anything else may use it."""

_SUFFIXES = ("", "-wal", "-shm", "-journal")
_SCHEMA = "public"


class Database(Protocol):
    kind: str
    dump_name: str

    @property
    def is_there(self) -> bool:
        """True where there may be a database already."""

    def dump(self, target: Path) -> None:
        """Write the database as it is at one moment into a new file, mode 0600."""

    def restore(self, dump: Path, prepare: Prepare) -> str | None:
        """Put the dump in the database's place. Returns where the one before is kept.

        Raises `CastlineError`, and then the one before is in its place.
        """


def database_of(settings: Settings) -> Database:
    """The database that the settings name."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(Path(url.database or ""))
    return PostgresDatabase(settings.database, url)


class SqliteDatabase:
    kind = "sqlite"
    dump_name = "castline.db"

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_there(self) -> bool:
        return self._path.exists()

    def dump(self, target: Path) -> None:
        """One transaction reads all of it, and writers go on meanwhile (WAL)."""
        create_private(target).close()
        try:
            with (
                closing(sqlite3.connect(self._path)) as source,
                closing(sqlite3.connect(target)) as copy,
            ):
                source.backup(copy)
                _conclude(copy)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise InsufficientStorage(
                    "disk_full",
                    f"The disk of {target.parent} is full, and no backup was taken. Free space, or "
                    "name a folder on another disk.",
                ) from None
            raise _failed("The database could not be copied", str(error)) from None

    def restore(self, dump: Path, prepare: Prepare) -> str | None:
        """The dump is prepared under another name, so that it takes the place whole."""
        draft = self._path.with_name(f".{self._path.name}.{token_hex(8)}")
        try:
            with dump.open("rb") as source, create_private(draft) as file:
                shutil.copyfileobj(source, file)
            url = URL.create("sqlite", database=str(draft)).render_as_string()
            with closing(Store(url)) as store:
                prepare(store)
            with closing(sqlite3.connect(draft)) as copy:
                _conclude(copy)
        except sqlite3.Error as error:
            raise _failed("The backup could not be read", str(error)) from None
        else:
            aside = self._move_aside()
            draft.rename(self._path)
            sync_folder(self._path.parent)
        finally:
            for suffix in _SUFFIXES:
                Path(f"{draft}{suffix}").unlink(missing_ok=True)
        return aside

    def _move_aside(self) -> str | None:
        there = [suffix for suffix in _SUFFIXES if Path(f"{self._path}{suffix}").exists()]
        aside = self._path.with_name(f"{self._path.name}.{_stamp('-')}")
        for suffix in there:
            Path(f"{self._path}{suffix}").rename(f"{aside}{suffix}")
        return str(aside) if there else None


class PostgresDatabase:
    kind = "postgresql"
    dump_name = "castline.dump"

    def __init__(self, database: str, url: URL) -> None:
        self._database = database
        fields = {**url.translate_connect_args(database="dbname", username="user"), **url.query}
        self._password = str(fields.pop("password", ""))
        self._address = make_conninfo(**{name: str(value) for name, value in fields.items()})

    @property
    def is_there(self) -> bool:
        return True

    def dump(self, target: Path) -> None:
        create_private(target).close()
        options = ("--format=custom", f"--schema={_SCHEMA}", "--no-owner", "--no-privileges")
        self._run("pg_dump", *options, f"--file={target}")

    def restore(self, dump: Path, prepare: Prepare) -> str | None:
        """The tables of before get a schema of their own, which nothing reads."""
        aside = _stamp("_")
        self._execute(f"ALTER SCHEMA {_SCHEMA} RENAME TO {aside}", f"CREATE SCHEMA {_SCHEMA}")
        try:
            options = (f"--schema={_SCHEMA}", "--no-owner", "--no-privileges", "--exit-on-error")
            self._run("pg_restore", *options, "--single-transaction", str(dump))
            with closing(Store(self._database)) as store:
                prepare(store)
        except BaseException:
            self._execute(
                f"DROP SCHEMA {_SCHEMA} CASCADE", f"ALTER SCHEMA {aside} RENAME TO {_SCHEMA}"
            )
            raise
        return f"schema {aside} of the same database"

    def _execute(self, *statements: str) -> None:
        try:
            with psycopg.connect(self._address, password=self._password or None) as connection:
                for statement in statements:
                    connection.execute(statement.encode())
        except psycopg.Error as error:
            raise _failed("PostgreSQL refused it", type(error).__name__) from None

    def _run(self, program: str, *options: str) -> None:
        found = shutil.which(program)
        if found is None:
            raise Unavailable(
                "program_missing",
                f"{program} is not on the PATH. Install PostgreSQL's client programs (Debian: "
                "postgresql-client) in the server's version, and run this again.",
            )
        # The password never stands on a command line.
        env = {**os.environ, "PGPASSWORD": self._password} if self._password else None
        ended = subprocess.run(  # noqa: S603
            [found, f"--dbname={self._address}", *options],
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if ended.returncode:
            lines = ended.stderr.strip().splitlines() or ["it gave no reason"]
            raise _failed(f"{program} failed", lines[-1])


def _conclude(connection: sqlite3.Connection) -> None:
    """Leave one file, and see that it is whole."""
    connection.execute("PRAGMA journal_mode = DELETE")
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(str(said))


def _stamp(joint: str) -> str:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S").lower()
    return joint.join(("before", "restore", moment))


def _failed(what: str, why: str) -> CastlineError:
    return CastlineError("backup_failed", f"{what}: {why}.")
