"""Secrets stay secret: a long journey is walked afterwards for everything it had to hide."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from activities.credentials import unpack
from domain.secrets import Secret
from runtime.codec import SealingCodec
from store.queries import connections, tickets, transfers
from tests.support import leaks
from tests.support.devserver import DevServer
from tests.support.emulator import CLIENT_SECRET, Emulator
from tests.support.stack import Stack, Tenant, eventually, running_stack

PLANTED = "planted-secret-0123456789"


@dataclass
class Journey:
    """What a workspace does, and every secret that it met on the way."""

    tenant: Tenant
    secrets: dict[str, str] = field(default_factory=dict)
    hay: dict[str, bytes] = field(default_factory=dict)

    @property
    def stack(self) -> Stack:
        return self.tenant.stack

    def met(self, name: str, secret: str | Secret | None) -> None:
        assert secret, name
        text = secret.reveal() if isinstance(secret, Secret) else secret
        assert len(text) >= 12, f"{name} is too short to be looked for"
        self.secrets[name] = text

    async def consent(self, which: str, connection_id: str | None = None) -> str:
        ticket = await self.tenant.ticket(connectionId=connection_id)
        async with self.stack.browser() as browser:
            page = await browser.get(ticket["authUrl"])
            self.met(f"{which} state", httpx.URL(page.headers["location"]).params["state"])
            self.met(f"{which} cookie", browser.cookies["castline"])
            with self.stack.parts.store.read() as session:
                row = tickets.get_ticket(session, ticket["ticketId"])
            self.met(f"{which} verifier", tickets.open_verifier(self.stack.parts.vault, row))
            back = await asyncio.to_thread(self.stack.emulator.consent, page.headers["location"])
            self.met(f"{which} code", httpx.URL(back).params["code"])
            answer = await browser.get(back)
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        self.meet_tokens(f"{which} consent", query["connectionId"][0])
        return query["connectionId"][0]

    def meet_tokens(self, which: str, connection_id: str) -> None:
        parts = self.stack.parts
        with parts.store.read() as session:
            stored = connections.get_credential(session, parts.vault, connection_id)
        credential = unpack(stored.secret)
        self.met(f"access token of the {which}", credential.access_token)
        self.met(f"refresh token of the {which}", credential.refresh_token)

    async def publish(self, which: str, connection_id: str, title: str) -> str:
        """Publish slowly, so that the session can be met while there is one."""
        self.stack.emulator.fault("videos.insert.transfer", "trickle", bytes_per_second=60_000)
        assignment = await self.tenant.assign(connection_id, payload={"title": title})

        async def session_uri() -> Secret | None:
            with self.stack.parts.store.read() as session:
                row = transfers.find_transfer(session, assignment["id"])
            return None if row is None else transfers.find_session(self.stack.parts.vault, row)

        uri = await eventually(session_uri)
        assert uri is not None
        self.met(f"session of the {which}", uri)
        self.met(f"upload id of the {which}", httpx.URL(uri.reveal()).params["upload_id"])
        # While it runs there is a pending activity to look at, with its heartbeat.
        await self.walk_workflows("running ")
        ended = await self.tenant.until(assignment["id"], "published", "failed")
        return str(ended["state"])

    async def walk_workflows(self, when: str = "") -> None:
        walked = await leaks.workflows(self.stack.client, SealingCodec(self.stack.parts.keyring))
        self.hay |= {when + name: data for name, data in walked.items()}


@pytest.fixture
def logs() -> Iterator[leaks.Logs]:
    handler, root = leaks.Logs(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
async def journey(tmp_path: Path, emulator: Emulator) -> AsyncIterator[Journey]:
    """An installation of its own, Temporal's database included."""
    server = DevServer(tmp_path)
    await server.start()
    try:
        async with running_stack(tmp_path, emulator, server.address) as stack:
            yield Journey(await stack.tenant("secretive"))
    finally:
        server.kill()


async def test_no_secret_is_found_after_a_long_journey(
    journey: Journey, logs: leaks.Logs, emulator: Emulator, tmp_path: Path
) -> None:
    journey.met("API key", journey.tenant.key)
    journey.met("client secret", CLIENT_SECRET)
    for key in json.loads((tmp_path / "keyset.json").read_text())["key"]:
        journey.met(f"key {key['keyId']}", key["keyData"]["value"])

    connection_id = await journey.consent("first")
    assert await journey.publish("first", connection_id, "Bread") == "published"
    emulator.advance(2 * 3600)
    assert await journey.publish("refreshed", connection_id, "Butter") == "published"
    journey.meet_tokens("refresh", connection_id)
    emulator.fault("videos.insert.start", "processing_rejects", reason="duplicate")
    assert await journey.publish("rejected", connection_id, "Bread") == "failed"
    emulator.fault("oauth.token.exchange", "status", status=500)
    await journey.consent("second", connection_id)
    assert await journey.publish("last", connection_id, PLANTED) == "published"

    await journey.walk_workflows()
    journey.hay |= leaks.files(tmp_path) | {"log": logs.data}
    logging.getLogger("castline.api").debug("%s", PLANTED)
    assert {"castline.db", "castline.db-wal", "temporal.db", "log"} <= journey.hay.keys()
    assert len(set(journey.secrets.values())) == 24
    assert leaks.found(journey.secrets, journey.hay) == set()

    # The same walk finds what is there: a title is no secret, and lies in all of these.
    seen = {where for _, where in leaks.found({"title": PLANTED}, journey.hay | {"log": logs.data})}
    assert {"castline.db-wal", "log"} <= seen
    assert any(where.startswith("history of assignment/") for where in seen)
    assert any(where.startswith("running description of assignment/") for where in seen)


@pytest.mark.parametrize(
    "hidden",
    [
        PLANTED,
        f"https://castline.example.com/?code={PLANTED}",
        json.dumps({"data": "cGxhbnRlZC1zZWNyZXQtMDEyMzQ1Njc4OQ=="}),
        "eyJkYXRhIjogImNHeGhiblJsWkMxelpXTnlaWFF0TURFeU16UTFOamM0T1E9PSJ9",
        "ya29.a0AfB_byC-1234567890",
        "PUT /upload/youtube/v3/videos?upload_id=AJabcdef",
    ],
)
def test_a_hidden_secret_is_found(hidden: str) -> None:
    assert leaks.found({"it": PLANTED}, {"there": hidden.encode()})
