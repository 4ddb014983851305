"""Dataclasses to plain JSON values and back, guided by their type hints.

Enough for the state file: dataclasses, enums, lists, sets and dictionaries of them. A
field that is missing in an older file takes its default, one that is unknown is left
out, so that a state file survives a newer emulator. A field marked `TRANSIENT` is not kept.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

TRANSIENT: Mapping[str, bool] = {"kept": False}
"""The metadata of a dataclass field that does not outlive the process."""


def to_plain(value: Any) -> Any:
    """Turn a value into what `json.dumps` accepts."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if is_dataclass(kind):
        return {name: to_plain(getattr(value, name)) for name in _kept(kind)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(to_plain(item) for item in value)
    return value


def from_plain(kind: Any, value: Any) -> Any:
    """Rebuild a value of type `kind` from what `to_plain` made of it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        present = [argument for argument in arguments if argument is not type(None)]
        return None if value is None else from_plain(present[0], value)
    if origin is dict:
        return {key: from_plain(arguments[1], item) for key, item in value.items()}
    if origin in (list, set, frozenset):
        return origin(from_plain(arguments[0], item) for item in value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        known = _kept(kind) & value.keys()
        return kind(**{name: from_plain(hints[name], value[name]) for name in known})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


_PLAIN = frozenset({str, int, float, bool, type(None)})


@cache
def _kept(kind: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind) if field.metadata.get("kept", True))
