"""What a request may hold is bounded, and the bounds are in the OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.schemas.base import MAX_PAYLOAD
from domain.states import PlatformName
from platforms.facebook.limits import SCHEMA as FACEBOOK
from platforms.youtube.limits import SCHEMA as YOUTUBE
from tests.support.api import Tenant

BOUNDED_FORMATS = {"date-time", "binary"}
"""A time is parsed; bytes are streamed and counted."""
FREE = {"payload", "targeting", "feedTargeting"}
"""Objects of any content. The bytes of the whole payload are bounded."""


def unbounded(schema: Mapping[str, Any], document: Mapping[str, Any], at: str) -> Iterator[str]:
    """Where a value of this schema may be as large as its sender likes."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        yield from unbounded(document["components"]["schemas"][name], document, f"{at}:{name}")
        return
    for kind in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(kind, []):
            yield from unbounded(inner, document, at)
    is_bounded = {"maxLength", "enum", "const"} & schema.keys()
    if schema.get("type") == "string" and not is_bounded:
        if schema.get("format") not in BOUNDED_FORMATS:
            yield f"{at}: a text without maxLength"
    elif schema.get("type") == "array":
        if "maxItems" not in schema:
            yield f"{at}: a list without maxItems"
        yield from unbounded(schema.get("items", {}), document, f"{at}[]")
    elif schema.get("type") == "object":
        for name, inner in schema.get("properties", {}).items():
            yield from unbounded(inner, document, f"{at}.{name}")
        further = schema.get("additionalProperties", True)
        if further is not False and "maxProperties" not in schema:
            yield f"{at}: an object without maxProperties"
        if isinstance(further, Mapping):
            yield from unbounded(further, document, f"{at}.*")
        elif further is not False and at.rsplit(".", 1)[-1] not in FREE:
            yield f"{at}: an object of any content"
    elif not (schema.keys() & {"type", "enum", "anyOf", "oneOf", "allOf"}):
        yield f"{at}: a value of any type"


def requests(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, by_method in document["paths"].items():
        for method, operation in by_method.items():
            for parameter in operation.get("parameters", []):
                yield f"{method} {path} {parameter['name']}", parameter["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{method} {path} body", content["schema"]


def test_everything_that_a_request_holds_is_bounded(app: FastAPI) -> None:
    document = app.openapi()
    found = [line for at, schema in requests(document) for line in unbounded(schema, document, at)]
    assert found == []


@pytest.mark.parametrize(("name", "schema"), [("youtube", YOUTUBE), ("facebook", FACEBOOK)])
def test_every_field_of_a_payload_is_bounded(name: str, schema: Mapping[str, Any]) -> None:
    assert list(unbounded(schema, {}, name)) == []


def test_the_walk_finds_what_is_unbounded() -> None:
    open_ended = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array"}}}
    assert len(list(unbounded(open_ended, {}, "x"))) == 5


def test_the_openapi_document_is_valid(app: FastAPI) -> None:
    document = json.loads(json.dumps(app.openapi()))
    OpenAPIV31SpecValidator(document).validate()
    assert "#/$defs/" not in json.dumps(document)


@pytest.mark.parametrize(
    ("platform", "field", "value"),
    [
        ("youtube", "thumbnailUrl", "https://media.example.com/" + "a" * 1_000_00),
        ("youtube", "thumbnailUrl", "https://media.example.com/" + "a" * 5000),
        ("youtube", "captions", [{"language": "en", "url": "https://x.example/" + "a" * 5000}]),
        ("youtube", "language", "en" + "-abcdefgh" * 1000),
        ("youtube", "categoryId", "1" * 1000),
        ("youtube", "playlistIds", [str(number) for number in range(1000)]),
        ("facebook", "description", "a" * 64_000),
        ("facebook", "thumbnailUrl", "https://media.example.com/" + "a" * 5000),
        ("facebook", "contentTags", ["1" * 1000]),
        ("facebook", "targeting", {str(number): 1 for number in range(60)}),
    ],
)
async def test_what_is_too_large_in_a_payload_is_refused(
    ours: Tenant, platform: str, field: str, value: object
) -> None:
    connection = ours.connection(platform=platform)
    wanted = {
        "connectionId": connection.id,
        "videoId": ours.video().id,
        "payload": {"title": "Bread", field: value},
    }
    answer = await ours.http.post("/api/v1/assignments", json=wanted)
    assert answer.status_code == 400
    assert [name for name in answer.json()["details"] if name.startswith("payload")]


async def test_an_edit_is_bounded_as_the_assignment_was(ours: Tenant) -> None:
    assignment = ours.assignment()
    payload = {"title": "Bread", "thumbnailUrl": "https://media.example.com/" + "a" * 900_000}
    answer = await ours.http.patch(
        f"/api/v1/assignments/{assignment.id}", json={"payload": payload}
    )
    assert answer.status_code == 400
    assert answer.json()["details"] == {
        "payload": [f"The payload has more than {MAX_PAYLOAD} bytes as JSON."]
    }


@pytest.mark.parametrize(
    "body",
    [
        {"connectionIds": [0] * 300_000},
        {"connectionIds": [[]] * 200_000, "payload": {}},
        {str(number): 0 for number in range(60_000)},
    ],
)
async def test_a_body_of_many_faults_gets_a_short_answer(
    ours: Tenant, body: dict[str, object]
) -> None:
    answer = await ours.http.post("/api/v1/assignments", json=body)
    assert answer.status_code == 400
    assert len(answer.content) < 20_000


async def test_headers_and_parameters_are_bounded(ours: Tenant) -> None:
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "1"}
    long = {"Upload-Metadata": "filename " + "YQ==" * 2000}
    answers = [
        await ours.http.post("/api/v1/videos/files", headers={**tus, **long}),
        await ours.http.get("/api/v1/videos/" + "a" * 1000),
        await ours.http.get("/api/v1/assignments", params={"externalId": "a" * 1000}),
        await ours.http.get("/api/v1/oauth/done", params={"error": "a" * 1000}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4


def test_every_platform_has_its_bounds_looked_at() -> None:
    assert {name.value for name in PlatformName} == {"youtube", "facebook"}
