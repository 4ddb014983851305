"""After a rotation of the key set: every sealed value under the primary key.

Columns named `sealed…` are found by their name, so a new one needs nothing here.
"""

from collections.abc import Iterator

from sqlalchemy import Column, func, select, update

from store.engine import Store
from store.keyring import prefix_of
from store.tables import METADATA
from store.vault import Place, Vault

_BATCH = 200


def reseal_all(store: Store, vault: Vault, *, batch: int = _BATCH) -> int:
    """Bring every sealed value under the primary key. Returns how many were changed.

    Safe beside running writers: a value that changed meanwhile is left to its writer and
    looked at again. An interrupted run has done what it did; the next one does the rest.
    """
    return sum(_reseal_column(store, vault, column, batch) for column in _sealed_columns())


def count_sealed_with(store: Store, key_id: str) -> int:
    """How many stored values need this key."""
    prefix = prefix_of(key_id)
    with store.read() as session:
        counts: list[int] = [
            session.execute(
                select(func.count())
                .select_from(column.table)
                .where(func.substr(column, 1, len(prefix)) == prefix)
            ).scalar_one()
            for column in _sealed_columns()
        ]
    return sum(counts)


def _sealed_columns() -> Iterator[Column[bytes]]:
    return (
        column
        for table in METADATA.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed")
    )


def _reseal_column(store: Store, vault: Vault, column: Column[bytes], batch: int) -> int:
    table = column.table
    keys = list(table.primary_key.columns)
    size = len(vault.current_prefix)
    stale = (
        select(*keys, column)
        .where(column.is_not(None), func.substr(column, 1, size) != vault.current_prefix)
        .limit(batch)
    )
    changed = 0
    while True:
        with store.read() as session:
            found = session.execute(stale).all()
        if not found:
            return changed
        places = [Place(table.name, column.name, "/".join(map(str, row))) for *row, _ in found]
        resealed = [
            vault.seal(vault.open(sealed, place), place)
            for place, (*_, sealed) in zip(places, found, strict=True)
        ]
        with store.write() as session:
            for (*row, sealed), fresh in zip(found, resealed, strict=True):
                is_row = [key == value for key, value in zip(keys, row, strict=True)]
                swap = update(table).where(*is_row, column == sealed).values({column: fresh})
                changed += session.connection().execute(swap).rowcount
