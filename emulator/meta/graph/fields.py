"""Parser of the parameter `fields`: names, modifiers, aliases, nested fields.

`id,picture.type(large){url},accounts.limit(5){name,access_token}` has three fields. Clients send
a list with commas or a JSON list (npm's `fb` sends JSON). A syntax error is code 2500.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.meta.graph.errors import GraphError, graph_error
from emulator.parsing import parse_json

_DEEPEST = 20
_BRACKET = re.compile(r"[({})]")
_NAME = re.compile(r"\s*([\w-]+)\s*")
_PAIRS = {"(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `nested` is the unparsed text between its braces."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    nested: str | None = None
    alias: str | None = None

    @property
    def key(self) -> str:
        """The key in the response: the alias, or the name."""
        return self.alias or self.name


def parse_fields(text: str) -> list[Field]:
    """Return the fields of a parameter, each key once. Raises code 2500 on a syntax error."""
    source = _listed(text).rstrip()
    _check_depth(source)
    found: dict[str, Field] = {}
    place = _past_gap(source, 0)
    while place < len(source):
        entry, place = _field(source, place)
        found.setdefault(entry.key, entry)
        if place < len(source) and source[place] != ",":
            raise _syntax_error(source, place)
        place = _past_gap(source, place)
    return list(found.values())


def _check_depth(source: str) -> None:
    """Refuse what is nested so deeply that it could exhaust the stack."""
    depth = 0
    for bracket in _BRACKET.finditer(source):
        depth += 1 if bracket[0] in _PAIRS else -1
        if depth > _DEEPEST:
            raise _syntax_error(source, bracket.start())


def _past_gap(source: str, place: int) -> int:
    """Return the position of the next field, or the end."""
    while place < len(source) and (source[place] == "," or source[place].isspace()):
        place += 1
    return place


def _listed(text: str) -> str:
    """Return a JSON list of names as text with commas; return other text unchanged."""
    if not text.lstrip().startswith("["):
        return text
    try:
        names = parse_json(text)
    except ValueError:
        raise _syntax_error(text, 0) from None
    return ",".join(str(name) for name in names)


def _field(source: str, place: int) -> tuple[Field, int]:
    name, place = _name(source, place)
    options: dict[str, str] = {}
    nested: str | None = None
    while place < len(source) and source[place] in ".{":
        if source[place] == "{":
            nested, place = _enclosed(source, place)
            continue
        modifier, place = _name(source, place + 1)
        options[modifier], place = _enclosed(source, place)
    # The older syntax of nested fields: accounts.fields(name).
    nested = options.pop("fields", nested)
    return Field(name, options, nested, options.pop("as", None)), place


def _name(source: str, place: int) -> tuple[str, int]:
    match = _NAME.match(source, place)
    if match is None:
        raise _syntax_error(source, place)
    return match[1], match.end()


def _enclosed(source: str, place: int) -> tuple[str, int]:
    """Return the text between a pair of brackets, and the position after it."""
    if place >= len(source) or source[place] not in _PAIRS:
        raise _syntax_error(source, place)
    open_, closed, depth = source[place], _PAIRS[source[place]], 0
    for end in range(place, len(source)):
        depth += (source[end] == open_) - (source[end] == closed)
        if not depth:
            return source[place + 1 : end].strip(), end + 1
    raise _syntax_error(source, len(source))


def _syntax_error(source: str, place: int) -> GraphError:
    found = f'"{source[place]}"' if place < len(source) else "end of string"
    return graph_error("2500", f'Syntax error "Unexpected {found}." at character {place}: {source}')
