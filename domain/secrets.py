"""A string that must not be seen: a token, a code, a verifier, a session URI.

A `Secret` prints as `***`, has no JSON form and cannot be iterated or formatted
into clear text, so one that strays into a log line shows nothing and one that
strays into a workflow argument fails the call instead of entering history.
"""

from typing import Any, NoReturn


class Secret:
    """Holds a value that leaves only by an explicit `reveal()`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the clear text. Call it where it is used, and keep no copy."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serialised")

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self
