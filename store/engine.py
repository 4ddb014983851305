"""The way to the database: short transactions, on SQLite or PostgreSQL.

`read()` sees one consistent state and refuses to write; `write()` commits everything or
nothing. On SQLite (WAL) a writer queues before its first statement instead of failing in
the middle, so threads and processes may share one file; a transaction must still be short,
because others wait up to 30 seconds for it and then fail. Never call out to a platform
from inside a block.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from time import monotonic, sleep
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from domain.wakes import Wake
from store import outbox, schema
from store.sealed import VAULT
from store.vault import Vault

_BUSY_SECONDS = 30
_WAL_SECONDS = 0.01


class Store:
    """One database, shared by the threads of a process. Connects on first use.

    Rows open their sealed text with `vault`; without one they have none. Errors quote
    statements without their values.
    """

    def __init__(self, url: str, vault: Vault | None = None) -> None:
        self._info = {VAULT: vault}
        if make_url(url).get_backend_name() == "sqlite":
            engine = _sqlite_engine(url)
            # SQLite lets waiting writers poll, ever more rarely; a lock hands the turn over.
            self._turn: AbstractContextManager[object] = RLock()
        else:
            self._turn = nullcontext()
            engine = create_engine(
                url, pool_size=10, max_overflow=20, pool_pre_ping=True, hide_parameters=True
            )
        self.after_commit: Callable[[Sequence[Wake]], None] | None = None
        """Called with the workflows that a transaction concerns. It must not block or raise."""
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._reader = engine.execution_options(postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state and cannot change it. Rows may be used afterwards."""
        with Session(
            self._reader, expire_on_commit=False, autoflush=False, info=self._info
        ) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed at the end, or rolled back by an error.

        An error from the commit itself may leave open whether it happened: what runs in
        the block must stand being run again. Rows may be used afterwards.
        """
        with (
            self._turn,
            Session(self._writer, expire_on_commit=False, info=self._info) as session,
            session.begin(),
        ):
            yield session
            wakes = outbox.settle(session)
        if wakes and self.after_commit is not None:
            self.after_commit(wakes)

    def migrate(self) -> None:
        """Bring the schema to this version's. Idempotent, and safe in many processes at once."""
        with self._writer.begin() as connection:
            schema.upgrade(connection)

    def is_current(self) -> bool:
        """True when the schema is the one that this version of Castline expects."""
        with self._reader.connect() as connection:
            return schema.is_current(connection)

    def revision(self) -> str | None:
        """The version of the schema that the database has. None: it has none."""
        with self._reader.connect() as connection:
            return schema.find_revision(connection)

    def close(self) -> None:
        """Give the connections back. The store may be used again afterwards."""
        self._engine.dispose()


def is_disk_full(error: OperationalError) -> bool:
    """True where the database has no room for what was to be written."""
    cause = error.orig
    return isinstance(cause, psycopg.errors.DiskFull) or (
        getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    )


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=-1,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_SECONDS},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transaction control begins too late and commits before DDL.
    connection.isolation_level = None
    _ensure_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _ensure_wal(connection: Any) -> None:
    # Changing the mode of a fresh file does not wait for a lock, whatever the timeout says.
    # Who meets another process at it tries again, and finds the mode changed.
    deadline = monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if monotonic() > deadline:
                raise
            sleep(_WAL_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another
    # one has written in between; no timeout helps. So a writer takes the lock first.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
