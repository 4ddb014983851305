"""Endpoints and deliveries, up to the point where something is sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from api.context import Context
from domain.ids import is_id
from tests.support.api import HOOK, Tenant

ENDPOINTS = "/api/v1/webhooks/endpoints"
DELIVERIES = "/api/v1/webhooks/deliveries"


async def made(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    answer = await tenant.http.post(ENDPOINTS, json={"url": HOOK, **fields})
    assert answer.status_code == 201, answer.text
    endpoint: dict[str, Any] = answer.json()
    return endpoint


async def items(tenant: Tenant, path: str, **params: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await tenant.http.get(path, params=params)).json()["items"]
    return listed


async def secret_of(tenant: Tenant, endpoint_id: str) -> str:
    answer = await tenant.http.get(f"{ENDPOINTS}/{endpoint_id}/secret")
    secret: str = answer.json()["secret"]
    return secret


async def test_an_endpoint_is_told_of_everything_unless_it_chooses(ours: Tenant) -> None:
    everything = await made(ours)
    some = await made(ours, eventTypes=["connection.*"], description="The backend")
    assignment_id = ours.assignment().id

    assert (await ours.http.get(f"{ENDPOINTS}/{some['id']}")).json() == some
    assert await items(ours, ENDPOINTS) == [everything, some]
    told = await items(ours, DELIVERIES, endpointId=everything["id"])
    assert {item["subjectId"] for item in told} > {assignment_id}
    [connection] = await items(ours, DELIVERIES, endpointId=some["id"])
    assert is_id(connection["subjectId"])
    assert (connection["state"], connection["attempts"]) == ("pending", [])


async def test_a_single_type_can_be_chosen(ours: Tenant) -> None:
    endpoint = await made(ours, eventTypes=["assignment.pending"])
    assignment_id = ours.assignment().id
    [told] = await items(ours, DELIVERIES, endpointId=endpoint["id"])
    assert told["subjectId"] == assignment_id


@pytest.mark.parametrize("types", [["assignment.vanished"], ["*"], ["assignment"], [""]])
async def test_an_unknown_type_is_refused(ours: Tenant, types: list[str]) -> None:
    answer = await ours.http.post(ENDPOINTS, json={"url": HOOK, "eventTypes": types})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/hook",
        "https://127.0.0.1/hook",
        "https://2130706433/hook",
        "https://[::ffff:127.0.0.1]/hook",
        "https://localhost/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://user:word@93.184.216.34/hook",
        "https://none.invalid/hook",
        "ftp://93.184.216.34/hook",
        "https://93.184.216.34:0/hook",
        "https://93.184.216.34:6379/hook",
        "https://168.63.129.16/hook",
        "https://\u2024/hook",
        "hook",
    ],
)
async def test_a_place_that_is_not_public_is_no_endpoint(ours: Tenant, url: str) -> None:
    endpoint = await made(ours)
    for method, path, body in (
        ("POST", ENDPOINTS, {"url": url}),
        ("PATCH", f"{ENDPOINTS}/{endpoint['id']}", {"url": url}),
    ):
        answer = await ours.http.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "address_not_allowed")
        assert list(answer.json()["details"]) == ["url"]
    assert await items(ours, ENDPOINTS) == [endpoint]


async def test_private_places_are_told_where_the_operator_allows_it(
    app: FastAPI, make_context: Callable[..., Context], ours: Tenant
) -> None:
    app.state.context = make_context(allow_private_webhooks=True)
    assert (await made(ours, url="http://localhost:9/hook"))["isEnabled"]


async def test_a_name_is_left_to_a_proxy_that_enforces_the_policy_and_an_address_is_not(
    app: FastAPI, make_context: Callable[..., Context], ours: Tenant
) -> None:
    proxy = {"webhook_proxy": "http://proxy.invalid:3128"}
    app.state.context = make_context(**proxy)
    named = {"url": "https://none.invalid/hook"}
    assert (await ours.http.post(ENDPOINTS, json=named)).status_code == 400
    app.state.context = make_context(**proxy, webhook_proxy_enforces_policy=True)
    assert (await made(ours, **named))["isEnabled"]
    for host in ("127.0.0.1", "2130706433", "169.254.169.254"):
        answer = await ours.http.post(ENDPOINTS, json={"url": f"https://{host}/hook"})
        assert (answer.status_code, answer.json()["code"]) == (400, "address_not_allowed")


async def test_there_are_not_more_endpoints_than_can_be_told(ours: Tenant) -> None:
    for _ in range(20):
        await made(ours)
    answer = await ours.http.post(ENDPOINTS, json={"url": HOOK})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_endpoints")


async def test_a_change_leaves_what_it_does_not_name(ours: Tenant) -> None:
    endpoint = await made(ours, eventTypes=["endpoint.disabled"])
    path = f"{ENDPOINTS}/{endpoint['id']}"
    changed = (await ours.http.patch(path, json={"description": "The backend"})).json()
    assert changed == {**endpoint, "description": "The backend"}
    for wrong in ({}, {"url": None}, {"eventTypes": None}, {"isEnabled": None}):
        assert (await ours.http.patch(path, json=wrong)).status_code == 400, wrong


async def test_an_endpoint_that_is_switched_off_is_told_nothing(ours: Tenant) -> None:
    endpoint = await made(ours)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    ours.assignment()
    before = await items(ours, DELIVERIES)

    await ours.http.patch(path, json={"isEnabled": False})
    ours.assignment()

    told = await items(ours, DELIVERIES)
    assert {item["id"]: item["state"] for item in told} == {item["id"]: "failed" for item in before}
    again = f"{DELIVERIES}/{told[0]['id']}/redeliver"
    assert (await ours.http.post(again)).json()["code"] == "endpoint_disabled"
    assert (await ours.http.patch(path, json={"isEnabled": True})).json() == endpoint
    assert (await ours.http.post(again)).status_code == 202


async def test_a_redelivery_has_all_of_its_time_again(ours: Tenant) -> None:
    await made(ours)
    ours.assignment()
    delivery = (await items(ours, DELIVERIES))[0]
    answer = await ours.http.post(f"{DELIVERIES}/{delivery['id']}/redeliver")
    assert answer.status_code == 202
    again = answer.json()
    assert (await ours.http.get(f"{DELIVERIES}/{delivery['id']}")).json() == again
    assert again["state"] == "pending"
    assert again["givesUpAt"] > delivery["givesUpAt"]


async def test_an_endpoint_goes_with_its_deliveries(ours: Tenant) -> None:
    endpoint = await made(ours)
    ours.assignment()
    path = f"{ENDPOINTS}/{endpoint['id']}"
    assert (await ours.http.delete(path)).status_code == 204
    assert await items(ours, DELIVERIES) == []
    assert (await ours.http.get(path)).status_code == 404


async def test_a_secret_can_be_read_and_rotated(ours: Tenant) -> None:
    endpoint = await made(ours)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    first = await secret_of(ours, endpoint["id"])
    assert first.startswith("whsec_")

    rotated = (await ours.http.post(f"{path}/rotate-secret")).json()

    assert rotated["secret"] == await secret_of(ours, endpoint["id"]) != first
    left = datetime.fromisoformat(rotated["oldSecretEndsAt"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    at_once = await ours.http.post(f"{path}/rotate-secret", json={"overlapHours": 0})
    assert at_once.json()["oldSecretEndsAt"] is None
    assert first not in (await ours.http.get(path)).text


async def test_a_callback_is_told_of_its_own_assignment_alone(ours: Tenant) -> None:
    connection, video = ours.connection(), ours.video()
    body = {"connectionId": connection.id, "videoId": video.id, "payload": {"title": "Bread"}}
    answer = await ours.http.post("/api/v1/assignments", json={**body, "callbackUrl": HOOK})
    assert answer.status_code == 201, answer.text
    await ours.http.post("/api/v1/assignments", json=body)

    assert answer.json()["callbackUrl"] == HOOK
    [told] = await items(ours, DELIVERIES)
    assert (told["subjectId"], told["url"]) == (answer.json()["id"], HOOK)
    [callbacks] = await items(ours, ENDPOINTS)
    assert (callbacks["id"], callbacks["url"]) == (told["endpointId"], None)
    assert (await secret_of(ours, callbacks["id"])).startswith("whsec_")


async def test_the_secret_of_callbacks_can_be_had_before_the_first_one(ours: Tenant) -> None:
    first, again = await made(ours, url=None), await made(ours, url=None)
    assert first == again
    path = f"{ENDPOINTS}/{first['id']}"
    for answer in (
        await ours.http.delete(path),
        await ours.http.patch(path, json={"isEnabled": False}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "callbacks_endpoint")
    assert (await ours.http.post(f"{path}/rotate-secret")).status_code == 200


async def test_who_is_refused_a_private_place_hears_of_the_setting_that_allows_it(
    ours: Tenant,
) -> None:
    private = await ours.http.post(ENDPOINTS, json={"url": "https://10.0.0.1/hook"})
    plain = await ours.http.post(ENDPOINTS, json={"url": "http://93.184.216.34/hook"})
    assert "CASTLINE_ALLOW_PRIVATE_WEBHOOKS" in private.text
    assert "CASTLINE" not in plain.text


async def test_a_callback_to_a_private_place_is_refused(ours: Tenant) -> None:
    body = {
        "connectionId": ours.connection().id,
        "videoId": ours.video().id,
        "payload": {"title": "Bread"},
        "callbackUrl": "https://10.0.0.1/hook",
    }
    answer = await ours.http.post("/api/v1/assignments", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "address_not_allowed")
    assert list(answer.json()["details"]) == ["callbackUrl"]
    assert await items(ours, "/api/v1/assignments") == []
