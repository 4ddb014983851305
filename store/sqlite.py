"""A database in one SQLite file (WAL), and what its errors say about the machine.

Only a migration makes the file. A file that is gone or was replaced is noticed before each
transaction: a connection that had it open would write to a file that nobody finds again.
"""

import os
import sqlite3
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from domain.errors import CastlineError, DatabaseUnavailable
from store.database import disk_full
from store.files import explain, is_out_of_space, try_folder

Synchronous = Literal["full", "normal"]
"""`full`: a commit is on the disk before it is answered. `normal`: a power cut may take back the
latest commits, in their order; the crash of a process takes back none."""

_WAL_SECONDS = 0.01


class Sqlite:
    def __init__(self, url: URL, *, synchronous: Synchronous, patience: float) -> None:
        """`patience`: seconds for which a lock of another process is waited for."""
        self.path = Path(url.database or "").absolute()
        self._url = url
        self._synchronous = synchronous
        self._patience = patience

    def make_engine(self, *, migrates: bool = False) -> Engine:
        address = f"file:{quote(os.fsencode(self.path))}?mode={'rwc' if migrates else 'rw'}"

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                address, uri=True, timeout=self._patience, check_same_thread=False
            )

        engine = create_engine(
            self._url, creator=connect, pool_size=10, max_overflow=-1, hide_parameters=True
        )
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "checkout", self._require_same_file)
        event.listen(engine, "begin", _begin)
        return engine

    def find_outage(self, error: DBAPIError, *, writes: bool) -> CastlineError | None:
        code = getattr(error.orig, "sqlite_errorcode", None)
        if code is None:
            return None
        code &= 0xFF  # the primary code; the rest says in which call
        if code == sqlite3.SQLITE_READONLY and not writes and error.statement is not None:
            return None  # `query_only` says so of a read that writes
        # No file of SQLite's can be made or grow on a full disk, and not all of them say FULL.
        if code == sqlite3.SQLITE_FULL or (
            code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and is_out_of_space(self.path)
        ):
            return disk_full()
        reason = self._reason(code)
        return None if reason is None else DatabaseUnavailable(reason)

    def _reason(self, code: int) -> str | None:
        path = self.path
        match code:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
                return (
                    f"Another process has locked {path} for {self._patience:g} seconds. Find it "
                    "(`lsof`), and end it."
                )
            case sqlite3.SQLITE_NOTADB:
                return (
                    f"{path} is not an SQLite database. Name another one in CASTLINE_DATABASE_URL, "
                    "or restore it from a backup."
                )
            case sqlite3.SQLITE_CORRUPT:
                return f"{path} is damaged. Restore it from a backup."
            case sqlite3.SQLITE_NOMEM:
                return f"There is not enough memory to read {path}."
            case sqlite3.SQLITE_IOERR:
                return f"The disk reports an error for {path}. Check the disk and its mount."
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return self._reason_of_access()
        return None

    def _reason_of_access(self) -> str:
        """Why the file cannot be opened for writing, as the system says it."""
        path = self.path
        try:
            if not path.parent.is_dir():
                return (
                    f"The folder {path.parent} of the database is not there. Check "
                    "CASTLINE_DATA_DIR and CASTLINE_DATABASE_URL. For a new installation `castline "
                    "migrate` makes the data folder; make any other folder yourself."
                )
            if path.exists():
                os.close(os.open(path, os.O_RDWR))
            # SQLite writes its log beside the file.
            try_folder(path.parent)
            if not path.exists():
                return (
                    f"The database {path} is not there. For a new installation run `castline "
                    "migrate`; otherwise restore it from a backup."
                )
        except OSError as error:
            return explain(error)
        return f"{path} cannot be opened as a database. Check the file and its folder."

    def _prepare(self, connection: Any, record: Any) -> None:
        # The driver's own transaction control begins too late and commits before DDL.
        connection.isolation_level = None
        self._ensure_wal(connection)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        if self._synchronous == "full":
            # Where `fsync` leaves the bytes in the drive's cache, as on macOS.
            connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        record.info["file"] = self._identity()

    def _ensure_wal(self, connection: Any) -> None:
        # Changing the mode of a fresh file does not wait for a lock, whatever the timeout says.
        # A process that meets another one at it tries again, and finds the mode changed.
        deadline = monotonic() + self._patience
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                is_locked = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_locked or monotonic() > deadline:
                    raise
                sleep(_WAL_SECONDS)
            else:
                return

    def _require_same_file(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get("file") != self._identity():
            raise DisconnectionError("the file is another one")

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another
    # one has written in between; no timeout helps. So a writer takes the lock first.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
