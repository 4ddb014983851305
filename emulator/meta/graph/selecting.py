"""Answers with the fields that a call asks for, as deep as it asks.

A node is what it knows: a value by the name of a field, or a function for what is listed
below it. That function is given the parameters of the nested call, so that
`accounts.limit(2){name}` and `/me/accounts?limit=2&fields=name` are one thing. What is
documented and not known is left out; any other name fails the whole call (facts: Facebook
section 3).
"""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.meta.graph.errors import no_such_field
from emulator.meta.graph.fields import Field, parse_fields
from emulator.meta.graph.names import EDGES, FIELDS, STRUCTS
from emulator.meta.graph.params import Params

Below = Callable[[Params], dict[str, Any]]


def selected(params: Params, kind: str, default: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a node that `params` ask for, and always its id."""
    answer: dict[str, Any] = {}
    for field in parse_fields(params.text("fields") or default):
        if field.name not in FIELDS[kind] and field.name not in EDGES.get(kind, ()):
            raise no_such_field(field.name, kind)
        value = _value(params, kind, field, known.get(field.name))
        if value is not None:
            answer[field.key] = value
    if known.get("id") is not None:
        answer.setdefault("id", known["id"])
    return answer


def _value(params: Params, kind: str, field: Field, value: Any) -> Any:
    below: Below | None = value if callable(value) else None
    if below is None and value is None and field.name in EDGES.get(kind, ()):
        below = _nothing
    if below is None:
        return _narrowed(value, field.nested, STRUCTS.get(field.name))
    found = below(params.within(field))
    # Meta shows an empty list only for the sake of its summary.
    return found if found.get("data") or "summary" in found else None


def _nothing(params: Params) -> dict[str, Any]:
    """List what a documented edge has in this world."""
    return {"data": [], **params.summary(0)}


def _narrowed(value: Any, nested: str | None, kind: str | None) -> Any:
    """Return the part of a value that is asked for; an unlisted type has the names it has."""
    if nested is None or value is None:
        return value
    if isinstance(value, list):
        return [_narrowed(item, nested, kind) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"data"}:
        return {"data": _narrowed(value["data"], nested, kind)}
    answer: dict[str, Any] = {}
    for field in parse_fields(nested):
        if kind and field.name not in FIELDS[kind]:
            raise no_such_field(field.name, kind)
        part = _narrowed(value.get(field.name), field.nested, None)
        if part is not None:
            answer[field.key] = part
    return answer
