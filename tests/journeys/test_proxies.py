"""A publish from where no way leads out but the proxies: each request takes that of its kind."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from runtime.settings import Settings
from runtime.settings_rules import variable
from testkit.clips import CLIP
from testkit.emulator import Emulator
from testkit.pictures import jpeg
from tests.support.connect_proxy import ConnectProxy
from tests.support.origin import Origin
from tests.support.receiver import Receiver
from tests.support.sealed import passed_in, require_namespaces, sealed
from tests.support.stack import Stack, eventually, running_stack, stack_apart, temporal_server

TEMPORAL, PLATFORMS, SOURCES, WEBHOOKS = 18001, 18002, 18003, 18004
"""The ports in the namespace at which it has what is passed into it."""


@dataclass
class Installation:
    stack: Stack
    """Whose API and worker run in the namespace."""
    platforms: ConnectProxy
    sources: ConnectProxy
    webhooks: ConnectProxy


@pytest.fixture
async def installation(tmp_path: Path, emulator: Emulator) -> AsyncIterator[Installation]:
    require_namespaces()
    emulator.switch(processing_seconds=0)
    api = tmp_path / "api"
    ways = {port: tmp_path / str(port) for port in (TEMPORAL, PLATFORMS, SOURCES, WEBHOOKS)}
    async with (
        temporal_server() as temporal,
        running_stack(tmp_path, emulator, temporal, works=False) as stack,
        httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(uds=str(api)),
            base_url=stack.parts.settings.url,
            timeout=60,
        ) as http,
    ):
        host, _, port = temporal.partition(":")
        with (
            passed_in(ways[TEMPORAL], host, int(port)),
            ConnectProxy(user="p", password="geheim", unix=ways[PLATFORMS]) as platforms,
            ConnectProxy(user="s", password="geheim", unix=ways[SOURCES]) as sources,
            ConnectProxy(user="w", password="geheim", unix=ways[WEBHOOKS]) as webhooks,
        ):
            environment = {
                **inside(stack.parts.settings),
                "HTTP_PROXY": platforms.url_on(PLATFORMS),
                "CASTLINE_SOURCE_PROXY": sources.url_on(SOURCES),
                "CASTLINE_WEBHOOK_PROXY": webhooks.url_on(WEBHOOKS),
            }
            with sealed(api, ways, environment):
                await eventually(lambda: is_ready(http), within=120)
                yield Installation(replace(stack, http=http), platforms, sources, webhooks)


def inside(settings: Settings) -> dict[str, str]:
    """The same settings for a process in the namespace."""
    chosen = {
        "data_dir": settings.data_dir,
        "temporal_address": f"127.0.0.1:{TEMPORAL}",
        "emulator_url": settings.emulator_url,
        "public_url": settings.public_url,
        "allow_private_sources": settings.allow_private_sources,
        "sqlite_synchronous": settings.sqlite_synchronous,
    }
    return {variable(name): str(value) for name, value in chosen.items()}


async def is_ready(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).is_success
    except httpx2.TransportError:
        return False


def hosts(proxy: ConnectProxy) -> set[str]:
    """What it has connected to. `localhost` is asked for by each of its addresses."""
    return {asked.replace("[::1]", "127.0.0.1") for asked in proxy.asked}


async def test_every_request_goes_through_the_proxy_of_its_kind(
    installation: Installation,
) -> None:
    stack = installation.stack
    tenant = await stack.tenant("behind proxies")
    with Origin(CLIP.read_bytes()) as source, Origin(jpeg()) as picture, Receiver() as receiver:
        await tenant.ask("POST", "/api/v1/webhooks/endpoints", {"url": receiver.url})
        connection_id = await tenant.connection()

        published = await tenant.publish(
            connection_id,
            mediaUrl=source.url,
            payload={"title": "Bread", "thumbnailUrl": picture.url},
        )
        assert published["state"] == "published", published
        assert published["warnings"] == {}
        await eventually(lambda: told(receiver), lambda types: "assignment.published" in types)

        (video,) = stack.emulator.videos()
        assert video["sha256"] == hashlib.sha256(CLIP.read_bytes()).hexdigest()
        calls = stack.emulator.state()["calls"]
        assert calls["oauth.token.exchange"] == 1
        for operation in ("videos.insert.start", "videos.insert.transfer", "thumbnails.set"):
            assert calls[operation] == 1
        assert hosts(installation.platforms) == {urlsplit(stack.emulator.url).netloc}
        assert hosts(installation.sources) == {
            urlsplit(origin.url).netloc.replace("localhost", "127.0.0.1")
            for origin in (source, picture)
        }
        assert hosts(installation.webhooks) == {f"127.0.0.1:{receiver.port}"}


async def told(receiver: Receiver) -> list[str]:
    return receiver.types


async def test_a_proxy_that_refuses_is_named_as_what_an_upload_waits_for(
    tmp_path: Path, emulator: Emulator
) -> None:
    with ConnectProxy(user="p", password="geheim") as proxy:
        async with stack_apart(tmp_path, emulator, platform_proxy=proxy.url) as stack:
            tenant = await stack.tenant("refused")
            connection_id = await tenant.connection()
            proxy.status = 407
            assignment = await tenant.assign(connection_id)
            seen = await tenant.until(assignment["id"], "waiting", "published", "failed")
    assert (seen["state"], seen["waitReason"]) == ("waiting", "platform")
    assert (seen["errorCode"], seen["remedy"]) == ("platform_proxy_refused", "operator")
    assert "127.0.0.1 (status 407)" in seen["error"]
    assert "CASTLINE_PLATFORM_PROXY" in seen["error"]
    assert "geheim" not in str(seen)
