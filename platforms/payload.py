"""What a payload's fields may hold: an adapter's table of fields, and the checks it is made of.

Each field has its JSON schema, for documentation, and its rule, which returns a sentence for
each thing that is wrong. Everything wrong is said at once, before anything is sent. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from domain.moments import parse_moment
from domain.texts import TextRule

BOOLEAN = {"type": "boolean"}
MAX_URL = 4096
URI = {"type": "string", "format": "uri", "maxLength": MAX_URL}
_SCHEMES = ("https", "http", "file", "upload")
_ADDRESS = TextRule(MAX_URL)


def texts(*, most: int, longest: int, **schema: Any) -> dict[str, Any]:
    """The schema of a list of texts."""
    items = {"type": "string", "minLength": 1, "maxLength": longest}
    return {"type": "array", "maxItems": most, "items": items, **schema}


@dataclass(frozen=True, slots=True)
class Field:
    schema: Mapping[str, Any]
    wrong: Callable[[Any], list[str]]


def check_fields(
    fields: Mapping[str, Field], payload: Mapping[str, Any], platform: str
) -> dict[str, list[str]]:
    """Everything wrong with the fields that are there: name → sentences."""
    found = {}
    for name, value in payload.items():
        field = fields.get(name)
        if field is None:
            sentences = [f"{platform} payloads have no field of this name."]
        else:
            # A rule may say the same as its schema.
            sentences = [*dict.fromkeys([*too_large(field.schema, value), *field.wrong(value)])]
        if sentences:
            found[name] = sentences
    return found


def too_large(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What of a value is over `maxLength`, `maxItems` or `maxProperties` of its schema."""
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        return [f"It may have {schema['maxLength']} characters at most."]
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            return [f"It may have {schema['maxItems']} items at most."]
        inner = [too_large(schema.get("items", {}), item) for item in value]
        return [f"One item: {sentence}" for sentence in dict.fromkeys(chain.from_iterable(inner))]
    if isinstance(value, Mapping):
        if len(value) > schema.get("maxProperties", len(value)):
            return [f"It may have {schema['maxProperties']} fields at most."]
        known = schema.get("properties", {})
        return [
            f"{name}: {sentence}"
            for name in value.keys() & known.keys()
            for sentence in too_large(known[name], value[name])
        ]
    return []


def schema_of(fields: Mapping[str, Field], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON schema of a payload."""
    return {
        "type": "object",
        **({"required": list(required)} if required else {}),
        "properties": {name: dict(field.schema) for name, field in fields.items()},
        "additionalProperties": False,
    }


def text_field(rule: TextRule, **schema: Any) -> Field:
    """A field that holds one text."""
    return Field(rule.schema(**schema), rule.faults)


def moment(value: Any) -> list[str]:
    """A moment, in the one form that requests may write it in."""
    try:
        parse_moment(value)
    except ValueError as error:
        return [str(error)]
    return []


def flag(value: Any) -> list[str]:
    return [] if isinstance(value, bool) else ["It must be true or false."]


def one_of(*choices: str, **schema: Any) -> Field:
    def wrong(value: Any) -> list[str]:
        right = isinstance(value, str) and value in choices
        return [] if right else [f"It must be {', '.join(choices[:-1])} or {choices[-1]}."]

    return Field({"enum": list(choices), **schema}, wrong)


def address(value: Any) -> list[str]:
    """Where a small file lies, such as a thumbnail."""
    try:
        right = isinstance(value, str) and urlsplit(value).scheme in _SCHEMES
    except ValueError:
        right = False
    if not right:
        return ["It must be an https: or file: address, or upload: and an upload's id."]
    return _ADDRESS.faults(value)
