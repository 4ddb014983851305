"""The vault: secrets in the database, each sealed to the place where it lies.

A ciphertext opens only in its own table, column and row, so one that was moved, copied
or restored elsewhere is worth nothing. After a rotation of the key set, `reseal_all`
brings everything under the new primary key while others read and write. It does not hide
how long a secret is, nor that a row was put back to an earlier ciphertext of its own.
"""

from dataclasses import dataclass

from sqlalchemy import Column, func
from sqlmodel import select, update

from domain.secrets import Secret
from store.engine import Store
from store.keyring import Keyring
from store.tables import METADATA

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies: the row is named by its primary key."""

    table: str
    column: str
    row: str

    @property
    def context(self) -> bytes:
        return f"{self.table}/{self.column}/{self.row}".encode()


class Vault:
    """Seals secrets to their places. Thread-safe."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, secret: Secret, place: Place) -> bytes:
        return self._keyring.seal(secret.reveal().encode(), place.context)

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Raises `CastlineError` (code `seal_broken`) when it was not sealed to this place."""
        return Secret(self._keyring.open(sealed, place.context).decode())

    @property
    def current_prefix(self) -> bytes:
        """What everything sealed under the primary key begins with."""
        return self._keyring.primary_prefix


def reseal_all(store: Store, vault: Vault, *, batch: int = _BATCH) -> int:
    """Bring every sealed value under the primary key. Returns how many were changed.

    Safe beside running writers: a value that changed meanwhile is left to its writer and
    looked at again. An interrupted run has done what it did; the next one does the rest.
    """
    return sum(
        _reseal_column(store, vault, column, batch)
        for table in METADATA.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed")
    )


def _reseal_column(store: Store, vault: Vault, column: Column[bytes], batch: int) -> int:
    table = column.table
    (key,) = table.primary_key.columns
    size = len(vault.current_prefix)
    stale = (
        select(key, column)
        .where(column.is_not(None), func.substr(column, 1, size) != vault.current_prefix)
        .limit(batch)
    )
    changed = 0
    while True:
        with store.read() as session:
            found = session.execute(stale).all()
        if not found:
            return changed
        places = [(Place(table.name, column.name, row), sealed) for row, sealed in found]
        fresh = [vault.seal(vault.open(sealed, place), place) for place, sealed in places]
        with store.write() as session:
            for (row, sealed), resealed in zip(found, fresh, strict=True):
                swap = update(table).where(key == row, column == sealed).values({column: resealed})
                changed += session.connection().execute(swap).rowcount
