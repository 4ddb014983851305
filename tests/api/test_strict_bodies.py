"""A field of a request takes its own JSON type alone: `false` is no number, `"7"` neither."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.app import create_app
from api.context import Context
from api.schemas.base import Body, SnakeBody
from api.schemas.problem import MAX_FAULTS
from api.schemas.v1.tickets import TicketRequest
from tests.support.api import Tenant

WRONG: dict[str, list[Any]] = {
    "number": [True, False, "7"],
    "integer": [True, False, "7", 7.5],
    "boolean": [0, 1, "true", "yes"],
    "string": [0, 1.5, True],
}


def request_models(base: type[Body] = Body) -> Iterator[type[Body]]:
    for model in base.__subclasses__():
        if model is not SnakeBody:
            yield model
        yield from request_models(model)


def bodies(model: type[Body]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """The field, the wrong value and a body that has it there, for every value somewhere in it."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})

    def wrong(of: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
        if "$ref" in of:
            of = definitions[of["$ref"].rpartition("/")[2]]
        for choice in of.get("anyOf", []):
            yield from wrong(choice)
        for value in WRONG.get(of.get("type", ""), []):
            yield value, value
        if of.get("type") == "array":
            yield from ((value, [inner]) for value, inner in wrong(of["items"]))
        for name, inner_schema in of.get("properties", {}).items():
            yield from ((value, {name: inner}) for value, inner in wrong(inner_schema))

    for name, field in schema["properties"].items():
        for value, held in wrong(field):
            yield name, value, {name: held}


def is_refused(model: type[Body], field: str, body: dict[str, Any]) -> bool:
    try:
        TypeAdapter(model).validate_python(body)
    except ValidationError as error:
        return any(fault["loc"][:1] == (field,) for fault in error.errors())
    return False


@pytest.mark.parametrize("model", list(request_models()), ids=lambda model: model.__name__)
def test_every_field_refuses_another_json_type(model: type[Body]) -> None:
    tried = list(bodies(model))
    assert tried
    taken = [(field, value) for field, value, body in tried if not is_refused(model, field, body)]
    assert not taken


def test_every_json_body_of_both_surfaces_is_such_a_model(context: Context) -> None:
    known = {model.__name__ for model in request_models()}
    found = set()
    for path, by_method in create_app(context).openapi()["paths"].items():
        for method, operation in by_method.items():
            content = operation.get("requestBody", {}).get("content", {})
            if path.startswith("/api/") and "application/json" in content:
                schema = content["application/json"]["schema"]
                refs = [one.get("$ref") for one in schema.get("anyOf", [schema])]
                names = {ref.rpartition("/")[2] for ref in refs if ref}
                assert names, (method, path)
                found |= names
    assert found
    assert found <= known


async def test_an_overlap_of_false_is_refused(ours: Tenant) -> None:
    url = "/api/v1/webhooks/endpoints"
    made = await ours.http.post(url, json={})
    refused = await ours.http.post(
        f"{url}/{made.json()['id']}/rotate-secret", json={"overlapHours": False}
    )
    assert refused.status_code == 400, refused.text
    assert list(refused.json()["details"]) == ["overlapHours"]


def test_of_thousands_of_unknown_fields_the_first_are_judged() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(TicketRequest).validate_python({f"f{n}": n for n in range(9000)})
    assert caught.value.error_count() == MAX_FAULTS
