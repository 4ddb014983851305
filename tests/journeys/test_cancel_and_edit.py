"""What a person may still change: in time it is done, too late it is said, never in between."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from testkit.clips import Clip, make_clip, the_only_video
from tests.support.stack import Stack, Tenant, eventually

TRANSFER = "videos.insert.transfer"
START = "videos.insert.start"


@pytest.fixture
def clip(stack: Stack) -> Clip:
    return make_clip(stack.media)


def path(assignment: dict[str, Any], verb: str = "") -> str:
    return f"/api/v1/assignments/{assignment['id']}{verb}"


def within(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


async def scheduled(tenant: Tenant, clip: Clip, **fields: Any) -> dict[str, Any]:
    """An assignment that waits for tomorrow."""
    body = {"mediaUrl": clip.url, "scheduledAt": within(days=1), **fields}
    assignment = await tenant.assign(await tenant.connection(), **body)
    return await tenant.until(assignment["id"], "waiting")


async def uploading(tenant: Tenant, clip: Clip, *, seconds: int = 20) -> dict[str, Any]:
    """An assignment whose bytes are on their way, and take so long."""
    pace = clip.size // seconds
    tenant.stack.emulator.fault(TRANSFER, "trickle", bytes_per_second=pace, times=None)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    async def look() -> int:
        count: int = tenant.stack.emulator.state()["transfer"]["bytes_received"]
        return count

    await eventually(look)
    return assignment


async def processing(tenant: Tenant, clip: Clip) -> dict[str, Any]:
    """An assignment whose video is at the platform and not ready."""
    tenant.stack.emulator.switch(processing_seconds=60)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    return await tenant.until(assignment["id"], "processing", "published")


# Cancelling ------------------------------------------------------------------------------


async def test_a_cancel_before_the_schedule_leaves_no_trace(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await scheduled(tenant, clip)
    assert assignment["waitReason"] == "schedule"

    cancelled = await tenant.ask("DELETE", path(assignment))

    assert cancelled["state"] == "cancelled"
    assert (cancelled["waitReason"], cancelled["waitUntil"]) == (None, None)
    assert stack.emulator.calls(START) == 0
    again = await tenant.ask("DELETE", path(assignment))
    assert again == cancelled


async def test_a_cancel_in_mid_upload_gives_the_session_up(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await uploading(tenant, clip)

    cancelled = await tenant.ask("DELETE", path(assignment))

    assert cancelled["state"] == "cancelled"
    (session,) = stack.emulator.state()["sessions"]
    assert session["state"] == "cancelled"
    assert stack.emulator.videos() == []


async def test_a_cancel_that_meets_a_failing_transfer_is_a_cancel(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    # The refusal is under way while the cancel comes in.
    stack.emulator.switch(uploads_per_day=0)
    stack.emulator.fault(START, "slow", delay_seconds=2)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    async def look() -> int:
        return stack.emulator.calls(START)

    await eventually(look)

    cancelled = await tenant.ask("DELETE", path(assignment))

    assert cancelled["state"] == "cancelled"


async def test_a_cancel_after_the_last_byte_is_too_late(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await processing(tenant, clip)

    refused = await tenant.ask("DELETE", path(assignment), status=409)

    assert refused["code"] == "too_late"
    stack.emulator.advance(60)
    published = await tenant.until(assignment["id"], "published", "failed", "cancelled")
    assert published["state"] == "published"
    assert (await tenant.ask("DELETE", path(assignment), status=409))["code"] == "too_late"
    the_only_video(stack.emulator, clip)


async def test_cancelling_the_workflow_in_mid_upload_does_the_same(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await uploading(tenant, clip)
    workflow = stack.assignment(assignment["id"])

    await workflow.cancel()

    await tenant.until(assignment["id"], "cancelled", "published", "failed")
    (session,) = stack.emulator.state()["sessions"]
    assert session["state"] == "cancelled"
    assert stack.emulator.videos() == []

    async def status() -> WorkflowExecutionStatus | None:
        return (await workflow.describe()).status

    await eventually(status, lambda seen: seen is WorkflowExecutionStatus.CANCELED)


async def test_cancelling_the_workflow_too_late_changes_nothing(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await processing(tenant, clip)
    workflow = stack.assignment(assignment["id"])

    await workflow.cancel()
    stack.emulator.advance(60)

    outcome = await workflow.result()
    assert outcome["state"] == "published"
    assert (await tenant.look(assignment["id"]))["state"] == "published"


async def test_two_cancels_at_once_by_both_ways_end_as_one(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await uploading(tenant, clip)
    stack.emulator.fault("videos.insert.cancel", "slow", delay_seconds=1)
    first = asyncio.create_task(tenant.ask("DELETE", path(assignment)))

    async def discards() -> int:
        return stack.emulator.calls("videos.insert.cancel")

    await eventually(discards)

    await stack.assignment(assignment["id"]).cancel()

    assert (await first)["state"] == "cancelled"
    assert [session["state"] for session in stack.emulator.state()["sessions"]] == ["cancelled"]


async def test_a_cancel_that_cannot_be_decided_yet_is_decided_when_it_can(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await tenant.connection()
    # Every byte has left, the answer is lost, and the grant ends before it can be read back.
    stack.emulator.fault(TRANSFER, "lose_answer", final=True)
    stack.emulator.fault("videos.insert.status", "revoke_grant")
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)
    waiting = await tenant.until(assignment["id"], "waiting", "published")
    assert waiting["waitReason"] == "connection"
    await stack.assignment(assignment["id"]).cancel()

    ticket = await tenant.ticket(connectionId=connection_id)
    await tenant.browse(ticket["authUrl"])

    published = await tenant.until(assignment["id"], "published", "failed", "cancelled", within=5)
    assert published["state"] == "published"
    the_only_video(stack.emulator, clip)


# Editing ---------------------------------------------------------------------------------


async def test_an_edit_in_time_is_what_gets_published(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await scheduled(tenant, clip)
    at = within(seconds=2)

    await tenant.ask("PATCH", path(assignment), {"payload": {"title": "Rye"}})
    edited = await tenant.ask("PATCH", path(assignment), {"scheduledAt": at})

    assert edited["payload"] == {"title": "Rye"}
    assert datetime.fromisoformat(edited["scheduledAt"]) == datetime.fromisoformat(at)
    published = await tenant.until(assignment["id"], "published", "failed")
    assert published["publishedAt"] > edited["scheduledAt"]
    assert the_only_video(stack.emulator, clip)["title"] == "Rye"


async def test_a_schedule_that_is_cleared_publishes_at_once(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await scheduled(tenant, clip)

    await tenant.ask("PATCH", path(assignment), {"scheduledAt": None})

    await tenant.until(assignment["id"], "published")
    the_only_video(stack.emulator, clip)


async def test_an_edit_of_what_is_on_its_way_is_too_late(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await uploading(tenant, clip, seconds=3)

    refused = await tenant.ask("PATCH", path(assignment), {"payload": {"title": "R"}}, status=409)

    assert refused["code"] == "too_late"
    assert (await tenant.look(assignment["id"]))["payload"] == {"title": "A clip"}
    await tenant.until(assignment["id"], "published")
    refused = await tenant.ask("PATCH", path(assignment), {"scheduledAt": None}, status=409)
    assert refused["code"] == "too_late"
    assert the_only_video(stack.emulator, clip)["title"] == "A clip"


async def test_a_schedule_is_waited_for(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    assignment = await scheduled(tenant, clip, scheduledAt=within(seconds=2))
    assert assignment["waitUntil"] == assignment["scheduledAt"]
    assert stack.emulator.calls(START) == 0

    published = await tenant.until(assignment["id"], "published", "failed")

    assert published["publishedAt"] > assignment["scheduledAt"]
    the_only_video(stack.emulator, clip)


# Retrying --------------------------------------------------------------------------------


async def test_a_retry_of_a_failed_one_begins_anew(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(START, "status", status=400)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    failed = await tenant.until(assignment["id"], "failed", "published")
    assert failed["errorCode"] == "request_rejected"

    begun = await tenant.ask("POST", path(assignment, "/retry"))

    assert (begun["state"], begun["attempt"], begun["errorCode"]) == ("pending", 2, None)
    await tenant.until(assignment["id"], "published")
    the_only_video(stack.emulator, clip)


async def test_a_retry_of_what_was_refused_with_its_last_byte_opens_another_session(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "status", status=400, final=True)
    failed = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)
    assert (failed["state"], failed["errorCode"]) == ("failed", "request_rejected")
    assert [session["state"] for session in stack.emulator.state()["sessions"]] == ["cancelled"]

    await tenant.ask("POST", path(failed, "/retry"))

    await tenant.until(failed["id"], "published")
    the_only_video(stack.emulator, clip)


async def test_a_retry_after_a_failed_processing_uploads_again(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(START, "processing_fails")
    failed = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)
    assert failed["state"] == "failed"

    await tenant.ask("POST", path(failed, "/retry"))

    published = await tenant.until(failed["id"], "published")
    statuses = {video["id"]: video["upload_status"] for video in stack.emulator.videos()}
    assert statuses == {failed["platformId"]: "failed", published["platformId"]: "processed"}


async def test_a_retry_of_a_cancelled_one_publishes_it(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await scheduled(tenant, clip, scheduledAt=within(seconds=6))
    await tenant.ask("DELETE", path(assignment))

    await tenant.ask("POST", path(assignment, "/retry"))

    published = await tenant.until(assignment["id"], "published")
    assert published["publishedAt"] > assignment["scheduledAt"]
    the_only_video(stack.emulator, clip)


async def test_what_runs_or_is_published_is_not_retried(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await processing(tenant, clip)

    refused = await tenant.ask("POST", path(assignment, "/retry"), status=409)

    assert refused["code"] == "not_retryable"
    stack.emulator.advance(60)
    await tenant.until(assignment["id"], "published")
    refused = await tenant.ask("POST", path(assignment, "/retry"), status=409)
    assert refused["code"] == "not_retryable"
    the_only_video(stack.emulator, clip)
