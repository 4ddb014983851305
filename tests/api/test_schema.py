"""Requests made from the OpenAPI document get the answers that it documents.

Schemathesis makes valid and invalid requests for every operation. An answer fails the test when
it is a 5xx other than 503 and 507, or has a status, a media type or a body that is not documented.
"""

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.context import Context
from api.routes.v1.files import PIECES, VERSION
from tests.support.api import Tenant, tenant_of

REQUESTS = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 6}
"""For each operation."""
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@schemathesis.serializer(PIECES)
def _pieces(_: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def described(app: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.fixture
def tenant(app: FastAPI, context: Context) -> Tenant:
    tenant = tenant_of(app, "ours")
    tenant.assignment()
    return tenant


@pytest.mark.parametrize("mode", REQUESTS)
def test_every_operation_answers_as_documented(
    described: Any, tenant: Tenant, mode: GenerationMode
) -> None:
    wrong: dict[str, str] = {}
    for found in described.get_all_operations():
        operation = found.ok()
        try:
            _exercise(operation, tenant, mode)
        except Unsatisfiable:
            continue  # An operation without parameters cannot be asked wrongly.
        except (Exception, FailureGroup) as failure:
            inner = getattr(failure, "exceptions", [failure])
            wrong[operation.label] = "\n".join(f"{type(one).__name__}: {one}" for one in inner)
    assert not wrong, "\n\n".join(f"{label}\n{text}" for label, text in wrong.items())


def _exercise(operation: Any, tenant: Tenant, mode: GenerationMode) -> None:
    headers = {
        "Authorization": tenant.http.headers["Authorization"],
        **({"Tus-Resumable": VERSION} if "/videos/files" in operation.path else {}),
    }

    @settings(
        max_examples=REQUESTS[mode],
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_documented(case: Any) -> None:
        response = case.call(headers=headers)
        assert response.status_code < 500 or response.status_code in (503, 507), response.text
        case.validate_response(response, checks=CHECKS)

    answers_as_documented()
