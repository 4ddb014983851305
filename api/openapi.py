"""The description of the API, as /openapi.json and /docs show it.

FastAPI would announce its own validation errors with 422; here they are 400 in the one
shape, so that announcement is taken out again wherever a route has not made its own.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

DESCRIPTION = """\
Publishes finished videos to YouTube channels and Facebook Pages, and never loses or doubles one.

Send `Authorization: Bearer <key>` with every request. What goes wrong is answered as
`{"error", "code", "details", "remedy"}`: a sentence, a stable code, sentences per field, and
what helps: `change` the request, `wait`, `reconnect` the channel, or call the `operator`. All
faults of a request come in one answer; a body field or query parameter that is not documented is one.

`RateLimit` and `RateLimit-Policy` in every answer say how many requests are left, as
draft-ietf-httpapi-ratelimit-headers-10 has it. Over the rate it is 429 with `Retry-After`.
"""

_FRAMEWORK_ERRORS = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI) -> None:
    """Make `app.openapi()` describe the answers that are really given."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _without_framework_errors(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                )
            )
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented way


def _without_framework_errors(schema: dict[str, Any]) -> dict[str, Any]:
    for path in schema["paths"].values():
        for operation in path.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    for name in _FRAMEWORK_ERRORS:
        schema["components"]["schemas"].pop(name, None)
    return schema
