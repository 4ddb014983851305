"""A database on PostgreSQL, and what its errors say about it.

Every wait is bounded: for a connection to be made, for one of the pool, and for an answer. A
server that accepts connections and then says nothing is away like one that refuses them.
"""

from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from domain.errors import CastlineError, DatabaseUnavailable
from store.database import disk_full

CONNECT_SECONDS = 5
"""At most, for each host of the URL. `?connect_timeout=` in the URL wins."""
POOL_SECONDS = 10
"""How long a transaction waits for one of the pool's connections."""

_OF_THE_SERVER = ("XX", "58")
"""Classes of errors in PostgreSQL itself and in the system under it."""


class Postgresql:
    def __init__(self, url: URL, *, patience: float) -> None:
        """`patience`: seconds for which the answer to a statement is waited for."""
        self._url = url
        self._patience = patience

    def make_engine(self, *, migrates: bool = False) -> Engine:
        patience = None if migrates else self._patience
        engine = create_engine(
            self._url,
            pool_size=10,
            max_overflow=20,
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,
        )

        def connect(_dialect: Any, _record: Any, args: Any, options: Any) -> "_Connection":
            options.setdefault("connect_timeout", CONNECT_SECONDS)
            connection = _Connection.connect(*args, **options)
            connection.patience = patience
            return connection

        event.listen(engine, "do_connect", connect)
        return engine

    def find_outage(self, error: DBAPIError, *, writes: bool) -> CastlineError | None:
        cause = error.orig
        if isinstance(cause, errors.DiskFull):
            return disk_full()
        if not self._is_outage(error, writes):
            return None
        return DatabaseUnavailable(
            f"The database at {self._where()} cannot be used: {self._said(cause)}. Check "
            "CASTLINE_DATABASE_URL (host, port, user, password, name), and whether PostgreSQL "
            "accepts connections there."
        )

    def _is_outage(self, error: DBAPIError, writes: bool) -> bool:
        cause = error.orig
        if isinstance(cause, errors.ReadOnlySqlTransaction | errors.FeatureNotSupported):
            # A standby: it refuses the write, or already a transaction that may write. A read
            # that writes is a mistake of ours.
            return writes
        if isinstance(cause, psycopg.OperationalError | errors.InsufficientPrivilege):
            return True
        if error.connection_invalidated:
            return True
        if isinstance(cause, psycopg.ProgrammingError) and error.statement is None:
            return True  # an option of the URL, refused before anything was sent
        state = getattr(cause, "sqlstate", None) or ""
        return state.startswith(_OF_THE_SERVER)

    def _where(self) -> str:
        host = self._url.host or self._url.query.get("host") or "the local socket"
        return f"{host}:{self._url.port or 5432}/{self._url.database or ''}"

    def _said(self, cause: BaseException | None) -> str:
        """The driver's words: one line, and never the password."""
        line = str(cause).strip().partition("\n")[0]
        line = line.rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
        password = self._url.password
        return line.replace(str(password), "***") if password else line


class _Connection(psycopg.Connection[Any]):
    """One that does not wait for an answer for ever."""

    patience: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except errors._WaitTimeout:
            # What the server does with the statement is not known: nobody may use it again.
            self.pgconn.finish()
            raise errors.OperationalError(f"no answer within {self.patience:g} seconds") from None
