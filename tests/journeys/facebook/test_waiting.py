"""What a person, a budget or an outage holds up goes on from where it was, on this Page alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.clips import MIB, Clip, the_only_video
from testkit.meta import ANA, BAKERY, CATERING
from tests.support.stack import Stack, Tenant, Visit, eventually

TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MODERATE"]


@pytest.fixture
async def fresh_page(tenant: Tenant, stack: Stack, request: pytest.FixtureRequest) -> str:
    """A connection whose Page no other test uses: its budget is remembered by the worker."""
    name = request.node.name
    email = f"{name}@example.test"
    stack.emulator.account(email, platform="facebook", pages=[{"name": name}])
    return (await tenant.pages(email))[name]


async def waiting(tenant: Tenant, assignment_id: str, reason: str) -> dict[str, Any]:
    """Wait until it waits, and check what it says of that."""
    seen = await tenant.until(assignment_id, "waiting", "published", "failed")
    assert (seen["state"], seen["waitReason"]) == ("waiting", reason)
    return seen


async def reconnect(tenant: Tenant, connection_id: str, account: str = ANA) -> Visit:
    ticket = await tenant.ticket(platform="facebook", connectionId=connection_id)
    return await tenant.browse(ticket["authUrl"], account=account)


async def health(tenant: Tenant, connection_id: str) -> tuple[str, str | None]:
    seen = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    return seen["health"], seen["healthReason"]


async def in_the_middle(tenant: Tenant, connection_id: str, clip: Clip) -> str:
    """Assign what is sent slowly; return when some of it is there."""
    emulator = tenant.stack.emulator
    emulator.fault("page_videos.transfer", "trickle", bytes_per_second=4 * MIB, times=None)
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)

    async def stored() -> int:
        return sum(session["stored"] for session in emulator.state()["sessions"])

    await eventually(stored)
    identity: str = assignment["id"]
    return identity


async def test_a_changed_password_is_waited_for_and_the_upload_goes_on(
    tenant: Tenant, stack: Stack, page: str, clip: Clip
) -> None:
    assignment_id = await in_the_middle(tenant, page, clip)

    stack.emulator.account(ANA, platform="facebook", password_changed=True)

    seen = await waiting(tenant, assignment_id, "connection")
    assert (seen["errorCode"], seen["remedy"]) == ("password_changed", "reconnect")
    assert await health(tenant, page) == ("needs_reauth", "password_changed")
    visit = await reconnect(tenant, page)
    assert (visit.result["status"], visit.result["connectionId"]) == ("success", page)
    published = await tenant.until(assignment_id, "published", "failed", within=5)
    assert (published["state"], published["errorCode"]) == ("published", None)
    assert await health(tenant, page) == ("healthy", None)
    assert the_only_video(stack.emulator, clip)["finishes"] == 1
    (session,) = stack.emulator.state()["sessions"]
    assert session["received"] <= clip.size + MIB


async def test_a_reel_goes_on_with_the_byte_at_which_its_token_died(
    tenant: Tenant, stack: Stack, page: str, upright: Clip
) -> None:
    # The upload host only hangs up; why, is told by the Graph API when it is asked for the offset.
    stack.emulator.fault("reels.transfer", "cut", after_bytes=MIB)
    stack.emulator.fault("video.get", "graph_error", reason="190/459")
    assignment = await tenant.assign(page, type="reel", mediaUrl=upright.url)
    seen = await waiting(tenant, assignment["id"], "connection")
    assert seen["errorCode"] == "checkpoint"

    await reconnect(tenant, page)

    published = await tenant.until(assignment["id"], "published", "failed", within=5)
    assert published["state"] == "published"
    the_only_video(stack.emulator, upright)
    (session,) = stack.emulator.state()["sessions"]
    assert session["received"] == upright.size


async def test_a_lost_role_holds_up_its_own_page_alone(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    pages = await tenant.pages()
    bakery, catering = pages[BAKERY], pages[CATERING]
    assignment_id = await in_the_middle(tenant, bakery, clip)

    stack.emulator.account(ANA, platform="facebook", roles={BAKERY: []})

    seen = await waiting(tenant, assignment_id, "connection")
    assert (seen["errorCode"], seen["remedy"]) == ("role_lost", "reconnect")
    assert await health(tenant, bakery) == ("needs_reauth", "role_lost")
    stack.emulator.http.delete("/_emulator/faults")
    assert (await tenant.publish(catering, mediaUrl=clip.url))["state"] == "published"
    assert await health(tenant, catering) == ("healthy", None)
    # A consent by somebody without the role gives no token for the Page, and changes nothing.
    assert (await reconnect(tenant, bakery)).result["status"] == "error"
    assert (await tenant.look(assignment_id))["state"] == "waiting"

    stack.emulator.account(ANA, platform="facebook", roles={BAKERY: TASKS})
    await reconnect(tenant, bakery)

    published = await tenant.until(assignment_id, "published", "failed", within=5)
    assert published["state"] == "published"
    assert len(stack.emulator.videos()) == 2
    assert stack.emulator.calls("page_videos.start") == 2


async def test_a_trouble_in_mid_transfer_is_not_worth_a_wait(
    tenant: Tenant, stack: Stack, page: str, clip: Clip
) -> None:
    fault = stack.emulator.fault("page_videos.transfer", "graph_error", reason="2", skip=1)

    published = await tenant.publish(page, mediaUrl=clip.url)

    assert (published["state"], published["knownBy"]) == ("published", "answer")
    assert stack.emulator.fired(fault) == 1
    the_only_video(stack.emulator, clip)
    (session,) = stack.emulator.state()["sessions"]
    assert session["received"] == clip.size + MIB


async def test_a_budget_is_left_alone_before_facebook_has_to_refuse(
    tenant: Tenant, stack: Stack, fresh_page: str, clip: Clip
) -> None:
    stack.emulator.switch(page_calls_per_day=20, range_bytes=MIB // 8)
    before = page_calls(stack)

    assignment = await tenant.assign(fresh_page, mediaUrl=clip.url)

    seen = await waiting(tenant, assignment["id"], "quota")
    assert (seen["errorCode"], seen["remedy"]) == ("rate_limited", "wait")
    left = datetime.fromisoformat(seen["waitUntil"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    assert page_calls(stack) - before == 18, "nine tenths of the budget, and no more"
    (session,) = stack.emulator.state()["sessions"]
    assert session["received"] == session["stored"] == 17 * MIB // 8, "no call was refused"
    # The next one on this Page does not even begin.
    other = await tenant.assign(fresh_page, mediaUrl=clip.url)
    await waiting(tenant, other["id"], "quota")
    assert page_calls(stack) - before == 18
    for one in (assignment, other):
        cancelled = await tenant.ask("DELETE", f"/api/v1/assignments/{one['id']}")
        assert cancelled["state"] == "cancelled"


async def test_a_day_full_of_reels_is_waited_for(
    tenant: Tenant, stack: Stack, fresh_page: str, upright: Clip
) -> None:
    stack.emulator.switch(reels_per_day=0)
    payload = {"title": "For all", "privacy": "public"}
    assignment = await tenant.assign(fresh_page, type="reel", mediaUrl=upright.url, payload=payload)

    await waiting(tenant, assignment["id"], "quota")

    assert (stack.emulator.calls("reels.finish"), stack.emulator.videos()) == (1, [])
    # Whether it may be given up is read when calls are allowed again, long after this test.
    await stack.assignment(assignment["id"]).terminate()


def page_calls(stack: Stack) -> int:
    """Calls that a Page's budget is charged for."""
    calls: dict[str, int] = stack.emulator.state()["calls"]
    counted = ("page_videos.", "reels.", "video.")
    return sum(count for name, count in calls.items() if name.startswith(counted))
