"""The query of a call, read as the discovery document says.

Repeated parameters may come several times, with commas, or both (Google's Go client repeats
them, Node can). A parameter that the document does not know, a value outside its type, range or
enumeration, and a missing one that is required are refused; nothing is ignored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from multidict import MultiMapping

from emulator.google.api import bad_requests, fields
from emulator.google.api.document import STANDARD, Method, Parameter
from emulator.google.errors import json_text
from emulator.parsing import whole_number

Query = dict[str, list[str]]
"""A query as plain values, so that it can be kept with an upload session."""

_SECRETS = ("access_token", "oauth_token", "key")

# Clients in Python send True, and Google takes it: python-youtube documents `mine=True`.
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}

_UNSERVED = {
    "videos.list": {"myRating", "maxHeight", "maxWidth"},
    "channels.list": {"mySubscribers", "categoryId"},
    "search.list": {"location", "locationRadius", "topicId", "eventType", "videoType"}
    | {"videoPaidProductPlacement", "channelType"},
}
"""Parameters that ask for what the emulator knows nothing of: they are refused by name."""


def plain_query(query: MultiMapping[str]) -> Query:
    """Return a query with all values of each name, but without what nobody may keep."""
    return {name: query.getall(name) for name in query if name not in _SECRETS}


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call of a method, and how its answer is to be written."""

    method: Method
    given: Mapping[str, list[str]]
    selection: fields.Selection
    indented: bool = True

    @classmethod
    def read(cls, method: Method, query: Mapping[str, list[str]]) -> "Arguments":
        """Return the arguments, or raise the GoogleError that YouTube would answer."""
        given: dict[str, list[str]] = {}
        for name, values in query.items():
            if name in STANDARD:
                continue
            parameter = method.parameters.get(name)
            if parameter is None:
                raise bad_requests.unknown_parameter(name)
            if values := _values(parameter, values):
                given[name] = values
        for parameter in method.parameters.values():
            needed = parameter.required and f"{{{parameter.name}}}" not in method.path
            if needed and parameter.name not in given:
                raise bad_requests.required(parameter.name)
            if parameter.name in given and parameter.name in _UNSERVED.get(method.name, ()):
                raise bad_requests.not_served(f"The parameter {parameter.name}")
        _check_format(query)
        asked = "".join(query.get("fields", [])[:1])
        arguments = cls(
            method,
            given,
            selection=fields.parse(asked, method.response) if asked else {},
            indented=query.get("prettyPrint", [""])[0].lower() not in ("false", "0"),
        )
        for part in arguments.parts:
            if part not in method.parts:
                raise bad_requests.unknown_part(part)
        if any(name.startswith("onBehalfOf") for name in given):
            raise bad_requests.delegation_forbidden()
        return arguments

    def write(self, content: Mapping[str, Any]) -> str:
        """Write an answer with the fields asked for."""
        return json_text(fields.select(content, self.selection), indented=self.indented)

    @property
    def parts(self) -> list[str]:
        """The parts asked for, each once."""
        return self.all("part")

    def all(self, name: str) -> list[str]:
        """Return the values of a repeated parameter, each once."""
        return list(dict.fromkeys(self.given.get(name, ())))

    def text(self, name: str) -> str | None:
        """Return the value of a parameter, or its default."""
        values = self.given.get(name)
        return values[0] if values else self.method.parameters[name].default

    def flag(self, name: str) -> bool:
        """Return the value of a boolean parameter."""
        return _BOOLEANS.get((self.text(name) or "").lower(), False)

    def number(self, name: str) -> int:
        """Return the value of a parameter that is a number and has a default."""
        return int(self.text(name) or 0)

    def filter(self, names: Iterable[str]) -> str:
        """Return the one filter given, or refuse none and several.

        A filter that is false selects nothing, yet several exclude each other whatever
        their values (captured: eat-pray-ai/yutu#215).
        """
        given = [name for name in names if name in self.given]
        if len(given) > 1:
            raise bad_requests.incompatible(given)
        if not given:
            raise bad_requests.no_filter(names)
        if self.method.parameters[given[0]].kind == "boolean" and not self.flag(given[0]):
            raise bad_requests.no_filter(names)
        return given[0]


def _values(parameter: Parameter, values: list[str]) -> list[str]:
    if parameter.repeated:
        values = [each.strip() for value in values for each in value.split(",")]
    elif len(values) > 1:
        raise bad_requests.not_repeating(parameter.name)
    values = [value for value in values if value]
    for value in values:
        _check(parameter, value)
    return values


def _check(parameter: Parameter, value: str) -> None:
    name = parameter.name
    if parameter.kind == "boolean" and value.lower() not in _BOOLEANS:
        raise bad_requests.invalid_parameter(
            name, f"Invalid boolean value: '{value}'. Allowed values: [true, false]"
        )
    if parameter.kind == "integer":
        low, high = parameter.minimum, parameter.maximum
        try:
            fits = low <= whole_number(value) <= high
        except ValueError:
            fits = False
        if not fits:
            raise bad_requests.invalid_parameter(
                name, f"Invalid value '{value}'. Values must be within the range: [{low}, {high}]"
            )
    if parameter.values and value not in parameter.values:
        allowed = ", ".join(parameter.values)
        raise bad_requests.invalid_parameter(
            name, f"Invalid string value: '{value}'. Allowed values: [{allowed}]"
        )


def _check_format(query: Mapping[str, list[str]]) -> None:
    """Refuse the forms of answers, other than JSON, that Google has."""
    for name, served in (("alt", "json"), ("callback", ""), ("$.xgafv", "1")):
        for value in query.get(name, ()):
            if value not in (served, ""):
                raise bad_requests.not_served(f"{name}={value}")
