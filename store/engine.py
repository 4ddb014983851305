"""The way to the database: short transactions, on SQLite or PostgreSQL.

`read()` sees one consistent state and refuses to write; `write()` commits everything or
nothing. On SQLite (WAL) a writer queues before its first statement instead of failing in
the middle, so threads and processes may share one file; a transaction must still be short,
because others wait up to 30 seconds for it and then fail. Never call out to a platform
from inside a block.

What the machine or the network does to the database is raised as `DatabaseUnavailable` or
`InsufficientStorage`, whatever the driver calls it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import RLock

from sqlalchemy import func, make_url, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from domain.errors import CastlineError, DatabaseUnavailable, Unavailable
from domain.wakes import Wake
from store import outbox, schema
from store.database import Database
from store.postgresql import Postgresql
from store.schema import SchemaVersions, Version
from store.sealed import VAULT
from store.sqlite import Sqlite, Synchronous
from store.vault import Vault

PATIENCE = 30.0
"""Seconds that a transaction waits for a lock, or for the server's answer to a statement."""


class Store:
    """One database, shared by the threads of a process. Connects on first use.

    Rows open their sealed text with `vault`; without one they have none. Errors quote
    statements without their values.
    """

    def __init__(
        self,
        url: str,
        vault: Vault | None = None,
        *,
        synchronous: Synchronous = "full",
        patience: float = PATIENCE,
    ) -> None:
        """`synchronous` is about SQLite alone: see `store.sqlite`."""
        self._info = {VAULT: vault}
        self._patience = patience
        address = make_url(url)
        self._database: Database
        self._lock: RLock | None = None
        if address.get_backend_name() == "sqlite":
            self._database = Sqlite(address, synchronous=synchronous, patience=patience)
            # SQLite lets waiting writers poll, at growing intervals; a lock is handed over.
            self._lock = RLock()
        else:
            self._database = Postgresql(address, patience=patience)
        self.after_commit: Callable[[Sequence[Wake]], None] | None = None
        """Called with the workflows that a transaction concerns. It must not block or raise."""
        self._engine = self._database.make_engine()
        self._writer = self._engine.execution_options(writes=True)
        self._reader = self._engine.execution_options(postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state and cannot change it. Rows may be used afterwards.

        Raises `DatabaseUnavailable` and `InsufficientStorage`.
        """
        with (
            self._outages(),
            Session(
                self._reader, expire_on_commit=False, autoflush=False, info=self._info
            ) as session,
        ):
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed at the end, or rolled back by an error.

        An error from the commit itself may leave open whether it happened: what runs in
        the block must stand being run again. Rows may be used afterwards. Raises
        `DatabaseUnavailable`, and `InsufficientStorage` when nothing was changed.
        """
        with (
            self._outages(writes=True),
            self._turn(),
            Session(self._writer, expire_on_commit=False, info=self._info) as session,
            session.begin(),
        ):
            yield session
            wakes = outbox.settle(session)
        if wakes and self.after_commit is not None:
            self.after_commit(wakes)

    def migrate(self) -> None:
        """Bring the schema to this version's. Idempotent, and safe in many processes at once.

        Makes the file of an SQLite database. Raises `CastlineError` (code `schema_newer`) where
        a newer version of Castline has migrated it, `DatabaseUnavailable` and
        `InsufficientStorage`.
        """
        engine = self._database.make_engine(migrates=True).execution_options(writes=True)
        try:
            with self._outages(writes=True), engine.begin() as connection:
                if schema.find_version(connection) is Version.AHEAD:
                    raise _newer()
                schema.upgrade(connection)
        finally:
            engine.dispose()

    def is_current(self) -> bool:
        """True when the schema is the one that this version of Castline expects."""
        return self._find_version() is Version.CURRENT

    def require_current(self, *, writes: bool = False) -> None:
        """Raise `Unavailable` (code `migrations_missing`) where migrations are missing, and
        `CastlineError` (code `schema_newer`) where this version does not know the schema.

        With `writes` also `DatabaseUnavailable` where the database can only be read.
        """
        match self._find_version(writes=writes):
            case Version.AHEAD:
                raise _newer()
            case Version.BEHIND:
                raise Unavailable(
                    "migrations_missing",
                    "The database is not up to date: its schema is older than this version of "
                    "Castline. Run `castline migrate`.",
                )

    def schema_versions(self) -> SchemaVersions:
        """Which schema the database has and which one this version of Castline expects."""
        with self._outages(), self._reader.connect() as connection:
            return schema.read_versions(connection)

    def read_clock(self) -> datetime | None:
        """The time of the database's machine; None where it is this one."""
        if self._engine.dialect.name == "sqlite":
            return None
        with self._outages(), self._reader.connect() as connection:
            moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment

    def close(self) -> None:
        """Give the connections back. The store may be used again afterwards."""
        self._engine.dispose()

    def _find_version(self, *, writes: bool = False) -> Version:
        engine = self._writer if writes else self._reader
        with self._outages(writes=writes), engine.connect() as connection:
            version = schema.find_version(connection)
            if writes and version is Version.CURRENT:
                schema.try_to_write(connection)
            return version

    @contextmanager
    def _outages(self, *, writes: bool = False) -> Iterator[None]:
        try:
            yield
        except PoolTimeout as error:
            raise DatabaseUnavailable(
                "All connections to the database are in use. If it lasts, look for what keeps "
                "the database busy."
            ) from error
        except DBAPIError as error:
            outage = self._database.find_outage(error, writes=writes)
            if outage is None:
                raise
            raise outage from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._lock is None:
            yield
            return
        if not self._lock.acquire(timeout=self._patience):
            raise DatabaseUnavailable(
                f"No transaction could begin within {self._patience:g} seconds: others of this "
                "process hold the database."
            )
        try:
            yield
        finally:
            self._lock.release()


def _newer() -> CastlineError:
    return CastlineError(
        "schema_newer",
        "The database was migrated by a newer version of Castline. Install that version, or "
        "restore a backup from before.",
    )
