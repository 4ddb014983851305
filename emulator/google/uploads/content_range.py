"""The header that says which bytes a request carries, or asks how many are there."""

import re
from dataclasses import dataclass

_BYTES = re.compile(r"bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_QUERY = re.compile(r"bytes\s+\*/([0-9]{1,18}|\*)")


class Unparsable(ValueError):
    """The header makes no sense."""


@dataclass(frozen=True, slots=True)
class ContentRange:
    """Bytes `first` to `last` of `total`, which may be unknown; or only a question.

    `last` is None where the length of the body is not told in advance.
    """

    first: int = 0
    last: int | None = None
    total: int | None = None
    query: bool = False
    whole: bool = False

    @property
    def final(self) -> bool:
        """Tell whether the file ends with these bytes."""
        if self.query:
            return False
        return self.whole or (self.total is not None and self.last == self.total - 1)


def parse(header: str | None, content_length: int | None) -> ContentRange:
    """Read the header; without one the body is the whole file."""
    if header is None:
        last = content_length - 1 if content_length is not None else None
        return ContentRange(last=last, total=content_length, whole=True)
    if question := _QUERY.fullmatch(header.strip()):
        return ContentRange(total=_number(question[1]), query=True)
    match = _BYTES.fullmatch(header.strip())
    if match is None:
        raise Unparsable(header)
    first, last, total = int(match[1]), int(match[2]), _number(match[3])
    if last < first or (total is not None and last >= total):
        raise Unparsable(header)
    if content_length is not None and content_length != last - first + 1:
        raise Unparsable(header)
    return ContentRange(first, last, total)


def _number(text: str) -> int | None:
    return None if text == "*" else int(text)
