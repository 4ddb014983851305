"""What Google publishes of the YouTube Data API: its discovery document.

The official Python client packs the document (revision 20261104 in 2.202.0), and it is read
from there. It is the authority for methods, addresses, parameters, parts, scopes, media types
and the shapes of answers, so that none of them is written down a second time here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

_READONLY = "https://www.googleapis.com/auth/youtube.readonly"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter of a method."""

    name: str
    kind: str
    required: bool
    repeated: bool
    values: tuple[str, ...]
    default: str | None
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Media:
    """What a method takes as a file, and at which addresses."""

    accepted: tuple[str, ...]
    most_bytes: int
    paths: tuple[str, ...]

    def accepts(self, media_type: str) -> bool:
        """Tell whether a media type, without its parameters, is one of those accepted."""
        kind = media_type.partition(";")[0].strip().lower()
        return any(fnmatchcase(kind, pattern) for pattern in self.accepted)


@dataclass(frozen=True, slots=True)
class Method:
    """A method such as `videos.list`. `parts` are the properties of its resource."""

    name: str
    verb: str
    path: str
    parameters: Mapping[str, Parameter]
    scopes: frozenset[str]
    response: str | None
    parts: frozenset[str]
    media: Media | None

    @property
    def public(self) -> bool:
        """Whether an API key is enough: reads that the read-only scope allows too."""
        return self.verb == "GET" and _READONLY in self.scopes

    @property
    def paths(self) -> tuple[str, ...]:
        """All addresses of the method."""
        return (self.path, *(self.media.paths if self.media else ()))


def _load() -> dict[str, Any]:
    packed = files("googleapiclient") / "discovery_cache" / "documents" / "youtube.v3.json"
    document: dict[str, Any] = json.loads(packed.read_text())
    return document


def _methods(resources: Mapping[str, Any]) -> Iterator[Method]:
    for resource in resources.values():
        yield from map(_method, resource.get("methods", {}).values())
        yield from _methods(resource.get("resources", {}))


def _method(plain: Mapping[str, Any]) -> Method:
    response = plain.get("response", {}).get("$ref")
    parameters = {name: _parameter(name, each) for name, each in plain["parameters"].items()}
    return Method(
        name=plain["id"].removeprefix("youtube."),
        verb=plain["httpMethod"],
        path="/" + plain["path"],
        parameters=parameters,
        scopes=frozenset(plain.get("scopes", ())),
        response=response,
        parts=_parts(response) if response and "part" in parameters else frozenset(),
        media=_media(plain["mediaUpload"]) if "mediaUpload" in plain else None,
    )


def _parameter(name: str, plain: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=name,
        kind=plain["type"],
        required=plain.get("required", False),
        repeated=plain.get("repeated", False),
        # The enumeration's zero value is for the wire format, not for clients.
        values=tuple(v for v in plain.get("enum", ()) if not v.endswith("Unspecified")),
        default=plain.get("default"),
        minimum=int(plain.get("minimum", 0)),
        maximum=int(plain.get("maximum", 1 << 31)),
    )


def _media(plain: Mapping[str, Any]) -> Media:
    paths = (protocol["path"] for protocol in plain["protocols"].values())
    return Media(tuple(plain["accept"]), int(plain["maxSize"]), tuple(paths))


def _parts(response: str) -> frozenset[str]:
    properties = SCHEMAS[response]["properties"]
    listed = properties.get("items", {}).get("items", {}).get("$ref")
    names = SCHEMAS[listed]["properties"] if listed else properties
    return frozenset(names) - {"kind", "etag"}


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


DOCUMENT: Mapping[str, Any] = _load()
SCHEMAS: Mapping[str, Any] = DOCUMENT["schemas"]
METHODS: Mapping[str, Method] = {method.name: method for method in _methods(DOCUMENT["resources"])}
STANDARD = frozenset(DOCUMENT["parameters"]) | {"userIp", "upload_id"}
"""Query parameters of every method. `userIp` is an old name that clients may still send."""

_PATTERNS = [(_pattern(path), method) for method in METHODS.values() for path in method.paths]


def methods_at(path: str) -> dict[str, Method]:
    """Return what the document has at an address, by HTTP method."""
    return {method.verb: method for pattern, method in _PATTERNS if pattern.fullmatch(path)}
