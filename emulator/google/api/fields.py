"""Partial answers: `fields=items(id,snippet/title),nextPageToken`.

Names are separated by commas; `/` and parentheses go into an object or the objects of a list,
`*` stands for every name (facts: Google's guide on partial responses). Names are checked against
the answer's schema in the discovery document.
"""

import re
from collections.abc import Mapping
from typing import Any

from emulator.google.api import bad_requests
from emulator.google.api.document import SCHEMAS
from emulator.google.errors import GoogleError

Selection = dict[str, Any]
"""Names to keep, each with the selection below it; an empty one keeps everything."""

_DEEPEST = 50
_TOKENS = re.compile(r"[^,()/\s]+|[,()/]")


def parse(text: str, response: str | None) -> Selection:
    """Read a selection for an answer of a schema, or refuse it."""
    reader = _Reader(text)
    selection = reader.selection()
    if not reader.done:
        raise _invalid(text)
    if response:
        _check(selection, SCHEMAS[response])
    return selection


def select(content: Any, selection: Selection) -> Any:
    """Return what a selection keeps of a content."""
    if not selection:
        return content
    if isinstance(content, list):
        return [select(each, selection) for each in content if _has_names(each)]
    kept = {name: _below(selection, name) for name in content}
    return {
        name: select(content[name], below)
        for name, below in kept.items()
        if below is not None and (not below or _has_names(content[name]))
    }


def _has_names(content: Any) -> bool:
    """Tell whether something can be asked for below a content: not in a text or a number."""
    return isinstance(content, (dict, list))


def _below(selection: Selection, name: str) -> Selection | None:
    named, all_names = selection.get(name), selection.get("*")
    if named is None or all_names is None:
        return all_names if named is None else named
    return _merged(named, all_names)


def _merged(one: Selection, other: Selection) -> Selection:
    if not one or not other:
        return {}
    names = {**one, **other}
    both = one.keys() & other.keys()
    return {n: _merged(one[n], other[n]) if n in both else below for n, below in names.items()}


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKENS.findall(text)
        self._depth = 0

    @property
    def done(self) -> bool:
        return not self._tokens

    def selection(self) -> Selection:
        selection: Selection = {}
        while True:
            name, below = self._path()
            selection[name] = _merged(selection[name], below) if name in selection else below
            if self._next() != ",":
                return selection
            self._tokens.pop(0)

    def _path(self) -> tuple[str, Selection]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _invalid(self._text)
        found = self._named()
        self._depth -= 1
        return found

    def _named(self) -> tuple[str, Selection]:
        name = self._tokens.pop(0) if self._tokens else ""
        if not name or name in ",()/":
            raise _invalid(self._text)
        if self._next() == "/":
            self._tokens.pop(0)
            inner, below = self._path()
            return name, {inner: below}
        if self._next() == "(":
            self._tokens.pop(0)
            below = self.selection()
            if self._next() != ")":
                raise _invalid(self._text)
            self._tokens.pop(0)
            return name, below
        return name, {}

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""


def _check(selection: Selection, schema: Mapping[str, Any]) -> None:
    schema = _resolved(schema)
    for name, below in selection.items():
        if name == "*":
            continue
        inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if inner is None:
            raise _invalid(name)
        _check(below, inner)


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return _resolved(SCHEMAS[schema["$ref"]])
    return _resolved(schema["items"]) if schema.get("type") == "array" else schema


def _invalid(what: str) -> GoogleError:
    return bad_requests.invalid_parameter("fields", f"Invalid field selection {what}")
