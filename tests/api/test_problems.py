"""Whatever is wrong with a request, the answer has the one shape."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI

from api.limits import MAX_BODY
from domain.errors import PlatformUnavailable, QuotaExhausted
from tests.support.api import DirectedYouTube, Tenant, client

JSON = {"Content-Type": "application/json"}


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, list[str]]:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert body.keys() == {"error", "code", "details", "remedy"}
    assert body["error"].endswith(".")
    details: dict[str, list[str]] = body["details"]
    return details


async def test_an_unknown_address_is_404(ours: Tenant) -> None:
    assert_problem(await ours.http.get("/api/v2/nothing"), 404, "not_found")


async def test_a_wrong_method_is_405_and_says_which_are_right(ours: Tenant) -> None:
    answer = await ours.http.put("/api/v1/assignments", json={})
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"]


@pytest.mark.parametrize(
    "body", [b"{", b"no", b"\xff\xfe", b"[" * 100_000, b'{"name": ' + b"1" * 5000 + b"}"]
)
async def test_a_body_that_is_not_json_is_400(ours: Tenant, body: bytes) -> None:
    answer = await ours.http.post("/api/v1/organizations", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("not_json", "invalid_request")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"name"', b""])
async def test_json_that_is_not_an_object_is_400(ours: Tenant, body: bytes) -> None:
    answer = await ours.http.post("/api/v1/organizations", content=body, headers=JSON)
    assert_problem(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        rb'{"name": "a\u0000b"}',
        rb'{"name": "\ud800"}',
        rb'{"name": NaN}',
        rb'{"\ud800": 1}',
        b'{"name": "x", "more": ' + b'{"a":' * 30 + b"1" + b"}" * 30 + b"}",
    ],
)
async def test_what_no_database_can_hold_is_400(ours: Tenant, body: bytes) -> None:
    answer = await ours.http.post("/api/v1/organizations", content=body, headers=JSON)
    assert_problem(answer, 400, "invalid_request")


async def test_missing_and_unknown_fields_are_named(ours: Tenant) -> None:
    answer = await ours.http.post("/api/v1/oauth/tickets", json={"redirect": "x"})
    details = assert_problem(answer, 400, "invalid_request")
    assert details["redirect"] == ["There is no such field."]
    assert details.keys() == {"redirect", "platform", "redirectUrl"}


async def test_a_body_over_the_limit_is_413(ours: Tenant) -> None:
    body = b'{"name": "' + b"x" * MAX_BODY + b'"}'
    answer = await ours.http.post("/api/v1/organizations", content=body, headers=JSON)
    assert_problem(answer, 413, "body_too_large")


async def test_a_chunked_body_over_the_limit_is_413(ours: Tenant) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 1000 + 1):
            yield b" " * 1000

    answer = await ours.http.post("/api/v1/organizations", content=chunks(), headers=JSON)
    assert "Content-Length" not in answer.request.headers
    assert_problem(answer, 413, "body_too_large")


async def test_a_chunked_body_within_the_limit_arrives_whole(ours: Tenant) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"na'
        yield b'me": "Bakery"}'

    answer = await ours.http.post("/api/v1/organizations", content=chunks(), headers=JSON)
    assert answer.json()["name"] == "Bakery"


@pytest.mark.parametrize("path", ["/api/v1/videos/%00", "/api/v1/connections?externalId=%00"])
async def test_a_nul_in_the_address_is_400(ours: Tenant, path: str) -> None:
    assert_problem(await ours.http.get(path), 400, "invalid_address")


@pytest.mark.parametrize("query", ["page=0", "limit=0", "limit=201", "page=99999999999", "page=x"])
async def test_a_page_out_of_bounds_is_400(ours: Tenant, query: str) -> None:
    assert_problem(await ours.http.get(f"/api/v1/videos?{query}"), 400, "invalid_request")


@pytest.mark.parametrize(
    "authorization", [None, "Bearer cl_wrong", "Bearer ", "Basic dTpw", "Bearer \xff"]
)
async def test_without_a_key_of_ours_everything_is_401(
    app: FastAPI, authorization: str | None
) -> None:
    async with client(app) as http:
        sent = [] if authorization is None else [authorization.encode("latin1")]
        for path in ("/api/v1/videos", "/api/v1/platforms", "/api/youtube/uploads/"):
            answer = await http.get(path, headers=[(b"Authorization", value) for value in sent])
            assert_problem(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_operators_key_opens_no_workspace(app: FastAPI, operator_key: str) -> None:
    async with client(app, {"Authorization": f"Bearer {operator_key}"}) as http:
        assert_problem(await http.get("/api/v1/videos"), 401, "unauthorized")


async def test_an_empty_budget_says_when_to_come_back(
    ours: Tenant, youtube: DirectedYouTube
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=90)
    youtube.answer = QuotaExhausted("quota_exhausted", "The budget is empty.", until=until)
    answer = await ours.http.get(f"/api/v1/connections/{ours.connection().id}/channel")
    assert_problem(answer, 429, "quota_exhausted")
    assert 80 <= int(answer.headers["Retry-After"]) <= 90


async def test_a_platform_that_is_away_says_when_to_come_back(
    ours: Tenant, youtube: DirectedYouTube
) -> None:
    youtube.answer = PlatformUnavailable("platform_unavailable", "It is away.", retry_after=7.2)
    answer = await ours.http.get(f"/api/v1/connections/{ours.connection().id}/channel")
    assert_problem(answer, 503, "platform_unavailable")
    assert answer.headers["Retry-After"] == "8"


async def test_what_nobody_foresaw_is_a_500_that_tells_no_secret(
    ours: Tenant, youtube: DirectedYouTube, caplog: pytest.LogCaptureFixture
) -> None:
    youtube.answer = RuntimeError("ya29.secret")
    with caplog.at_level(logging.DEBUG):
        answer = await ours.http.get(f"/api/v1/connections/{ours.connection().id}/channel")
    assert_problem(answer, 500, "internal")
    assert "RuntimeError at" in caplog.text
    assert "ya29.secret" not in caplog.text + answer.text
