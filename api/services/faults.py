"""Everything wrong with a request, in one answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import CastlineError, InvalidRequest, SourceError, SourceUnreachable


class Faults:
    """Collects what looks at files find wrong, and raises it together."""

    def __init__(self) -> None:
        self._errors: list[CastlineError] = []
        self._details: dict[str, list[str]] = {}

    @contextmanager
    def of(self, *fields: tuple[str, str]) -> Iterator[None]:
        """Around a look: its `SourceError` or `InvalidRequest` becomes a fault of these fields.

        Each is a field's name and what its sentence begins with.
        """
        try:
            yield
        except (SourceError, InvalidRequest) as error:
            self._errors.append(error)
            for field, lead in fields:
                for sentence in error.details.get(field) or [error.sentence]:
                    said = self._details.setdefault(field, [])
                    if lead + sentence not in said:
                        said.append(lead + sentence)

    def raise_any(self) -> None:
        """Raise what was found, with all of it in `details`.

        `InvalidRequest` with the code of the first fault that waiting does not help, else
        `SourceUnreachable`.
        """
        for error in self._errors:
            if not isinstance(error, SourceUnreachable):
                raise InvalidRequest(error.code, error.sentence, details=self._details)
        for error in self._errors:
            raise SourceUnreachable(error.code, error.sentence, details=self._details)
