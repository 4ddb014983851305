"""Wait, don't fail: what a budget, a person or an outage holds up goes on from where it was."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from testkit.clips import MIB, Clip, make_clip, the_only_video
from testkit.emulator import ANA
from tests.support.stack import Stack, Tenant, Visit

TRANSFER = "videos.insert.transfer"
START = "videos.insert.start"


@pytest.fixture
def clip(stack: Stack) -> Clip:
    """Four chunks. What is uploaded is processed at once."""
    stack.emulator.switch(processing_seconds=0)
    return make_clip(stack.media)


def next_midnight_in_california() -> datetime:
    there = datetime.now(ZoneInfo("America/Los_Angeles"))
    return datetime.combine(there.date(), time.min, there.tzinfo) + timedelta(days=1)


def a_day_later() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


async def waiting(tenant: Tenant, assignment_id: str, reason: str) -> dict[str, Any]:
    """Wait until it waits, and check what it says of that."""
    seen = await tenant.until(assignment_id, "waiting", "published", "failed")
    assert (seen["state"], seen["waitReason"]) == ("waiting", reason)
    return seen


async def reconnect(tenant: Tenant, connection_id: str, account: str = ANA) -> Visit:
    """Authorize a connection again."""
    ticket = await tenant.ticket(connectionId=connection_id)
    return await tenant.browse(ticket["authUrl"], account=account)


async def health(tenant: Tenant, connection_id: str) -> str:
    connection = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    told: str = connection["health"]
    return told


@pytest.mark.parametrize(
    ("kind", "code", "until"),
    [
        ("daily_limit", "uploads_per_day_exhausted", next_midnight_in_california),
        ("quota_exceeded", "quota_exhausted", next_midnight_in_california),
        ("upload_limit", "channel_upload_limit", a_day_later),
    ],
)
async def test_an_empty_budget_is_waited_for_until_it_is_full_again(
    tenant: Tenant,
    stack: Stack,
    clip: Clip,
    kind: str,
    code: str,
    until: Callable[[], datetime],
) -> None:
    stack.emulator.fault(START, kind, times=None)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    seen = await waiting(tenant, assignment["id"], "quota")

    assert (seen["errorCode"], seen["remedy"]) == (code, "wait")
    late = datetime.fromisoformat(seen["waitUntil"]) - until()
    assert abs(late) < timedelta(seconds=30)
    assert stack.emulator.calls(START) == 1
    cancelled = await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")
    assert (cancelled["state"], cancelled["waitUntil"]) == ("cancelled", None)


async def test_a_budget_that_empties_in_mid_upload_keeps_what_was_sent(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "quota_exceeded", skip=2)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    await waiting(tenant, assignment["id"], "quota")

    (session,) = stack.emulator.state()["sessions"]
    assert (session["state"], session["stored"]) == ("open", 2 * MIB)
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")
    (session,) = stack.emulator.state()["sessions"]
    assert session["state"] == "cancelled"


async def test_an_outage_is_waited_out(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault(START, "status", status=503, retry_after=1, times=None)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    seen = await waiting(tenant, assignment["id"], "platform")

    assert (seen["errorCode"], seen["remedy"]) == ("platform_error", "wait")
    assert datetime.fromisoformat(seen["waitUntil"]) > datetime.now(UTC)
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")


async def test_a_platform_that_asks_for_a_long_pause_gets_it(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "status", status=503, retry_after=7200, skip=1)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    seen = await waiting(tenant, assignment["id"], "platform")

    late = datetime.fromisoformat(seen["waitUntil"]) - datetime.now(UTC)
    assert timedelta(minutes=118) < late < timedelta(minutes=121)
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")


@pytest.mark.parametrize(
    ("operation", "skip", "sent_twice"),
    [(START, 0, 0), (TRANSFER, 2, MIB), ("videos.list", 0, 0)],
    ids=["at its start", "in mid-upload", "while it is processed"],
)
async def test_a_revoked_grant_is_waited_for_and_the_work_goes_on(
    tenant: Tenant, stack: Stack, clip: Clip, operation: str, skip: int, sent_twice: int
) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault(operation, "revoke_grant", skip=skip)
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)
    seen = await waiting(tenant, assignment["id"], "connection")
    assert seen["remedy"] == "reconnect"
    assert await health(tenant, connection_id) == "needs_reauth"

    visit = await reconnect(tenant, connection_id)

    assert (visit.result["status"], visit.result["connectionId"]) == ("success", connection_id)
    published = await tenant.until(assignment["id"], "published", "failed", within=5)
    assert published["state"] == "published"
    assert (published["errorCode"], published["waitReason"]) == (None, None)
    assert await health(tenant, connection_id) == "healthy"
    the_only_video(stack.emulator, clip)
    (session,) = stack.emulator.state()["sessions"]
    assert session["received"] == clip.size + sent_twice


async def test_another_account_releases_nothing(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault(START, "revoke_grant")
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)
    seen = await waiting(tenant, assignment["id"], "connection")

    visit = await reconnect(tenant, connection_id, "ben@example.test")

    assert visit.result["status"] == "error"
    assert await health(tenant, connection_id) == "needs_reauth"
    connections = await tenant.ask("GET", "/api/v1/connections")
    assert [item["id"] for item in connections["items"]] == [connection_id]
    assert await tenant.look(assignment["id"]) == seen
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")


async def test_what_waits_for_a_person_can_be_cancelled_without_one(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "revoke_grant", skip=1)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    await waiting(tenant, assignment["id"], "connection")

    cancelled = await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")

    assert cancelled["state"] == "cancelled"
    assert stack.emulator.videos() == []
