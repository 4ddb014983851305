"""Whatever is wrong with a request is said in one answer: parsing, rules, rows and files."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api.context import Context
from api.schemas.problem import MAX_FAULTS
from domain.moments import to_rfc3339
from platforms.registry import Registry
from store.queries.access import connections
from store.queries.publishing.assignments import get_assignment
from store.tables import now
from tests.api.test_problems import assert_problem
from tests.support.api import CALLER_PAGE, Tenant
from tests.support.lifecycles import DirectedLifecycles

TICKETS, ASSIGNMENTS = "/api/v1/oauth/tickets", "/api/v1/assignments"
HOOKS = "/api/v1/webhooks/endpoints"
CLIP = Path("cli/local/clip.mp4").resolve()


async def details_of(
    tenant: Tenant, path: str, body: Any, method: str = "POST", code: str = "invalid_request"
) -> dict[str, list[str]]:
    return assert_problem(await tenant.http.request(method, path, json=body), 400, code)


async def test_the_contracts_own_example_names_both(ours: Tenant) -> None:
    details = await details_of(ours, TICKETS, {"platform": "tiktok", "redirectUrl": ""})
    assert details.keys() == {"platform", "redirectUrl"}
    assert "no such platform" in details["platform"][0]


@pytest.mark.parametrize(
    ("fields", "named", "code"),
    [
        (
            {"platform": "tiktok", "redirectUrl": " "},
            {"platform", "redirectUrl"},
            "unknown_platform",
        ),
        (
            {"redirectUrl": "https://evil.example/", "connectionId": "x", "organizationId": "y"},
            {"redirectUrl", "connectionId", "organizationId"},
            "redirect_not_allowed",
        ),
        (
            {"platform": 7, "redirectUrl": "https://evil.example/", "connectionId": "x", "odd": 1},
            {"platform", "redirectUrl", "connectionId", "odd"},
            "invalid_request",
        ),
    ],
)
async def test_a_ticket(ours: Tenant, fields: dict[str, Any], named: set[str], code: str) -> None:
    body = {"platform": "youtube", "redirectUrl": CALLER_PAGE, **fields}
    assert (await details_of(ours, TICKETS, body, code=code)).keys() == named


async def test_an_unknown_parameter_and_the_body(ours: Tenant) -> None:
    right = {"platform": "tiktok", "redirectUrl": CALLER_PAGE}
    details = await details_of(ours, f"{TICKETS}?dryRun=1", right)
    assert details.keys() == {"dryRun", "platform"}
    answer = await ours.http.post(f"{TICKETS}?dryRun=1", content=b"{")
    assert assert_problem(answer, 400, "invalid_request").keys() >= {"dryRun"}
    as_json = {"Content-Type": "application/json"}
    answer = await ours.http.post(f"{TICKETS}?dryRun=1", content=b"{", headers=as_json)
    assert assert_problem(answer, 400, "not_json").keys() == {"dryRun"}


WRONG_PAYLOAD = {"title": "<", "tags": ["a\x07"], "publishAt": "2020-01-01T00:00:00Z"}
NAMED = {"payload.title", "payload.tags", "payload.publishAt"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, set()),
        ({"type": "poem"}, {"type"}),
        ({"callbackUrl": "http://10.0.0.1/"}, {"callbackUrl"}),
        ({"mediaUrl": "https://10.0.0.1/x.mp4"}, {"mediaUrl"}),
        ({"scheduledAt": "2020-01-01T00:00:00Z"}, {"scheduledAt"}),
        ({"thumbnailUrl": "https://10.0.0.1/x.png"}, {"payload.thumbnailUrl"}),
        ({"connectionIds": ["nobody"]}, {"connectionIds"}),
    ],
)
@pytest.mark.parametrize("more", [{}, {"externalId": "", "odd": 1}, {"type": 7}])
async def test_an_assignment(
    ours: Tenant,
    lifecycles: DirectedLifecycles,
    fields: dict[str, Any],
    named: set[str],
    more: dict[str, Any],
) -> None:
    """The payload's faults, those of the other fields, and those of parsing."""
    fields = dict(fields)
    payload = {**WRONG_PAYLOAD}
    if "thumbnailUrl" in fields:
        payload["thumbnailUrl"] = fields.pop("thumbnailUrl")
    ids = [ours.connection().id, *fields.pop("connectionIds", [])]
    video = {} if "mediaUrl" in fields else {"videoId": ours.video().id}
    body = {"connectionIds": ids, **video, "payload": payload, **fields, **more}
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"].keys() == NAMED | named | more.keys()
    assert lifecycles.assignments == []


async def test_a_body_rule_stands_beside_the_faults_of_its_fields(ours: Tenant) -> None:
    body = {"connectionId": ours.connection().id, "payload": {"title": ""}, "externalId": 5}
    details = await details_of(ours, ASSIGNMENTS, body)
    assert details.keys() == {"body", "payload.title", "externalId"}
    assert details["body"] == ["Give either videoId or mediaUrl."]


async def test_each_platform_says_its_own_faults(ours: Tenant) -> None:
    ids = [ours.connection().id, ours.connection("1", "facebook").id]
    payload = {"title": "Bread", "privacy": "unlisted", "language": "en"}
    body = {"connectionIds": ids, "videoId": ours.video().id, "payload": payload}
    details = await details_of(ours, ASSIGNMENTS, body, code="invalid_payload")
    assert details.keys() == {"payload.privacy", "payload.language"}
    assert all(said.startswith("facebook: ") for [said] in details.values())


async def test_what_is_not_there_is_a_404_only_where_nothing_else_is_wrong(ours: Tenant) -> None:
    body: dict[str, Any] = {"connectionId": "nobody", "videoId": "nothing", "payload": {}}
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert assert_problem(answer, 404, "connection_not_found").keys() == {"connectionId", "videoId"}
    details = await details_of(ours, ASSIGNMENTS, {**body, "scheduledAt": "soon"})
    assert details.keys() == {"connectionId", "videoId", "scheduledAt"}


async def test_a_connection_that_is_off_is_a_409_only_where_nothing_else_is_wrong(
    ours: Tenant,
) -> None:
    connection = ours.connection()
    with ours.context.store.write() as session:
        connections.update_connection(session, ours.workspace.id, connection.id, is_active=False)
    body = {"connectionId": connection.id, "videoId": ours.video().id, "payload": {"title": "x"}}
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert_problem(answer, 409, "connection_inactive")
    body["payload"] = {"title": ""}
    details = await details_of(ours, ASSIGNMENTS, body, code="invalid_payload")
    assert details.keys() == {"connectionId", "payload.title"}


async def test_two_idempotency_keys_and_a_payload(ours: Tenant) -> None:
    body = {"connectionId": ours.connection().id, "videoId": ours.video().id, "payload": {}}
    answer = await ours.http.post(
        ASSIGNMENTS, json={**body, "idempotencyKey": "a"}, headers={"Idempotency-Key": "b"}
    )
    assert assert_problem(answer, 400, "invalid_request").keys() == {
        "idempotencyKey",
        "payload.title",
    }


async def test_a_change_of_an_assignment(ours: Tenant) -> None:
    path = f"{ASSIGNMENTS}/{ours.assignment().id}"
    changes: dict[str, Any] = {"payload": {"title": "<"}, "scheduledAt": "2020-01-01T00:00:00Z"}
    details = await details_of(ours, path, changes, "PATCH")
    assert details.keys() == {"payload.title", "scheduledAt"}
    changes = {"payload": {"title": "<"}, "scheduledAt": "soon", "mediaUrl": "https://10.0.0.1/"}
    details = await details_of(ours, path, changes, "PATCH")
    assert details.keys() == {"payload.title", "scheduledAt", "mediaUrl", "body"}


async def test_a_change_that_is_wrong_and_whose_assignment_is_not_there(ours: Tenant) -> None:
    details = await details_of(ours, f"{ASSIGNMENTS}/none", {"scheduledAt": "soon"}, "PATCH")
    assert details.keys() == {"scheduledAt"}


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        (
            "POST",
            "/api/v1/videos",
            {"sourceUrl": "https://10.0.0.1/x.mp4", "title": ""},
            {"sourceUrl", "title"},
        ),
        ("POST", "/api/v1/videos", {"uploadId": "none", "title": ""}, {"uploadId", "title"}),
        (
            "POST",
            "/api/video-jobs/",
            {"source_url": "https://10.0.0.1/x.mp4", "title": ""},
            {"source_url", "title"},
        ),
        (
            "POST",
            HOOKS,
            {"url": "http://10.0.0.1/", "eventTypes": ["odd"]},
            {"url", "eventTypes.0"},
        ),
        (
            "PATCH",
            f"{HOOKS}/x",
            {"url": "http://10.0.0.1/", "isEnabled": None, "odd": 1},
            {"url", "isEnabled", "odd"},
        ),
        (
            "PATCH",
            "/api/v1/connections/x",
            {"organizationId": "none", "name": None},
            {"organizationId", "name"},
        ),
        (
            "POST",
            "/api/youtube/upload",
            {"job_id": 999, "title": "<", "tags": ["<"], "privacy_status": "secret"},
            {"connection", "job_id", "privacy_status"},
        ),
    ],
)
async def test_every_other_body(
    ours: Tenant, method: str, path: str, body: dict[str, Any], named: set[str]
) -> None:
    assert (await details_of(ours, path, body, method)).keys() == named


async def test_an_upload_of_the_other_surface(ours: Tenant) -> None:
    ours.connection()
    body = {"job_id": 999, "title": "<", "tags": ["<"]}
    details = await details_of(ours, "/api/youtube/upload/", body, code="invalid_payload")
    assert details.keys() == {"job_id", "title", "tags"}
    details = await details_of(ours, "/api/youtube/upload/", {**body, "privacy_status": "x"})
    assert details.keys() == {"job_id", "title", "tags", "privacy_status"}
    untitled = {"job_id": 999, "privacy_status": "x"}
    details = await details_of(ours, "/api/youtube/upload/", untitled)
    assert details.keys() == {"job_id", "privacy_status"}


async def test_text_that_no_database_can_hold_is_named_by_its_field(ours: Tenant) -> None:
    answer = await ours.http.post(
        TICKETS,
        content=rb'{"platform": "\u0000", "redirectUrl": "", "connectionId": "\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    details = assert_problem(answer, 400, "invalid_request")
    assert details.keys() == {"platform", "redirectUrl", "connectionId"}


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("&".join(f"p{n}" for n in range(3000)), {}),
        ("", {f"f{n}": 1 for n in range(3000)}),
        ("", {"payload": {"captions": [{f"c{n}": 1 for n in range(3000)}]}}),
    ],
    ids=["parameters", "fields", "payload"],
)
async def test_of_thousands_of_faults_the_first_hundred_are_said(
    ours: Tenant, query: str, body: dict[str, Any]
) -> None:
    wanted = {"connectionId": ours.connection().id, "videoId": ours.video().id, "payload": {}}
    answer = await ours.http.post(f"{ASSIGNMENTS}?{query}", json={**wanted, **body})
    details = assert_problem(answer, 400, answer.json()["code"])
    assert sum(map(len, details.values())) == MAX_FAULTS
    assert len(answer.content) < 30_000


@pytest.fixture
def without_facebook(app: FastAPI, context: Context) -> Context:
    """The operator has taken the credentials of Facebook's app away."""
    registry = Registry({"youtube": context.registry.get("youtube")})
    app.state.context = replace(context, registry=registry)
    return context


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"redirectUrl": "https://evil.example/"}, {"platform", "redirectUrl"}),
        ({"redirectUrl": ""}, {"platform", "redirectUrl"}),
        ({"odd": 1}, {"platform", "odd"}),
    ],
)
async def test_a_platform_without_credentials_is_one_fault_of_a_ticket_among_others(
    ours: Tenant, without_facebook: Context, fields: dict[str, Any], named: set[str]
) -> None:
    right = {"platform": "facebook", "redirectUrl": CALLER_PAGE}
    answer = await ours.http.post(TICKETS, json={**right, **fields})
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"].keys() == named
    answer = await ours.http.post(TICKETS, json=right)
    assert assert_problem(answer, 409, "platform_not_configured").keys() == {"platform"}


async def test_a_platform_without_credentials_is_one_fault_of_an_assignment_among_others(
    ours: Tenant, without_facebook: Context
) -> None:
    page = ours.connection("1", "facebook").id
    body = {"connectionId": page, "videoId": ours.video().id, "payload": {"title": "Bread"}}
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert assert_problem(answer, 409, "platform_not_configured").keys() == {"connectionId"}
    body["scheduledAt"] = "2020-01-01T00:00:00Z"
    assert (await details_of(ours, ASSIGNMENTS, body)).keys() == {"connectionId", "scheduledAt"}
    body = {**body, "connectionIds": [page, ours.connection().id], "payload": {"title": "<"}}
    del body["connectionId"]
    details = await details_of(ours, f"{ASSIGNMENTS}?odd=1", body)
    assert details.keys() == {"connectionIds", "scheduledAt", "payload.title", "odd"}


@pytest.mark.parametrize(
    ("schedule", "named"),
    [
        ({}, {"odd", "payload.publishAt"}),
        ({"scheduledAt": None}, {"odd"}),
        ({"scheduledAt": "soon"}, {"odd", "scheduledAt"}),
    ],
)
@pytest.mark.parametrize("place", ["query", "body"])
async def test_a_change_is_judged_by_the_schedule_that_it_wants(
    ours: Tenant, schedule: dict[str, Any], named: set[str], place: str
) -> None:
    assignment = ours.assignment()
    with ours.context.store.write() as session:
        row = get_assignment(session, ours.workspace.id, assignment.id)
        row.scheduled_at = now() + timedelta(days=2)
        session.add(row)
    payload = {"title": "Bread", "publishAt": to_rfc3339(now() + timedelta(days=1))}
    path = f"{ASSIGNMENTS}/{assignment.id}{'?odd=1' if place == 'query' else ''}"
    changes = {"payload": payload, **schedule, **({"odd": 1} if place == "body" else {})}
    assert (await details_of(ours, path, changes, "PATCH")).keys() == named
