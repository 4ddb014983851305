"""Everything wrong with a request, in one answer.

One collector takes what parsing, rules and looks at rows and files find wrong, each for its field,
and raises it together once all have been asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from api.schemas.problem import MAX_FAULTS
from domain.errors import (
    CastlineError,
    Conflict,
    InvalidRequest,
    NotFound,
    PlatformNotConfigured,
    SourceError,
    SourceUnreachable,
)

_OF = (SourceError, InvalidRequest, NotFound, Conflict, PlatformNotConfigured)
_AFTER = (NotFound, Conflict, PlatformNotConfigured, SourceUnreachable)
"""What is raised where nothing about the request itself is wrong, in this order."""


class Faults:
    """Collects, and raises once. Not thread-safe: each request has one of its own.

    It says the first `MAX_FAULTS`: an address or a payload may hold thousands.
    """

    def __init__(self) -> None:
        self._errors: list[CastlineError] = []
        self._details: dict[str, list[str]] = {}
        self._said = 0

    def __bool__(self) -> bool:
        return bool(self._errors)

    @property
    def details(self) -> dict[str, list[str]]:
        """Field → sentences, as the answer has them."""
        return dict(self._details)

    def add(self, details: Mapping[str, Sequence[str]], code: str, sentence: str) -> None:
        """Add faults of fields that are known already. The first code is the answer's."""
        if details:
            self._errors.append(InvalidRequest(code, sentence))
        for field, sentences in details.items():
            for said in sentences:
                self._say(field, said)

    @contextmanager
    def of(self, *fields: tuple[str, str]) -> Iterator[None]:
        """Around a look: what it raises of a file, a row or an address is a fault of these fields.

        Each is a field's name and what its sentence begins with.
        """
        try:
            yield
        except _OF as error:
            self._errors.append(error)
            for field, lead in fields:
                for sentence in error.details.get(field) or [error.sentence]:
                    self._say(field, lead + sentence)

    def raise_any(self) -> None:
        """Raise what was found, with all of it in `details`.

        `InvalidRequest` with the code of the first fault of the request itself. Without one the
        first `NotFound`, `Conflict`, `PlatformNotConfigured` or `SourceUnreachable`, in this order.
        """
        for error in self._errors:
            if not isinstance(error, _AFTER):
                raise InvalidRequest(error.code, error.sentence, details=self._details)
        for kind in _AFTER:
            for error in self._errors:
                if isinstance(error, kind):
                    raise self._with_all(error)

    def _say(self, field: str, sentence: str) -> None:
        if self._said >= MAX_FAULTS or sentence in self._details.get(field, ()):
            return
        self._details.setdefault(field, []).append(sentence)
        self._said += 1

    def _with_all(self, error: CastlineError) -> CastlineError:
        error.details.update(self._details)
        return error
