"""The description of the API is true."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import api.schemas
from api.app import create_app
from api.context import Context

OPEN = {"/livez", "/readyz", "/api/v1/oauth/done", "/api/youtube/auth/callback/"}
OPEN |= {"/api/v1/oauth/reauth/{token}"}
OPEN |= {f"/api/v1/oauth/{{platform}}/{visit}" for visit in ("authorize", "callback")}


def models() -> list[type[BaseModel]]:
    names = [module.name for module in pkgutil.iter_modules(api.schemas.__path__, "api.schemas.")]
    return [
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and issubclass(value, BaseModel)
        if value.__module__ == name != "api.schemas.base"
    ]


def examples(model: type[BaseModel]) -> list[Any]:
    extra = model.model_config.get("json_schema_extra")
    found = extra.get("examples") if isinstance(extra, dict) else None
    return found if isinstance(found, list) else []


@pytest.mark.parametrize("model", models())
def test_an_example_is_valid_for_its_own_model(model: type[BaseModel]) -> None:
    found = examples(model)
    assert found, f"{model.__name__} has no example"
    for example in found:
        model.model_validate(example)


def operations(context: Context) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, by_method in create_app(context).openapi()["paths"].items():
        for method, operation in by_method.items():
            yield path, method, operation


def test_every_route_declares_its_errors_in_the_one_shape(context: Context) -> None:
    for path, method, operation in operations(context):
        if path in ("/livez", "/readyz"):
            continue
        responses = operation["responses"]
        assert "400" in responses, (method, path)
        assert ("401" in responses) == (path not in OPEN), (method, path)
        assert ("404" in responses) >= ("_id}" in path), (method, path)
        for status, response in responses.items():
            if status >= "400":
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (path, status)


def test_every_route_says_what_it_does(context: Context) -> None:
    for path, method, operation in operations(context):
        assert operation.get("description"), (method, path)
        assert operation["tags"], (method, path)


def test_the_frameworks_own_errors_are_not_announced(context: Context) -> None:
    assert "HTTPValidationError" not in str(create_app(context).openapi())


def test_every_request_and_answer_has_an_example(context: Context) -> None:
    schemas = create_app(context).openapi()["components"]["schemas"]
    without = [
        name
        for name, schema in schemas.items()
        if "properties" in schema and "examples" not in schema
    ]
    assert without == []


def test_an_answer_that_asks_to_come_back_says_when(context: Context) -> None:
    waited_for = {
        (method, path)
        for path, method, operation in operations(context)
        if "Retry-After" in operation["responses"].get("409", {}).get("headers", {})
    }
    assert waited_for == {
        ("post", "/api/v1/assignments"),
        ("post", "/api/youtube/upload/"),
        ("post", "/api/v1/assignments/{assignment_id}/retry"),
        ("post", "/api/v1/oauth/tickets/{ticket_id}/confirm"),
        ("delete", "/api/v1/assignments/{assignment_id}"),
    }
    for path, method, operation in operations(context):
        for status in {"429", "503"} & operation["responses"].keys():
            is_ours = path not in ("/livez", "/readyz")
            assert ("headers" in operation["responses"][status]) == is_ours, (method, path)


def test_a_request_that_is_done_once_says_how_its_key_is_written(context: Context) -> None:
    keyed = {
        (path, str(parameter["schema"]))
        for path, _, operation in operations(context)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }
    assert {path for path, _ in keyed} == {"/api/v1/assignments", "/api/youtube/upload/"}
    assert all("^[!-~]{1,200}$" in schema for _, schema in keyed)
