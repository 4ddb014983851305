"""The form of a switch: a field of a dataclass that knows its default and its sentence.

    processing_seconds: float = switch(1.0, "How long a video is processed.")

What is written there is all there is to a switch: the controls accept it, refuse other
values, and document it.
"""

import dataclasses
from typing import Any, TypeVar

from emulator.fields import Field

Value = TypeVar("Value", bool, int, float)

_WORDS = {bool: "boolean", int: "integer", float: "number"}


def switch(default: Value, means: str, *, choices: tuple[Value, ...] = ()) -> Value:
    """Declare a switch; its type is that of its default, and numbers are never negative."""
    limited = isinstance(default, bool) or choices
    about = {"type": _WORDS[type(default)], "means": means, "choices": choices}
    declared: Any = dataclasses.field(
        default=default, metadata={**about, "least": None if limited else 0}
    )
    return declared  # type: ignore[no-any-return]


def declared(switches: Any) -> list[Field]:
    """Return the switches of a part of the emulator, as the controls take them."""
    return [Field(entry.name, **entry.metadata) for entry in dataclasses.fields(switches)]


def document(switches: Any) -> dict[str, Any]:
    """Return the switches with their defaults and what they are set to."""
    return {
        entry.name: {
            **Field(entry.name, **entry.metadata).document(),
            "default": entry.default,
            "value": getattr(switches, entry.name),
        }
        for entry in dataclasses.fields(switches)
    }
