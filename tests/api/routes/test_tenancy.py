"""What belongs to another workspace answers like what does not exist."""

import re

import httpx2
import pytest

from tests.support.api import HOOK, PUBLIC_URL, Tenant

ROUTES = [
    ("GET", "/api/v1/oauth/tickets/{ticket}", None),
    ("POST", "/api/v1/oauth/tickets/{ticket}/confirm", None),
    ("GET", "/api/v1/connections/{connection}", None),
    ("PATCH", "/api/v1/connections/{connection}", {"name": "Mine"}),
    ("DELETE", "/api/v1/connections/{connection}", None),
    ("POST", "/api/v1/connections/{connection}/refresh-token", None),
    ("GET", "/api/v1/connections/{connection}/channel", None),
    ("GET", "/api/v1/videos/{video}", None),
    ("PATCH", "/api/v1/videos/files/{file}", None),
    ("DELETE", "/api/v1/videos/files/{file}", None),
    ("GET", "/api/v1/assignments/{assignment}", None),
    ("GET", "/api/v1/assignments/{assignment}/timeline", None),
    ("PATCH", "/api/v1/assignments/{assignment}", {"payload": {"title": "Mine"}}),
    ("POST", "/api/v1/assignments/{assignment}/retry", None),
    ("DELETE", "/api/v1/assignments/{assignment}", None),
    ("GET", "/api/v1/webhooks/endpoints/{endpoint}", None),
    ("PATCH", "/api/v1/webhooks/endpoints/{endpoint}", {"description": "Mine"}),
    ("DELETE", "/api/v1/webhooks/endpoints/{endpoint}", None),
    ("GET", "/api/v1/webhooks/endpoints/{endpoint}/secret", None),
    ("POST", "/api/v1/webhooks/endpoints/{endpoint}/rotate-secret", {"overlapHours": 0}),
    ("GET", "/api/v1/webhooks/deliveries/{delivery}", None),
    ("POST", "/api/v1/webhooks/deliveries/{delivery}/redeliver", None),
    ("GET", "/api/youtube/uploads/{upload}/status/", None),
    ("GET", "/api/video-jobs/{job}/", None),
]


async def ids_of(tenant: Tenant) -> dict[str, str]:
    body = {"platform": "youtube", "redirectUrl": f"{PUBLIC_URL}/api/v1/oauth/done"}
    endpoint = await tenant.http.post("/api/v1/webhooks/endpoints", json={"url": HOOK})
    row = tenant.assignment(origin="youtube")
    told = await tenant.http.get("/api/v1/webhooks/deliveries")
    announced = await tenant.http.post(
        "/api/v1/videos/files", headers={**TUS, "Upload-Length": "9"}
    )
    return {
        "ticket": (await tenant.http.post("/api/v1/oauth/tickets", json=body)).json()["ticketId"],
        "connection": row.connection_id,
        "video": row.video_id,
        "assignment": row.id,
        "upload": str(row.number),
        "job": "1",
        "endpoint": endpoint.json()["id"],
        "delivery": told.json()["items"][0]["id"],
        "file": announced.headers["Location"].rsplit("/", 1)[1],
    }


UNKNOWN = {
    "ticket": "tkt_0",
    "connection": "con_0",
    "video": "vid_0",
    "assignment": "asg_0",
    "upload": "999",
    "job": "999",
    "endpoint": "whe_0",
    "delivery": "dlv_0",
    "file": "upl_0",
}

TUS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Offset": "0",
    "Content-Type": "application/offset+octet-stream",
}


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_a_foreign_id_answers_like_an_unknown_one(
    ours: Tenant, theirs: Tenant, method: str, path: str, body: object
) -> None:
    headers = TUS if "/files/" in path else {}

    async def ask(ids: dict[str, str]) -> httpx2.Response:
        return await ours.http.request(method, path.format(**ids), json=body, headers=headers)

    foreign, unknown = await ask(await ids_of(theirs)), await ask(UNKNOWN)
    assert foreign.status_code == 404
    assert (foreign.status_code, foreign.json()) == (unknown.status_code, unknown.json())


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/connections",
        "/api/v1/videos",
        "/api/v1/videos/files",
        "/api/v1/assignments",
        "/api/v1/organizations",
        "/api/v1/events",
        "/api/v1/webhooks/endpoints",
        "/api/v1/webhooks/deliveries",
        "/api/youtube/uploads/",
        "/api/video-jobs/",
    ],
)
async def test_a_list_shows_nothing_of_another_workspace(
    ours: Tenant, theirs: Tenant, path: str
) -> None:
    await theirs.http.post("/api/v1/organizations", json={"name": "Bakery"})
    await theirs.http.post("/api/v1/webhooks/endpoints", json={"url": HOOK})
    await theirs.http.post("/api/v1/videos/files", headers={**TUS, "Upload-Length": "9"})
    theirs.assignment(origin="youtube")
    listed = (await ours.http.get(path)).json()
    assert (listed if isinstance(listed, list) else listed["items"]) == []


async def test_every_route_with_an_id_is_in_the_list_above(ours: Tenant) -> None:
    paths = (await ours.http.get("/openapi.json")).json()["paths"]
    with_ids = {
        (method.upper(), re.sub(r"{\w+}", "{}", path))
        for path, operations in paths.items()
        for method in operations.keys() - {"head"}
        if re.search(r"{(?!platform|token)\w+}", path)
    }
    assert with_ids == {(method, re.sub(r"{\w+}", "{}", path)) for method, path, _ in ROUTES}
