"""The texts that a platform shows: which characters they may have, and how they are counted. Pure.

Each field of a platform has one `TextRule`. What no platform keeps is refused everywhere: control
characters, and surrogates that are half of a character. Line breaks and tabs are text only where
the platform keeps them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


class Unit(StrEnum):
    """What a limit counts; the value is its name in a sentence."""

    UTF16 = "characters"
    """UTF-16 units, as Java and JavaScript count: an emoji is two. Never fewer than code points,
    so a text that fits fits in either unit, where a platform names none."""
    BYTES = "bytes (UTF-8)"

    def measure(self, text: str) -> int:
        encoding = "utf-16-le" if self is Unit.UTF16 else "utf-8"
        length = len(text.encode(encoding, "surrogatepass"))
        return length // 2 if self is Unit.UTF16 else length


@dataclass(frozen=True, slots=True)
class TextRule:
    """What a field takes."""

    most: int
    unit: Unit = Unit.UTF16
    has_lines: bool = False
    excluded: str = ""
    """Characters that the platform refuses there."""
    may_be_blank: bool = True

    def faults(self, value: object) -> list[str]:
        """A sentence for each thing that is wrong; empty where nothing is."""
        if not isinstance(value, str):
            return ["It must be text."]
        found = []
        if not self.may_be_blank and not value.strip():
            found.append("It may not be empty.")
        if any(character in value for character in self.excluded):
            found.append(f"It may not contain {' or '.join(self.excluded)}.")
        if (_CONTROLS_IN_LINES if self.has_lines else _CONTROLS).search(value):
            kept = "" if self.has_lines else ", and no line breaks or tabs"
            found.append(f"It may not contain control characters{kept}.")
        if _SURROGATES.search(value):
            found.append("It has characters that are no text.")
        if self.unit.measure(value) > self.most:
            found.append(f"It may have {self.most} {self.unit} at most.")
        return found

    def schema(self, **more: Any) -> Mapping[str, Any]:
        """Its JSON schema, as far as that can say it."""
        least = {} if self.may_be_blank else {"minLength": 1}
        return {"type": "string", **least, "maxLength": self.most, **more}
