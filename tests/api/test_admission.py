"""Rates and shares: who may ask how often and how much at once, and what refused keys leave."""

import asyncio
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event

from api.admission import AT_ONCE
from api.app import create_app
from api.context import Context
from api.slots import Slots
from domain.errors import TooManyRequests
from store.queries import workspaces
from tests.support.api import PUBLIC_URL, Tenant, tenant_of

PROXY = "10.0.0.1"
WRONG = "cl_" + "w" * 43


@asynccontextmanager
async def asking(
    app: FastAPI, peer: str = PROXY, **headers: str
) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, client=(peer, 4711))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(
        transport=transport, base_url=PUBLIC_URL, headers=named
    ) as client:
        yield client


@pytest.fixture
def make_app(make_context: Callable[..., Context]) -> Callable[..., FastAPI]:
    def make(**settings: object) -> FastAPI:
        return create_app(make_context(**settings))

    return make


async def statuses(client: httpx2.AsyncClient, path: str, times: int, **options: Any) -> list[int]:
    return [(await client.get(path, **options)).status_code for _ in range(times)]


async def test_a_key_has_its_own_rate(make_app: Callable[..., FastAPI]) -> None:
    app = make_app(rate_per_key=5)
    ours, theirs = tenant_of(app, "ours"), tenant_of(app, "theirs")
    # The first counts against the address, for the key is not known before; then one more is free.
    answers = [await ours.http.get("/api/v1/videos") for _ in range(8)]
    assert [answer.status_code for answer in answers].count(429) >= 2
    last = answers[-1]
    assert last.json()["code"] == "rate_limited"
    assert last.json()["remedy"] == "wait"
    assert int(last.headers["Retry-After"]) >= 1
    assert last.headers["RateLimit-Policy"] == '"key";q=5;w=60'
    assert last.headers["RateLimit"].startswith('"key";r=0;t=')
    assert (await theirs.http.get("/api/v1/videos")).status_code == 200


async def test_every_answer_says_what_is_left(make_app: Callable[..., FastAPI]) -> None:
    app = make_app(rate_per_address=7)
    async with asking(app) as stranger:
        page = await stranger.get("/api/v1/oauth/done")
    assert page.headers["RateLimit-Policy"] == '"address";q=7;w=60'
    assert re.fullmatch('"address";r=6;t=[1-9]', page.headers["RateLimit"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/oauth/done",
        "/api/v1/oauth/reauth/AWMp",
        "/api/v1/oauth/youtube/authorize?ticket=x",
        "/api/v1/oauth/youtube/callback?state=x&code=x",
        "/api/youtube/auth/callback/",
        "/codec",
        "/docs",
    ],
)
async def test_what_needs_no_key_is_limited_by_address(
    make_app: Callable[..., FastAPI], path: str
) -> None:
    app = make_app(rate_per_address=3)
    async with asking(app, "203.0.113.7") as one, asking(app, "203.0.113.8") as another:
        assert 429 not in await statuses(one, path, 3)
        assert await statuses(one, path, 1) == [429]
        assert 429 not in await statuses(another, path, 1)


async def test_a_forwarded_address_counts_only_from_a_trusted_proxy(
    make_app: Callable[..., FastAPI],
) -> None:
    app = make_app(rate_per_address=3, trusted_proxies="10.0.0.0/8")
    path = "/api/v1/oauth/done"
    async with asking(app, "203.0.113.7") as spoofing:
        spoofed = [
            (await spoofing.get(path, headers={"X-Forwarded-For": f"192.0.2.{n}"})).status_code
            for n in range(4)
        ]
        assert spoofed[-1] == 429
    async with asking(app, PROXY) as proxy:
        # What the client wrote itself stands left of what the proxy added.
        behind = [
            (
                await proxy.get(path, headers={"X-Forwarded-For": f"192.0.2.{n}, 198.51.100.9"})
            ).status_code
            for n in range(4)
        ]
        assert behind[-1] == 429
        other = await proxy.get(path, headers={"X-Forwarded-For": "198.51.100.10"})
        assert other.status_code != 429


async def test_an_ipv6_client_counts_by_its_network(make_app: Callable[..., FastAPI]) -> None:
    app = make_app(rate_per_address=3)
    for number in range(3):
        async with asking(app, f"2001:db8:1:2::{number + 1}") as client:
            await client.get("/api/v1/oauth/done")
    async with asking(app, "2001:db8:1:2:ffff::1") as same, asking(app, "2001:db8:1:3::1") as other:
        assert (await same.get("/api/v1/oauth/done")).status_code == 429
        assert (await other.get("/api/v1/oauth/done")).status_code != 429


async def test_wrong_keys_are_not_looked_up_for_ever(
    make_app: Callable[..., FastAPI], context: Context
) -> None:
    app = make_app(rate_refused_keys=5)
    ours = tenant_of(app, "ours")
    async with asking(app, "127.0.0.1", Authorization=f"Bearer {WRONG}") as wrong:
        assert (await ours.http.get("/api/v1/videos")).status_code == 200
        assert await statuses(wrong, "/api/v1/videos", 5) == [401] * 5
        looked_up = 0

        def count(*_: object) -> None:
            nonlocal looked_up
            looked_up += 1

        event.listen(Engine, "before_cursor_execute", count)
        try:
            assert await statuses(wrong, "/api/v1/videos", 20) == [429] * 20
            assert (await wrong.get("/api/v1/videos")).json()["code"] == "too_many_wrong_keys"
            assert looked_up == 0
        finally:
            event.remove(Engine, "before_cursor_execute", count)
    # A key that was valid before is served, from the same address too.
    assert (await ours.http.get("/api/v1/videos")).status_code == 200


async def test_wrong_operator_keys_are_counted_at_the_sign_in(
    make_app: Callable[..., FastAPI], operator_key: str
) -> None:
    app = make_app(rate_refused_keys=3)
    async with asking(app) as browser:
        for _ in range(3):
            assert (await browser.post("/codec", data={"key": "x"})).status_code == 401
        assert (await browser.post("/codec", data={"key": operator_key})).status_code == 429


async def test_a_refused_key_is_logged_with_address_and_prefix_only(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "castline.api")
    key = "cl_ab1" + "s3cret" * 7
    foreign = "ghp_" + "s3cret" * 6
    async with asking(app, "203.0.113.7", Authorization=f"Bearer {key}") as wrong:
        await wrong.get("/api/v1/videos")
        await wrong.get("/api/v1/videos", headers={"Authorization": f"Bearer {foreign}"})
    first, second = [record.getMessage() for record in caplog.records]
    assert first == "key refused: cl_ab1… from 203.0.113.7"
    assert second == "key refused: (not one of ours) from 203.0.113.7"
    assert "s3cret" not in caplog.text


async def test_a_revoked_key_loses_its_own_rate(app: FastAPI, ours: Tenant) -> None:
    assert (await ours.http.get("/api/v1/videos")).headers["RateLimit"].startswith('"address"')
    assert (await ours.http.get("/api/v1/videos")).headers["RateLimit"].startswith('"key"')
    with ours.context.store.write() as session:
        for key in workspaces.list_keys(session, ours.workspace.id):
            workspaces.revoke_key(session, key.id)
    assert (await ours.http.get("/api/v1/videos")).status_code == 401
    again = await ours.http.get("/api/v1/videos")
    assert again.status_code == 401
    assert again.headers["RateLimit"].startswith('"address"')


async def test_one_tenants_requests_leave_threads_to_the_others(
    app: FastAPI, ours: Tenant, theirs: Tenant
) -> None:
    """200 requests of one tenant hang in the database; another tenant's are served meanwhile."""
    for tenant in (ours, theirs):
        assert (await tenant.http.get("/api/v1/videos")).status_code == 200
    go_on, hanging = threading.Event(), threading.Semaphore(0)
    mine = ours.workspace.id

    def hang(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if "FROM video" in statement and mine in parameters:
            hanging.release()
            go_on.wait(60)

    event.listen(Engine, "before_cursor_execute", hang)
    try:
        flood = [asyncio.create_task(ours.http.get("/api/v1/videos")) for _ in range(200)]
        for _ in range(5):
            await asyncio.to_thread(hanging.acquire)
        served = await asyncio.wait_for(theirs.http.get("/api/v1/connections"), 20)
        assert served.status_code == 200
    finally:
        go_on.set()
        answers = await asyncio.gather(*flood)
        event.remove(Engine, "before_cursor_execute", hang)
    assert {answer.status_code for answer in answers} <= {200, 429}


async def test_a_client_beyond_its_slots_waits_and_is_then_refused() -> None:
    slots = Slots(2, patience=0.2)
    async with slots.slot("a"), slots.slot("a"), slots.slot("b"):
        with pytest.raises(TooManyRequests, match="already being worked on") as refused:
            async with slots.slot("a"):
                pass
        assert refused.value.code == "too_many_requests"

    patient = Slots(1, patience=60)
    ended: list[str] = []

    async def work(name: str) -> None:
        async with patient.slot("a"):
            await asyncio.sleep(0)
            ended.append(name)

    await asyncio.gather(*(work(str(number)) for number in range(20)))
    assert len(ended) == 20


def test_two_clients_leave_threads_to_the_others() -> None:
    assert 2 * AT_ONCE["request"] < 30
