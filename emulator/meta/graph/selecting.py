"""Field selection with field expansion.

A node is a mapping from field name to value. The value of an edge is a function: it gets the
parameters of the nested request, so `accounts.limit(2){name}` runs the same code as
`/me/accounts?limit=2&fields=name`. A documented field without a value is omitted. Any other name
fails the whole call (facts: Facebook section 3).
"""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.meta.graph.errors import no_such_field
from emulator.meta.graph.fields import Field, parse_fields
from emulator.meta.graph.names import EDGES, FIELDS, STRUCTS
from emulator.meta.graph.params import Params

EdgeReader = Callable[[Params], dict[str, Any]]


def select_fields(
    params: Params, kind: str, default: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the requested fields of a node, and its id. Raises code 100 for an unknown field."""
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
    below: EdgeReader | None = value if callable(value) else None
    if below is None and value is None and field.name in EDGES.get(kind, ()):
        below = _nothing
    if below is None:
        return _narrowed(value, field.nested, STRUCTS.get(field.name))
    found = below(params.for_nested(field))
    # An empty edge is omitted unless its summary was requested.
    return found if found.get("data") or "summary" in found else None


def _nothing(params: Params) -> dict[str, Any]:
    """Return an empty edge: documented, but without content in the emulator."""
    return {"data": [], **params.summary(0)}


def _narrowed(value: Any, nested: str | None, kind: str | None) -> Any:
    """Return the requested part of a nested object. Without a `kind`, any name is accepted."""
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
