"""What becomes of an assignment that meets an error: every one of them, each on its own Page.

One person has as many Pages as there are errors. Each Page is met by its error and by nothing
else, so that each connection also shows that it suffers from its own alone.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from testkit.clips import CLIP
from tests.support.meta_errors import COOLDOWNS, OPERATORS, PERSONS, REFUSALS, THROTTLES, WAITS
from tests.support.stack import Tenant, eventually

PERSON = "errors@example.test"
OF_BYTES = {"6001", "1363037", "1363019", "1363021", "1363030", "1363033", "1363041"}
"""What a piece of the video is answered with; all others are met when the session is opened."""
AT_ONCE = 50
"""Connections that one request may name."""


@dataclass(frozen=True, slots=True)
class Case:
    """An error, how often it is met (None: always), and what comes of it."""

    reason: str
    times: int | None
    state: str
    wait_reason: str | None = None
    code: str | None = None
    health: str = "healthy"


def cases() -> list[Case]:
    return [
        *(
            Case(reason, 1, "published")
            if tries is None
            else Case(reason, None, "failed", code=code)
            for reason, (code, tries) in WAITS.items()
        ),
        *(Case(reason, None, "waiting", "quota", "rate_limited") for reason in THROTTLES),
        *(Case(reason, None, "waiting", "quota", code) for reason, code in COOLDOWNS.items()),
        *(
            Case(reason, None, "waiting", "connection", code, _health(code))
            for reason, code in PERSONS.items()
        ),
        *(Case(reason, None, "failed", code=code) for reason, code in REFUSALS.items()),
        *(Case(reason, None, "waiting", "platform", code) for reason, code in OPERATORS.items()),
    ]


def _health(code: str) -> str:
    return "insufficient_scope" if code == "scope_missing" else "needs_reauth"


async def assign(tenant: Tenant, connection_ids: list[str]) -> list[dict[str, Any]]:
    """One video, an assignment of it for each connection."""
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": CLIP.as_uri()})
    groups = [
        await tenant.ask(
            "POST",
            "/api/v1/assignments",
            {
                "connectionIds": connection_ids[start : start + AT_ONCE],
                "videoId": video["id"],
                "payload": {"title": "A clip"},
            },
        )
        for start in range(0, len(connection_ids), AT_ONCE)
    ]
    return [row for group in groups for row in group["items"]]


async def until_it_shows(tenant: Tenant, assignment_id: str, case: Case) -> None:
    wanted = (case.state, case.wait_reason, case.code)

    def shows(row: dict[str, Any]) -> bool:
        return (row["state"], row["waitReason"], row["errorCode"]) == wanted

    await eventually(lambda: tenant.look(assignment_id), shows, within=60)


async def test_every_error_has_its_own_outcome(tenant: Tenant) -> None:
    all_cases = cases()
    tenant.stack.emulator.account(PERSON, platform="facebook", pages=len(all_cases))
    met = dict(zip((await tenant.pages(PERSON)).values(), all_cases, strict=True))
    for connection_id, case in met.items():
        page = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
        tenant.stack.emulator.fault(
            f"page_videos.{'transfer' if case.reason in OF_BYTES else 'start'}",
            "graph_error",
            reason=case.reason,
            times=case.times,
            owner=page["accountId"],
        )
    rows = await assign(tenant, list(met))
    try:
        await asyncio.gather(
            *(until_it_shows(tenant, row["id"], met[row["connectionId"]]) for row in rows)
        )
        for connection_id, case in met.items():
            page = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
            assert (page["health"], case) == (case.health, case)
    finally:
        # What is parked would go on in the middle of other journeys.
        for row in rows:
            if met[row["connectionId"]].state == "waiting":
                await tenant.ask("DELETE", f"/api/v1/assignments/{row['id']}")
