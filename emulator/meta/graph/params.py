"""What a call says, wherever it says it.

The Graph API takes parameters from the query, from a form, from the fields of a multipart
body and from a JSON object, and a token from any of them or from the Authorization header
(facts: Facebook section 5). A body that cannot be read has no parameters; files are not
parameters and are left to whoever takes them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, missing_parameter
from emulator.meta.graph.fields import Field
from emulator.parsing import form_of, parse_json, whole_number

PROOF = "appsecret_proof"

_SCHEMES = frozenset({"bearer", "oauth"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


@dataclass(frozen=True, slots=True)
class Params:
    """The parameters of a call, as text, and its token."""

    values: Mapping[str, str]
    token: str | None = None

    def text(self, name: str) -> str | None:
        """Return a parameter that was given and is not empty."""
        return self.values.get(name) or None

    def need(self, name: str) -> str:
        """Return a parameter, or refuse the call that lacks it."""
        value = self.text(name)
        if value is None:
            raise missing_parameter(name)
        return value

    def number(self, name: str) -> int | None:
        """Return a whole number, or refuse the call where it is none."""
        value = self.text(name)
        if value is None:
            return None
        try:
            sign = -1 if value.startswith("-") else 1
            return sign * whole_number(value.removeprefix("-"))
        except ValueError:
            raise _wrong(name, "an integer") from None

    def flag(self, name: str) -> bool | None:
        """Return a truth value: `true`, `false`, `1` or `0`."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in _FLAGS:
            raise _wrong(name, "a boolean")
        return _FLAGS[value.lower()]

    def json(self, name: str) -> Any:
        """Return a list or an object that was sent as JSON."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return parse_json(value)
        except ValueError:
            raise _wrong(name, "valid JSON") from None

    def name_list(self, name: str) -> list[str]:
        """Return a list of names that was sent with commas or as a JSON list."""
        text = self.text(name) or ""
        listed = self.json(name) if text.startswith("[") else text.split(",")
        return [str(entry).strip() for entry in listed if str(entry).strip()]

    def summary(self, count: int) -> dict[str, Any]:
        """Return the summary of a list if it was requested, else nothing."""
        asked = _SUMMARIES.intersection(self.name_list("summary"))
        return {"summary": {"total_count": count}} if asked else {}

    def for_nested(self, field: Field) -> "Params":
        """Return the parameters of the request that an expanded edge stands for."""
        kept = {name: self.values[name] for name in (PROOF,) if name in self.values}
        nested = {"fields": field.nested} if field.nested else {}
        return Params({**field.options, **nested, **kept}, self.token)


async def read(call: Call) -> Params:
    """Return everything a call says, but its files; the body is read to its end."""
    return await read_request(call.request)


async def read_request(request: web.Request) -> Params:
    """Return what a request says, before it is a call."""
    fields: dict[str, str] = {}
    if request.content_type == "application/json":
        fields = _from_json(await request.read())
    elif request.content_type in _FORMS:
        form = await form_of(request)
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return params_of(request, fields)


def params_of(request: web.Request, fields: Mapping[str, str]) -> Params:
    """Return what a request says, of whose body somebody else has read the fields."""
    values = {**request.query, **fields}
    return Params(values, token_of(request.headers, values))


def token_of(headers: Mapping[str, str], fields: Mapping[str, str]) -> str | None:
    """Return the token of a call: a parameter goes before the header."""
    if fields.get("access_token"):
        return fields["access_token"]
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() in _SCHEMES else None


_SUMMARIES = frozenset({"true", "1", "total_count"})
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def _wrong(name: str, kind: str) -> Exception:
    return graph_error("100", f"(#100) Param {name} must be {kind}.")


def _from_json(body: bytes) -> dict[str, str]:
    try:
        content = parse_json(body or b"{}")
    except ValueError:
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in content.items()
        if value is not None
    }
