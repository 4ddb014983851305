"""A session that the platform has forgotten: read back first, sent again only when that is safe.

What takes minutes in life is shown by running the transfer's activity by hand, for an
assignment whose own workflow waits for its schedule, with the evidence dated back.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.access.credentials import CredentialKeeper
from activities.contract.assignments import TransferInput, Uploaded
from activities.contract.trouble import Kind
from activities.publishing.transferring import SETTLING, TransferActivities
from store.queries.publishing import transfers
from tests.support.clips import Clip, make_clip, the_only_video
from tests.support.stack import Stack, Tenant

TRANSFER = "videos.insert.transfer"
START = "videos.insert.start"


@pytest.fixture
def clip(stack: Stack) -> Clip:
    stack.emulator.switch(processing_seconds=0)
    return make_clip(stack.parts.settings.data_dir)


async def assign_by_hand(tenant: Tenant, clip: Clip) -> str:
    """An assignment whose workflow keeps still."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(
        await tenant.connection(), mediaUrl=clip.url, scheduledAt=tomorrow.isoformat()
    )
    identity: str = assignment["id"]
    return identity


async def transfer_by_hand(stack: Stack, assignment_id: str) -> Uploaded:
    parts = stack.parts
    keeper = CredentialKeeper(parts.store, parts.vault, parts.registry)
    steps = TransferActivities(parts.store, parts.vault, parts.registry, keeper, parts.policy)
    return await asyncio.to_thread(
        ActivityEnvironment().run, steps.transfer, TransferInput(assignment_id, 1)
    )


async def test_one_lost_before_its_end_is_replaced(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "session_lost", skip=2)

    published = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    assert published["platformId"] == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 2
    # Nothing can have come of it, so nobody looks.
    assert stack.emulator.calls("playlistItems.list") == 0


@pytest.mark.parametrize("status", [404, 410])
async def test_one_lost_with_its_last_byte_is_found_among_the_uploads(
    tenant: Tenant, stack: Stack, clip: Clip, status: int
) -> None:
    stack.emulator.switch(lost_session_status=status)
    stack.emulator.fault(TRANSFER, "session_lost", after_finish=True)

    published = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    assert published["state"] == "published"
    assert published["platformId"] == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 1
    assert stack.emulator.calls("playlistItems.list") == 1


async def test_an_unlisted_video_is_unconfirmed_and_a_cancel_reads_again(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "session_lost", after_finish=True)
    stack.emulator.fault("playlistItems.list", "not_found_yet")
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    unconfirmed = await tenant.until(assignment["id"], "unconfirmed", "published")
    assert (unconfirmed["state"], unconfirmed["remedy"]) == ("unconfirmed", "wait")

    refused = await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}", status=409)

    assert refused["code"] == "too_late"
    published = await tenant.until(assignment["id"], "published", "failed", "cancelled")
    assert published["state"] == "published"
    assert published["platformId"] == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 1


async def test_nothing_is_sent_again_while_the_video_may_still_appear(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.fault(TRANSFER, "session_lost", final=True)

    for _ in range(2):
        with pytest.raises(ApplicationError) as told:
            await transfer_by_hand(stack, assignment_id)
        assert told.value.type == Kind.UNCONFIRMED

    assert stack.emulator.calls(START) == 1
    assert stack.emulator.videos() == []


async def test_a_video_that_never_appeared_is_sent_again_once(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.fault(TRANSFER, "session_lost", final=True)
    with pytest.raises(ApplicationError):
        await transfer_by_hand(stack, assignment_id)
    with stack.parts.store.write() as session:
        transfer = transfers.ensure_transfer(session, assignment_id)
        transfer.lost_at = datetime.now(UTC) - SETTLING - timedelta(seconds=1)
    looks = stack.emulator.calls("playlistItems.list")

    uploaded = await transfer_by_hand(stack, assignment_id)

    assert uploaded.platform_id == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 2
    assert stack.emulator.calls("playlistItems.list") == looks + 1
    again = await transfer_by_hand(stack, assignment_id)
    assert again == uploaded
    assert stack.emulator.calls(START) == 2


async def test_a_source_may_vanish_once_the_platform_has_it(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.fault(TRANSFER, "lose_answer", final=True)
    # A pause this long ends the run, so that the next one meets the source anew.
    stack.emulator.fault("videos.insert.status", "status", status=503, retry_after=60)
    with pytest.raises(ApplicationError) as told:
        await transfer_by_hand(stack, assignment_id)
    assert told.value.type == Kind.TRANSIENT
    clip.path.unlink()

    uploaded = await transfer_by_hand(stack, assignment_id)

    assert uploaded.platform_id == the_only_video(stack.emulator, clip)["id"]
