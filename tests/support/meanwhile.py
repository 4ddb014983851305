"""A store between whose transactions something else happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlmodel import Session

from store.engine import Store


class MeanwhileStore(Store):
    """`meanwhile` happens once, right before the next write: behind what was read for it."""

    meanwhile: Callable[[], object] | None = None

    @contextmanager
    def write(self) -> Iterator[Session]:
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        with super().write() as session:
            yield session
