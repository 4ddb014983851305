"""What every request and answer has in common.

Python's names inside, the surface's names outside: camelCase on `/api/v1`, snake_case on
`/api/youtube`. A request refuses fields it does not know, so that a misspelt one is
noticed, values of another JSON type than the field's (`false` is no number, `"7"` neither),
and text that a database cannot hold, wherever it lies.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from domain.display import is_control

MAX_NUMBER = 2**31 - 1
"""The largest integer id, page and count: what a database's INTEGER holds."""

MAX_PAYLOAD = 64 * 1024
"""Bytes of a payload as JSON in UTF-8. It travels to Temporal, and lists hold hundreds of them."""

_MAX_DEPTH = 20
_MAX_VALUES = 10_000
"""Values in a body: checking one makes more objects than it has bytes."""


def example(**fields: Any) -> ConfigDict:
    """The configuration of a model that shows these fields in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Answer(BaseModel):
    """An answer of `/api/v1`, made from a row or by name."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, from_attributes=True
    )


class Page(Answer):
    """The frame of a list; `total` counts all pages."""

    total: int
    page: int
    limit: int


class Body(BaseModel):
    """A request of `/api/v1`.

    It is strict. What has no JSON type of its own (a time, an enum) is text in JSON: such a field
    says `strict=False`.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", strict=True
    )

    @model_validator(mode="before")
    @classmethod
    def _is_storable(cls, value: Any) -> Any:
        if sum(1 for _ in islice(_values_of(value), _MAX_VALUES + 1)) > _MAX_VALUES:
            raise ValueError(f"The body has more than {_MAX_VALUES} values.")
        check_storable(value)
        return value


class SnakeAnswer(BaseModel):
    """An answer of `/api/youtube`."""

    model_config = ConfigDict(frozen=True)


class SnakeBody(Body):
    """A request of `/api/youtube`."""

    model_config = ConfigDict(alias_generator=None)


def check_storable(value: Any, depth: int = 0) -> None:
    """Raise `ValueError` for what JSON text can say and a database cannot hold."""
    if depth > _MAX_DEPTH:
        raise ValueError("The body is nested too deeply.")
    if isinstance(value, str):
        if "\0" in value or not _is_unicode(value):
            raise ValueError("Text must be valid Unicode without NUL.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("A number must be finite.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_storable(key)
            check_storable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_storable(inner, depth + 1)


def _values_of(value: Any) -> Iterator[None]:
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        yield None
        if isinstance(inner, dict):
            waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _written_out(value: object) -> object:
    """A number would be read as seconds since 1970, and in a number no offset can be seen."""
    if isinstance(value, str) and not value.lstrip("-").replace(".", "", 1).isdecimal():
        return value
    raise ValueError("Write the moment as ISO 8601 with an offset: 2027-01-31T18:00:00+01:00.")


def _in_reach(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2100:
        raise ValueError("The moment lies outside of the years 2000 to 2100.")
    return moment.astimezone(UTC)


def _one_line(text: str) -> str:
    if any(map(is_control, text)):
        raise ValueError("Text must be one line without control characters.")
    return text


def _is_small(payload: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(payload, ensure_ascii=False).encode()) > MAX_PAYLOAD:
        raise ValueError(f"The payload has more than {MAX_PAYLOAD} bytes as JSON.")
    return payload


Moment = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_written_out),
    AfterValidator(_in_reach),
]
"""ISO 8601 with an explicit offset; UTC inside."""

Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(_one_line),
]
"""What a person says, and is told as a line later."""
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Description = Annotated[str, StringConstraints(max_length=5000)]
Payload = Annotated[dict[str, Any], Field(max_length=50), AfterValidator(_is_small)]
"""What a platform shows; the platform's own schema says more."""
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
