"""What every request and answer has in common.

Python's names inside, the surface's names outside: camelCase on `/api/v1`, snake_case on
`/api/youtube`. A request refuses fields it does not know, so that a misspelt one is
noticed, values of another JSON type than the field's (`false` is no number, `"7"` neither),
and text that a database cannot hold, wherever it lies.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import chain, islice
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from api.schemas.problem import MAX_FAULTS
from domain.moments import parse_moment
from domain.texts import TextRule

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

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterable[tuple[str | None, str]]:
        """What is wrong between the fields: a field's name, None for the body, and a sentence.

        `given` are the fields that the body names, as it has them: they may be wrong themselves.
        """
        del given
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _tell_everything(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Parse, and raise what is wrong with the fields together with what is between them."""
        if not isinstance(value, dict):
            return handler(value)
        if sum(1 for _ in islice(_values_of(value), _MAX_VALUES + 1)) > _MAX_VALUES:
            raise ValueError(f"The body has more than {_MAX_VALUES} values.")
        names = {key: name for name, info in cls.model_fields.items() for key in (name, info.alias)}
        given = {names[key]: inner for key, inner in value.items() if key in names}
        found = [*islice(_unstorable(value), MAX_FAULTS)]
        for name, sentence in cls.find_faults(given):
            place = () if name is None else (cls.model_fields[name].alias or name,)
            found.append(_fault(place, sentence))
        try:
            made = handler(value)
        except ValidationError as error:
            parsed = map(_copied, error.errors(include_url=False))
            # A body may have thousands, and a copy costs more than the fault itself.
            found = [*islice(chain(parsed, found), MAX_FAULTS)]
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return made


@dataclass(frozen=True, slots=True)
class Given:
    """What can be judged of a body although the request as a whole is refused."""

    right: Mapping[str, Any] = field(default_factory=dict)
    """The fields that are right by themselves, by name, and the defaults of those not named."""
    named: Set[str] = frozenset()
    """The fields that the body names, right or wrong."""


def parse_right(model: type[Body], body: Any) -> Given:
    """What is right in a body that was refused."""
    if not isinstance(body, dict) or any(True for _ in islice(_values_of(body), _MAX_VALUES, None)):
        return Given()
    right, named = {}, set()
    for name, info in model.model_fields.items():
        key = info.alias or name
        try:
            if key in body:
                named.add(name)
                check_storable(body[key])
                right[name] = _adapter_of(model, name).validate_python(body[key])
            elif not info.is_required():
                right[name] = info.get_default(call_default_factory=True, validated_data={})
        except ValueError:
            continue
    return Given(right, named)


@cache
def _adapter_of(model: type[Body], name: str) -> TypeAdapter[Any]:
    info = model.model_fields[name]
    kind: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    return TypeAdapter(kind, config=ConfigDict(strict=True))


def find_patch_faults(
    model: type[Body], given: Mapping[str, Any], *, not_null: tuple[str, ...]
) -> Iterator[tuple[str | None, str]]:
    """What is wrong with a change: it names no field, or sets one to null that cannot be."""
    if not given:
        yield None, "Name at least one field to change."
    for name in not_null:
        if name in given and given[name] is None:
            yield name, f"{model.model_fields[name].alias} cannot be null."


class SnakeAnswer(BaseModel):
    """An answer of `/api/youtube`."""

    model_config = ConfigDict(frozen=True)


class SnakeBody(Body):
    """A request of `/api/youtube`."""

    model_config = ConfigDict(alias_generator=None)


def _unstorable(body: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    for name, value in body.items():
        try:
            check_storable(name)
        except ValueError as error:
            yield _fault((), str(error))
            continue
        try:
            check_storable(value)
        except ValueError as error:
            yield _fault((name,), str(error))


def _fault(place: tuple[str | int, ...], sentence: str) -> InitErrorDetails:
    return _copied({"type": "rule", "loc": place, "msg": sentence})


def _copied(fault: Any) -> InitErrorDetails:
    # A sentence may hold braces, which would be taken for places to fill in.
    shown = PydanticCustomError(fault["type"], "{sentence}", {"sentence": fault["msg"]})
    return InitErrorDetails(type=shown, loc=tuple(fault["loc"]), input=None)


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


def _one_line(text: str) -> str:
    for fault in _REASON.faults(text):
        raise ValueError(fault)
    return text


def _is_small(payload: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(payload, ensure_ascii=False).encode()) > MAX_PAYLOAD:
        raise ValueError(f"The payload has more than {MAX_PAYLOAD} bytes as JSON.")
    return payload


_REASON = TextRule(500)
Moment = Annotated[datetime, Field(strict=False), BeforeValidator(parse_moment)]
"""RFC 3339 with an explicit offset; UTC inside."""

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
