"""The customer: a backend that uses the HTTP API as a good client should.

It connects channels and Pages before the storm. An assignment is posted with an idempotency key
and, whatever happens (nobody listens, no answer comes, 409 while an earlier try is in flight, a
5xx), posted again with the same key and body until the answer is a 2xx; from then on it is
accepted, and nothing more is done for it. After the storm everything the API tells is read.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from chaos.deeds import Order
from chaos.storm import ACCOUNTS
from testkit import meta
from testkit.clips import Clip
from testkit.emulator import Emulator

_PATIENCE = 15.0
"""Seconds for an answer, before it counts as lost."""
_INSISTING_SECONDS = 300.0
_PAUSE = 0.5
_PAGE = 100
_PERSON = "studio@example.test"


def owner_of(account: int) -> str:
    """The person who owns a channel, by its number from 0."""
    return f"studio-{account + 1}@example.test"


class Refused(Exception):
    """The API said no, and it would say so again."""


@dataclass(frozen=True, slots=True)
class Accepted:
    assignment_id: str
    tries: int


class Customer:
    """Use it as a context."""

    def __init__(self, api: str, key: str) -> None:
        self._http = httpx2.AsyncClient(
            base_url=f"{api}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=_PATIENCE,
            # Nothing is kept open: an answer that was lost with its process shall not cost two.
            limits=httpx2.Limits(max_keepalive_connections=0),
            trust_env=False,
        )
        self._connections: Mapping[str, Sequence[str]] = {}
        self.refusals: Counter[str] = Counter()
        """What posts were answered with that had to be repeated: status and code, or nothing."""

    async def __aenter__(self) -> "Customer":
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self._http.aclose()

    async def connect(self, emulator: Emulator) -> None:
        """Connect `ACCOUNTS` channels and as many Pages."""
        channels: list[str] = []
        for number in range(1, ACCOUNTS + 1):
            email = owner_of(number - 1)
            title = {"title": f"Studio {number}"}
            emulator.account(email, platform="youtube", channels=[title])
            channels += await self._consent(emulator, "youtube", email)
        emulator.account(_PERSON, platform="facebook", pages=ACCOUNTS)
        pages = await self._consent(emulator, "facebook", _PERSON)
        self.use({"youtube": channels, "facebook": pages})

    def use(self, connections: Mapping[str, Sequence[str]]) -> None:
        """Post to these connections: their ids by platform."""
        self._connections = connections

    async def reconnect(self, emulator: Emulator, account: int) -> None:
        """Have a channel's owner consent again, with a fresh ticket whenever something fails, until
        the connection is healthy, for five minutes at most."""
        connection = self._connections["youtube"][account]
        deadline = monotonic() + _INSISTING_SECONDS
        while monotonic() < deadline:
            # Whatever failed, and there is much that may: the person begins again.
            with suppress(Exception):
                await self._consent(emulator, "youtube", owner_of(account), connectionId=connection)
                if (await self._read(f"/connections/{connection}"))["health"] == "healthy":
                    return
            await asyncio.sleep(_PAUSE)

    async def subscribe(self, url: str) -> None:
        """Have every event of an assignment told to an address."""
        await self._ask("POST", "/webhooks/endpoints", {"url": url, "eventTypes": ["assignment.*"]})

    async def post(self, order: Order, clip: Clip) -> Accepted:
        """Insist until the order is accepted. Raises `Refused` for what will never be, and after
        five minutes."""
        body = {
            "connectionId": self._connections[order.platform][order.account],
            "type": order.type,
            "mediaUrl": clip.url,
            "externalId": order.key,
            "payload": {"title": order.title, "privacy": "public"},
        }
        tries = 0
        deadline = monotonic() + _INSISTING_SECONDS
        while monotonic() < deadline:
            tries += 1
            answer = await self._try(order, body)
            if answer is not None and answer.is_success:
                return Accepted(answer.json()["id"], tries)
            if answer is not None and answer.is_client_error and answer.status_code not in _PASSES:
                raise Refused(f"{answer.status_code} {answer.text[:300]}")
            self.refusals["no answer" if answer is None else _say(answer)] += 1
            await asyncio.sleep(_PAUSE)
        raise Refused(f"not accepted in {tries} tries")

    async def knows(self, assignment_id: str) -> bool:
        """True when the API knows the assignment."""
        found = await self._until_answered("GET", f"/assignments/{assignment_id}")
        if found.status_code == _NOT_FOUND:
            return False
        found.raise_for_status()
        return True

    async def find(self, order: Order) -> str | None:
        """The assignment of an order by its `externalId`, or None."""
        items = (await self._read(f"/assignments?externalId={order.key}"))["items"]
        return items[0]["id"] if items else None

    async def assignments(self) -> list[dict[str, Any]]:
        """Every assignment, newest first."""
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            part = await self._read(f"/assignments?limit={_PAGE}&page={page}")
            found += part["items"]
            if page * _PAGE >= part["total"]:
                return found
            page += 1

    async def force_retry(self, assignment_id: str) -> None:
        """Say that the video is not on the platform. Nothing where the API refuses it or is away:
        the caller looks again."""
        body = {"force": True, "reason": "Looked by hand: the video is not on the account."}
        with suppress(httpx2.TransportError):
            await self._http.post(f"/assignments/{assignment_id}/retry", json=body)

    async def connections(self) -> list[dict[str, Any]]:
        """The connections, which shall all be well."""
        listed: list[dict[str, Any]] = (await self._read("/connections"))["items"]
        return listed

    async def events(self) -> list[dict[str, Any]]:
        """Everything that ever happened to an assignment, in its order."""
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            part = await self._read(f"/events?limit={_PAGE}&after={after}")
            if not part["items"]:
                return [event for event in found if event["type"].startswith("assignment.")]
            found += part["items"]
            after = part["next"]

    async def _try(self, order: Order, body: object) -> httpx2.Response | None:
        headers = {"Idempotency-Key": order.key}
        try:
            return await self._http.post("/assignments", json=body, headers=headers)
        except httpx2.TransportError:
            return None

    async def _consent(
        self, emulator: Emulator, platform: str, person: str, **fields: str
    ) -> list[str]:
        """Follow a ticket as the person's browser does; return the connections it made."""
        done = str(self._http.base_url.join("/api/v1/oauth/done"))
        body = {"platform": platform, "redirectUrl": done, **fields}
        ticket = await self._ask("POST", "/oauth/tickets", body)
        async with httpx2.AsyncClient(timeout=_PATIENCE, trust_env=False) as browser:
            page = (await _visit(browser, ticket["authUrl"])).headers["location"]
            give = meta.consent if platform == "facebook" else Emulator.consent
            back = await _visit(browser, await asyncio.to_thread(give, emulator, page, person))
        query = parse_qs(urlsplit(back.headers["location"]).query)
        return query["connectionIds"][0].split(",")

    async def _read(self, path: str) -> Any:
        answer = await self._until_answered("GET", path)
        answer.raise_for_status()
        return answer.json()

    async def _until_answered(self, method: str, path: str) -> httpx2.Response:
        """Ask until the answer is no 5xx: a process may be away, or the disk full."""
        while True:
            with suppress(httpx2.TransportError):
                answer = await self._http.request(method, path)
                if not answer.is_server_error:
                    return answer
            await asyncio.sleep(_PAUSE)

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = await self._http.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()


async def _visit(browser: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """Visit an address, again for as long as it shows the waiting page."""
    while True:
        page = await browser.get(url)
        if "Refresh" not in page.headers:
            return page
        await asyncio.sleep(_PAUSE)


def _say(answer: httpx2.Response) -> str:
    with suppress(ValueError):
        return f"{answer.status_code} {answer.json()['code']}"
    return str(answer.status_code)


_NOT_FOUND = 404
_PASSES = frozenset({408, 409, 425, 429})
"""What is no refusal, though it is a 4xx."""
