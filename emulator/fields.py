"""A named value that the controls take: its type, its limits and what it means.

Faults, switches and the bodies of the controls are made of fields, so that what is
accepted and what is documented are the same table.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "text": str,
    "boolean": bool,
    "list": list,
    "object": dict,
    "null": type(None),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One value. `type` is a word of the table above, or several joined by ` or `."""

    name: str
    type: str
    means: str
    required: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[Any, ...] = ()

    def needed(self) -> "Field":
        """Return this field as one that may not be left out."""
        return replace(self, required=True)

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value, as the end of a sentence, or None."""
        if not any(_is(word, value) for word in self.type.split(" or ")):
            return f"takes a value of the type {self.type}"
        if self.choices and value not in self.choices:
            return f"takes one of: {', '.join(map(str, self.choices))}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not math.isfinite(value):
                return "must be a finite number"
            if self.least is not None and not value >= self.least:
                return f"must be {self.least:g} or more"
            if self.most is not None and not value <= self.most:
                return f"must be {self.most:g} or less"
        return None

    def document(self) -> dict[str, Any]:
        """Return the field as `/_emulator/` shows it."""
        shown: dict[str, Any] = {"type": self.type, "means": self.means}
        if self.required:
            shown["required"] = True
        limits = {"least": self.least, "most": self.most, "choices": list(self.choices) or None}
        return shown | {name: value for name, value in limits.items() if value is not None}


def document(fields: Iterable[Field]) -> dict[str, Any]:
    """Return fields by name, as `/_emulator/` shows them."""
    return {field.name: field.document() for field in fields}


def check(fields: Iterable[Field], body: Mapping[str, Any], what: str) -> None:
    """Raise ValueError with a sentence if a body is not what the fields allow.

    `what` begins the sentences, for example `The kind slow`.
    """
    known = {field.name: field for field in fields}
    if unknown := sorted(body.keys() - known.keys()):
        may = ", ".join(sorted(known)) or "nothing"
        raise ValueError(f"{what} has no option {', '.join(unknown)}. It may have: {may}.")
    for field in known.values():
        if field.required and field.name not in body:
            raise ValueError(f"{what} needs {field.name}: {field.means}")
        if field.name in body and (problem := field.problem(body[field.name])):
            raise ValueError(f"{what}: {field.name} {problem}.")


def _is(word: str, value: object) -> bool:
    if isinstance(value, bool):
        return word == "boolean"
    return isinstance(value, _TYPES[word])
