"""Long lists are read page by page, each in a transaction of its own."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from sqlmodel import Session

from store.engine import Store

PAGE = 1000

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Listing(Protocol[T_co]):
    """The first so many rows whose id comes after that one, in the order of ids."""

    def __call__(self, session: Session, /, *, after: str, limit: int) -> Sequence[T_co]: ...


def each_row(
    store: Store, listing: Listing[T], id_of: Callable[[T], str], *, size: int = PAGE
) -> Iterator[T]:
    """Every row of a list, in the order of ids."""
    after = ""
    while True:
        with store.read() as session:
            page = listing(session, after=after, limit=size)
        yield from page
        if len(page) < size:
            return
        after = id_of(page[-1])
