"""What all queries share: a page of a list, the lock on a row, and the race-free insert."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from domain.errors import NotFound
from store.tables import Assignment, Video

T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)
Numbered = TypeVar("Numbered", Video, Assignment)

PAGE_LIMIT = 50
_LAST_NUMBER = 2**31 - 1
"""The column's, beyond which a database driver fails instead of finding nothing."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: Sequence[T]
    total: int
    """Of the whole list, not of this page."""
    page: int
    """Counted from 1."""
    limit: int


def paginate(session: Session, query: SelectOfScalar[T], *, page: int, limit: int) -> Page[T]:
    """One page of an ordered query. A page beyond the end is empty."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    items = session.exec(query.offset((page - 1) * limit).limit(limit)).all()
    return Page(items=items, total=total or 0, page=page, limit=limit)


def lock_row(session: Session, table: type[Row], key: Any, *, code: str) -> Row:
    """The row as it is now, held against other writers until the transaction ends.

    Raises `NotFound` with the code.
    """
    # SQLite needs no row lock: its write transactions follow one another.
    # PostgreSQL's key share leaves others free to insert rows that refer to this one.
    row = session.get(table, key, with_for_update={"key_share": True}, populate_existing=True)
    return found(row, code=code)


def found(row: T | None, *, code: str) -> T:
    """The row, or `NotFound` with the code."""
    if row is None:
        noun = code.removesuffix("_not_found").replace("_", " ")
        raise NotFound(code, f"There is no such {noun}.")
    return row


def find_by_number(
    session: Session, table: type[Numbered], workspace_id: str, number: int
) -> Numbered | None:
    """The workspace's row with this number, which may be any integer that a request brought."""
    if not 0 < number <= _LAST_NUMBER:
        return None
    query = select(table).where(table.workspace_id == workspace_id, table.number == number)
    return session.exec(query).one_or_none()


def insert_new(session: Session, row: SQLModel) -> bool:
    """Insert a row unless its unique key is taken, also by a transaction that runs right now.

    False leaves the transaction usable, and whoever holds the key has committed.
    """
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True
