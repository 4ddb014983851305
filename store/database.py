"""What a kind of database is to the store: an engine, and the meaning of its errors."""

from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from domain.errors import CastlineError, InsufficientStorage


class Database(Protocol):
    """One database, which may be away, read-only, damaged or without space."""

    def make_engine(self, *, migrates: bool = False) -> Engine:
        """An engine that waits for a bounded time. One that `migrates` may make the database and
        waits for as long as a migration takes."""
        ...

    def find_outage(self, error: DBAPIError, *, writes: bool) -> CastlineError | None:
        """`DatabaseUnavailable` or `InsufficientStorage` where the machine or the settings are the
        cause of a driver's error; None where the statement is."""
        ...


def disk_full() -> InsufficientStorage:
    return InsufficientStorage(
        "disk_full",
        "The disk of the database is full, and nothing was changed. The operator has to free "
        "space; then send the request again.",
    )
