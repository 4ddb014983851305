"""Secrets stay secret: a long journey is walked afterwards for everything it had to hide."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from activities.access.packing import unpack
from api.services.consent_pages import open_state
from domain.secrets import Secret
from domain.states import TokenLife
from store.queries.access import credentials
from store.queries.publishing import transfers
from testkit import meta
from testkit.clips import UPRIGHT
from testkit.emulator import CLIENT_SECRET, Emulator
from tests.support import leaks
from tests.support.devserver import DevServer
from tests.support.stack import Stack, Tenant, eventually, running_stack

PLANTED = "planted-secret-0123456789"
CONSENTS: dict[str, Callable[[Emulator, str], str]] = {
    "youtube": Emulator.consent,
    "facebook": meta.consent,
}


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

    async def consent(
        self, which: str, connection_id: str | None = None, *, platform: str = "youtube"
    ) -> str:
        """Go through a consent; return the first connection that it made."""
        ticket = await self.tenant.ticket(platform=platform, connectionId=connection_id)
        async with self.stack.browser() as browser:
            page = await browser.get(ticket["authUrl"])
            self.met(f"{which} state", httpx2.URL(page.headers["location"]).params["state"])
            (cookie,) = browser.cookies.values()
            self.met(f"{which} cookie", cookie)
            opened = open_state(self.stack.parts.vault, Secret(self.secrets[f"{which} state"]))
            assert opened is not None
            self.met(f"{which} verifier", opened.verifier(Secret(cookie)))
            decide = CONSENTS[platform]
            back = await asyncio.to_thread(decide, self.stack.emulator, page.headers["location"])
            self.met(f"{which} code", httpx2.URL(back).params["code"])
            answer = await browser.get(back)
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        made = query["connectionIds"][0].split(",")
        for number, connected in enumerate(made):
            self.meet_tokens(f"{which} consent, {number}", connected)
        return made[0]

    def meet_tokens(self, which: str, connection_id: str) -> None:
        parts = self.stack.parts
        with parts.store.read() as session:
            stored = credentials.get_credential(session, parts.vault, connection_id)
        credential = unpack(stored.secret)
        self.met(f"access token of the {which}", credential.access_token)
        if credential.clocks.token_life is TokenLife.RENEWED:
            self.met(f"refresh token of the {which}", credential.refresh_token)

    async def publish(
        self,
        which: str,
        connection_id: str,
        title: str,
        *,
        transfer: str = "videos.insert.transfer",
        **fields: Any,
    ) -> str:
        """Publish slowly, so that the session can be met while there is one."""
        self.stack.emulator.fault(transfer, "trickle", bytes_per_second=60_000)
        payload = {"title": title}
        assignment = await self.tenant.assign(connection_id, payload=payload, **fields)

        async def session_handle() -> Secret | None:
            with self.stack.parts.store.read() as session:
                row = transfers.find_transfer(session, assignment["id"])
            return None if row is None else transfers.find_session(self.stack.parts.vault, row)

        handle = await eventually(session_handle)
        assert handle is not None
        self.met(f"session of the {which}", handle)
        self.met(f"way to the session of the {which}", way_to_the_session(handle.reveal()))
        # While it runs there is a pending activity to look at, with its heartbeat.
        await self.walk_workflows("running ")
        ended = await self.tenant.until(assignment["id"], "published", "failed")
        return str(ended["state"])

    async def walk_timelines(self) -> None:
        listed = await self.tenant.ask("GET", "/api/v1/assignments?limit=200")
        for row in listed["items"]:
            path = f"/api/v1/assignments/{row['id']}/timeline?limit=200"
            told = await self.tenant.ask("GET", path)
            assert told["evidence"]["sessionsOpened"] or row["state"] == "failed"
            self.hay[f"timeline of {row['id']}"] = json.dumps(told).encode()

    async def walk_workflows(self, when: str = "") -> None:
        walked = await leaks.workflows(self.stack.client, self.stack.parts.keyring)
        self.hay |= {when + name: data for name, data in walked.items()}


def way_to_the_session(handle: str) -> str:
    """What alone would let anybody go on with an upload."""
    if handle.startswith("http"):
        return httpx2.URL(handle).params["upload_id"]
    fields = json.loads(handle)
    return str(fields.get("upload_session_id") or fields["upload_url"])


@pytest.fixture
def logs() -> Iterator[leaks.Logs]:
    with leaks.listening() as logs:
        yield logs


@pytest.fixture
async def journey(tmp_path: Path, emulator: Emulator) -> AsyncIterator[Journey]:
    """An installation of its own, Temporal's database included."""
    (tmp_path / "data").mkdir()
    server = DevServer(tmp_path / "data")
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
    journey.met("app secret", meta.APP_SECRET)
    for key in json.loads((tmp_path / "data" / "keyset.json").read_text())["key"]:
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
    page_id = await journey.consent("third", platform="facebook")
    emulator.switch(page_processing_seconds=0)
    emulator.fault("page_videos.finish", "lose_answer_live")
    sent = journey.publish("page's", page_id, "Rolls", transfer="page_videos.transfer")
    assert await sent == "published"
    emulator.fault("reels.finish", "lose_answer_live")
    reel: dict[str, Any] = {"type": "reel", "mediaUrl": UPRIGHT.as_uri()}
    sent = journey.publish("reel's", page_id, "Buns", transfer="reels.transfer", **reel)
    assert await sent == "published"
    assert await journey.publish("last", connection_id, PLANTED) == "published"
    await journey.walk_timelines()

    await journey.walk_workflows()
    journey.hay |= leaks.files(tmp_path / "data") | {"log": logs.data}
    logging.getLogger("castline.api").debug("%s", PLANTED)
    assert any(where.startswith("timeline of ") for where in journey.hay)
    assert {"castline.db", "castline.db-wal", "temporal.db", "log"} <= journey.hay.keys()
    assert len(set(journey.secrets.values())) == 35
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
        f"GET /v27.0/debug_token?input_token=EAAB{'0a1b' * 10}",
        "Authorization: OAuth 100000000000001|emulator-app-secret",
    ],
)
def test_a_hidden_secret_is_found(hidden: str) -> None:
    assert leaks.found({"it": PLANTED}, {"there": hidden.encode()})
