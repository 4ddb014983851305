"""The codec endpoint of the Temporal Web UI."""

import base64
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlmodel import select
from temporalio.api.common.v1 import Payload

from api.context import Context
from runtime.codec import seal_payload
from store.queries import workspaces
from store.tables import CodecSession, now
from tests.support.api import Tenant, client

UI = "http://127.0.0.1:8233"
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'"bread"')


@pytest.fixture
def sealed(context: Context) -> dict[str, object]:
    payload = seal_payload(CLEAR, context.keyring, "assignment/asg_1")
    metadata = {name: _base64(value) for name, value in payload.metadata.items()}
    return {"payloads": [{"metadata": metadata, "data": _base64(payload.data)}]}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def decoded(answer: httpx2.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["payloads"][0]["data"])


async def test_an_operators_key_opens_payloads(
    app: FastAPI, operator_key: str, sealed: dict[str, object]
) -> None:
    async with client(app, {"Authorization": f"Bearer {operator_key}"}) as http:
        assert decoded(await http.post("/codec/decode", json=sealed)) == b'"bread"'


async def test_a_browser_that_signed_in_opens_payloads(
    context: Context,
    browser: httpx2.AsyncClient,
    operator_key: str,
    sealed: dict[str, object],
) -> None:
    page = await browser.post("/codec", data={"key": operator_key})
    cookie = page.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/codec"} <= set(cookie.split("; "))
    assert operator_key not in cookie
    assert decoded(await browser.post("/codec/decode", json=sealed)) == b'"bread"'
    assert "signed in" in (await browser.get("/codec")).text
    with context.store.write() as session:
        for key in workspaces.list_keys(session, None):
            workspaces.revoke_key(session, key.id)
    assert (await browser.post("/codec/decode", json=sealed)).status_code == 401


async def test_a_session_ends_at_the_time_that_the_page_states(
    context: Context,
    browser: httpx2.AsyncClient,
    operator_key: str,
    sealed: dict[str, object],
) -> None:
    page = await browser.post("/codec", data={"key": operator_key})
    with context.store.write() as session:
        (row,) = session.exec(select(CodecSession)).all()
        assert timedelta(hours=11) < row.ends_at - now() <= timedelta(hours=12)
        assert f"{row.ends_at:%d %B %Y, %H:%M} UTC" in page.text
        row.ends_at = now()
    assert (await browser.post("/codec/decode", json=sealed)).status_code == 401
    assert "signed in" not in (await browser.get("/codec")).text
    # The next sign-in removes what has ended.
    await browser.post("/codec", data={"key": operator_key})
    with context.store.read() as session:
        assert len(session.exec(select(CodecSession)).all()) == 1


async def test_a_session_that_is_signed_out_has_ended_on_the_server(
    browser: httpx2.AsyncClient, operator_key: str, sealed: dict[str, object]
) -> None:
    await browser.post("/codec", data={"key": operator_key})
    token = browser.cookies["castline_operator"]
    assert 'action="/codec/logout"' in (await browser.get("/codec")).text
    page = await browser.post("/codec/logout")
    assert "signed out" in page.text
    assert "castline_operator" not in browser.cookies
    browser.cookies.set("castline_operator", token)
    assert (await browser.post("/codec/decode", json=sealed)).status_code == 401
    assert (await browser.post("/codec/logout")).status_code == 200


async def test_a_get_signs_nobody_out(
    browser: httpx2.AsyncClient, operator_key: str, sealed: dict[str, object]
) -> None:
    await browser.post("/codec", data={"key": operator_key})
    assert (await browser.get("/codec/logout")).status_code in (404, 405)
    assert decoded(await browser.post("/codec/decode", json=sealed)) == b'"bread"'


async def test_the_page_is_kept_by_no_cache_and_framed_by_nobody(
    browser: httpx2.AsyncClient, operator_key: str
) -> None:
    pages = [
        await browser.get("/codec"),
        await browser.post("/codec", data={"key": operator_key}),
        await browser.post("/codec/logout"),
    ]
    for page in pages:
        assert page.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_only_decoding_is_open_to_the_web_uis_origin(app: FastAPI) -> None:
    asks = {"Origin": UI, "Access-Control-Request-Method": "POST"}
    async with client(app) as http:
        answer = await http.options("/codec/logout", headers=asks)
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_nobody_else_opens_payloads(
    ours: Tenant, browser: httpx2.AsyncClient, sealed: dict[str, object]
) -> None:
    assert (await ours.http.post("/codec/decode", json=sealed)).status_code == 401
    assert (await browser.post("/codec/decode", json=sealed)).status_code == 401
    refused = await browser.post("/codec", data={"key": "cl_op_wrong"})
    assert refused.status_code == 401
    assert "Set-Cookie" not in refused.headers
    for forged in ("", "x", _base64(b"forged"), _base64(b"\x01" * 60)):
        browser.cookies.set("castline_operator", forged)
        assert (await browser.post("/codec/decode", json=sealed)).status_code == 401
        assert "signed in" not in (await browser.get("/codec")).text


@pytest.mark.parametrize("body", [b"", b"\xff", b'{"payloads": 1}', b'{"no": 1}'])
async def test_what_are_no_payloads_is_400(app: FastAPI, operator_key: str, body: bytes) -> None:
    async with client(app, {"Authorization": f"Bearer {operator_key}"}) as http:
        answer = await http.post("/codec/decode", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_payloads")


@pytest.mark.parametrize(("origin", "is_let_in"), [(UI, True), ("https://evil.example", False)])
async def test_only_the_web_uis_origin_is_let_in(
    app: FastAPI, sealed: dict[str, object], origin: str, is_let_in: bool
) -> None:
    asks = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-namespace",
    }
    async with client(app) as http:
        preflight = await http.options("/codec/decode", headers=asks)
        refused = await http.post("/codec/decode", json=sealed, headers={"Origin": origin})
        elsewhere = await http.get("/api/v1/videos", headers={"Origin": origin})
    for answer in (preflight, refused):
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert (allowed == origin) is is_let_in
    assert preflight.is_success is is_let_in
    assert "Access-Control-Allow-Origin" not in elsewhere.headers
