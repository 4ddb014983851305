"""A query parameter that a JSON route does not know is refused. A browser's may have any."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.api.test_problems import assert_problem
from tests.support.api import Tenant, client

PLACES = {"platform": "youtube", "job_id": "1", "upload_id": "1"}
PROBES = {"/livez", "/readyz"}
"""Asked by load balancers and orchestrators, which add words of their own (`?verbose`)."""
BROWSED = {"/api/v1/oauth/done", "/api/v1/oauth/reauth/{token}", "/api/youtube/auth/callback/"}
BROWSED |= {f"/api/v1/oauth/{{platform}}/{visit}" for visit in ("authorize", "callback")}
FOREIGN = {"/codec/decode"}
"""Temporal's own protocol."""
TUS = {"Tus-Resumable": "1.0.0"}


def addresses(app: FastAPI, *, browsed: bool) -> list[tuple[str, str]]:
    found = []
    for path, by_method in app.openapi()["paths"].items():
        if path in PROBES | FOREIGN or (path in BROWSED) != browsed:
            continue
        values = {name: PLACES.get(name, "x") for name in _names(path)}
        found += [(method.upper(), path.format(**values)) for method in by_method]
    return found


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


async def test_every_json_route_refuses_a_parameter_that_it_does_not_know(
    app: FastAPI, ours: Tenant
) -> None:
    asked = addresses(app, browsed=False)
    assert len(asked) > 40
    for method, path in asked:
        answer = await ours.http.request(method, f"{path}?State=x&State=y&odd=1", headers=TUS)
        if method in ("HEAD", "OPTIONS"):
            assert answer.status_code == 400, (method, path)
            continue
        assert answer.status_code == 400, (method, path, answer.text)
        details = answer.json()["details"]
        assert {"State", "odd"} <= details.keys(), (method, path, details)
        assert len(details["State"]) == 1


@pytest.mark.parametrize("slash", ["", "/"])
async def test_both_forms_of_an_address_are_strict(ours: Tenant, slash: str) -> None:
    answer = await ours.http.get(f"/api/youtube/uploads{slash}?platformId=x")
    assert assert_problem(answer, 400, "invalid_request").keys() == {"platformId"}


async def test_the_known_parameters_are_named(ours: Tenant) -> None:
    answer = await ours.http.get("/api/v1/connections?platformId=x")
    ((sentence,),) = assert_problem(answer, 400, "invalid_request").values()
    assert sentence == (
        "There is no such query parameter. Known: platform, organizationId, externalId, health, "
        "includeInactive, page, limit."
    )


async def test_parameters_that_are_known_and_wrong_are_named_beside_them(ours: Tenant) -> None:
    answer = await ours.http.get("/api/v1/assignments?state=odd&page=0&State=x")
    details = assert_problem(answer, 400, "invalid_request")
    assert details.keys() == {"state", "page", "State"}


async def test_without_a_key_it_is_401(app: FastAPI) -> None:
    async with client(app) as http:
        assert_problem(await http.get("/api/v1/videos?odd=1"), 401, "unauthorized")


async def test_what_a_browser_opens_takes_any_parameter(app: FastAPI, ours: Tenant) -> None:
    asked = addresses(app, browsed=True)
    assert len(asked) == len(BROWSED)
    for method, path in asked:
        seen: list[Any] = []
        for query in ("", "?utm_source=mail&fbclid=1&authuser=0"):
            answer = await ours.http.request(method, path + query)
            seen.append((answer.status_code, answer.text))
        assert seen[0] == seen[1], path


async def test_probes_take_any_parameter(ours: Tenant) -> None:
    assert (await ours.http.get("/livez?verbose")).status_code == 200


async def test_a_request_with_an_unknown_parameter_does_nothing(ours: Tenant) -> None:
    answer = await ours.http.post("/api/v1/organizations?dryRun=true", json={"name": "Bakery"})
    assert assert_problem(answer, 400, "invalid_request").keys() == {"dryRun"}
    assert (await ours.http.get("/api/v1/organizations")).json()["total"] == 0
