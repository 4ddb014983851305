"""A session that the platform has forgotten: read back first, sent again only when that is safe.

What takes days in life is shown by running the transfer's activity by hand, for an
assignment whose own workflow waits for its schedule, with the loss dated back.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.access.credentials import CredentialKeeper
from activities.contract.assignments import TransferInput, Uploaded
from activities.contract.trouble import Kind
from activities.publishing.reconciling import SETTLING
from activities.publishing.transferring import TransferActivities
from domain.evidence import EvidenceKind
from domain.sentences import OPEN_FINISH
from domain.states import AssignmentState
from store.queries.publishing import assignments, progress, transfers
from testkit.clips import Clip, make_clip, the_only_video
from tests.support.evidence import evidence_of
from tests.support.google import upload_others
from tests.support.stack import Stack, Tenant, eventually

TRANSFER = "videos.insert.transfer"
START = "videos.insert.start"
LOOK = "playlistItems.list"
REASON = "Looked by hand: it is not there."


@pytest.fixture
def clip(stack: Stack) -> Clip:
    stack.emulator.switch(processing_seconds=0)
    return make_clip(stack.media)


async def assign_by_hand(tenant: Tenant, clip: Clip) -> str:
    """An assignment whose workflow keeps still."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(
        await tenant.connection(), mediaUrl=clip.url, scheduledAt=tomorrow.isoformat()
    )
    identity: str = assignment["id"]
    with tenant.stack.parts.store.write() as session:
        # Its workflow keeps the time; a transfer by hand is due at once.
        assignments.lock_assignment(session, identity).scheduled_at = None
    return identity


def keeper_of(stack: Stack) -> CredentialKeeper:
    return CredentialKeeper(stack.parts.store, stack.parts.vault, stack.parts.registry)


async def transfer_by_hand(stack: Stack, assignment_id: str, *, attempt: int = 1) -> Uploaded:
    parts = stack.parts
    steps = TransferActivities(
        parts.store,
        parts.vault,
        parts.registry,
        keeper_of(stack),
        parts.policies,
        parts.settings.transfer_limits,
    )
    return await asyncio.to_thread(
        ActivityEnvironment().run, steps.transfer, TransferInput(assignment_id, attempt)
    )


async def unconfirmed_by_hand(stack: Stack, assignment_id: str) -> None:
    """A run that decides nothing."""
    with pytest.raises(ApplicationError) as told:
        await transfer_by_hand(stack, assignment_id)
    assert told.value.type == Kind.UNCONFIRMED


def date_back(stack: Stack, assignment_id: str, by: timedelta) -> None:
    """Let the session have been lost so long ago."""
    with stack.parts.store.write() as session:
        transfer = transfers.ensure_transfer(session, assignment_id)
        transfer.lost_at = datetime.now(UTC) - by


def seen(stack: Stack, assignment_id: str, *kinds: EvidenceKind) -> list[Mapping[str, Any]]:
    """The evidence of some kinds, in its order."""
    entries = evidence_of(stack.parts.store, assignment_id, *kinds)
    return [one.data for one in entries for _ in range(one.times)]


async def unconfirmed(tenant: Tenant, clip: Clip) -> dict[str, Any]:
    """An assignment whose session is lost with its finish, and of which nothing was made."""
    tenant.stack.emulator.fault(TRANSFER, "session_lost", final=True)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    return await tenant.until(assignment["id"], "unconfirmed", "published", "failed")


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

    await unconfirmed_by_hand(stack, assignment_id)
    date_back(stack, assignment_id, SETTLING - timedelta(minutes=1))
    await unconfirmed_by_hand(stack, assignment_id)

    assert stack.emulator.calls(START) == 1
    assert stack.emulator.videos() == []
    lost = seen(stack, assignment_id, EvidenceKind.SESSION_LOST)
    assert lost == [{"mayExist": True}]
    looks = seen(stack, assignment_id, EvidenceKind.RECONCILED)
    assert [look["told"] for look in looks] == ["absent", "absent"]


async def test_a_video_that_never_appeared_is_sent_again_once(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.fault(TRANSFER, "session_lost", final=True)
    await unconfirmed_by_hand(stack, assignment_id)
    date_back(stack, assignment_id, SETTLING + timedelta(seconds=1))
    looks = stack.emulator.calls(LOOK)

    uploaded = await transfer_by_hand(stack, assignment_id)

    assert uploaded.platform_id == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 2
    assert stack.emulator.calls(LOOK) == looks + 1
    again = await transfer_by_hand(stack, assignment_id)
    assert again == uploaded
    assert stack.emulator.calls(START) == 2


async def test_it_stays_unconfirmed_until_a_late_listing_shows_it_behind_a_hundred_others(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.switch(listing_lag_seconds=600)
    stack.emulator.fault(TRANSFER, "session_lost", after_finish=True)
    await unconfirmed_by_hand(stack, assignment_id)
    with stack.parts.store.write() as session:
        row = progress.record_state(
            session, assignment_id, state=AssignmentState.UNCONFIRMED, warnings={}
        )
    date_back(stack, assignment_id, timedelta(days=1))
    await unconfirmed_by_hand(stack, assignment_id)
    assert (await tenant.look(assignment_id))["state"] == "unconfirmed"
    await asyncio.to_thread(
        keeper_of(stack).use,
        row.connection_id,
        lambda credential: upload_others(stack.emulator, credential.access_token, 101),
    )
    stack.emulator.switch(listing_lag_seconds=0)

    uploaded = await transfer_by_hand(stack, assignment_id)

    (ours,) = (one for one in stack.emulator.videos() if one["sha256"] == clip.sha256)
    assert uploaded.platform_id == ours["id"]
    assert stack.emulator.calls(START) == 1
    looks = seen(stack, assignment_id, EvidenceKind.RECONCILED)
    assert [look["told"] for look in looks] == ["absent", "absent", "finished"]
    assert looks[-1]["platformId"] == ours["id"]
    assert (await tenant.look(assignment_id))["knownBy"] == "listing"


async def test_a_look_that_cannot_tell_settles_nothing_however_late(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.fault(TRANSFER, "session_lost", after_finish=True)
    stack.emulator.fault("videos.list", "no_file_details", times=2)
    await unconfirmed_by_hand(stack, assignment_id)
    date_back(stack, assignment_id, SETTLING + timedelta(days=1))
    await unconfirmed_by_hand(stack, assignment_id)

    uploaded = await transfer_by_hand(stack, assignment_id)

    assert uploaded.platform_id == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 1
    looks = seen(stack, assignment_id, EvidenceKind.RECONCILED)
    assert [look["told"] for look in looks] == ["unclear", "unclear", "finished"]


async def test_a_retry_of_what_failed_unclear_asks_before_it_sends(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.fault(TRANSFER, "lose_answer", final=True)
    stack.emulator.fault("videos.insert.status", "status", status=503, retry_after=60)
    with pytest.raises(ApplicationError):
        await transfer_by_hand(stack, assignment_id)
    await stack.assignment(assignment_id).terminate()
    with stack.parts.store.write() as session:
        progress.record_state(session, assignment_id, state=AssignmentState.FAILED, warnings={})
    sent = stack.emulator.calls(TRANSFER)
    await tenant.ask("POST", f"/api/v1/assignments/{assignment_id}/retry")

    uploaded = await transfer_by_hand(stack, assignment_id, attempt=2)

    assert uploaded.platform_id == the_only_video(stack.emulator, clip)["id"]
    assert (stack.emulator.calls(TRANSFER), stack.emulator.calls(START)) == (sent, 1)


# A person's order ------------------------------------------------------------------------


async def test_what_is_unconfirmed_is_sent_anew_for_a_reason_only(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await unconfirmed(tenant, clip)
    path = f"/api/v1/assignments/{assignment['id']}/retry"

    refused = await tenant.ask("POST", path, status=409)
    assert refused["code"] == "unconfirmed"
    assert f"again at {assignment['waitUntil']}" in refused["error"]
    assert (await tenant.ask("POST", path, {"force": True}, status=400))["details"]
    assert stack.emulator.calls(START) == 1

    await tenant.ask("POST", path, {"force": True, "reason": REASON})

    published = await tenant.until(assignment["id"], "published", "failed")
    assert published["platformId"] == the_only_video(stack.emulator, clip)["id"]
    assert (published["attempt"], stack.emulator.calls(START)) == (1, 2)
    assert seen(stack, assignment["id"], EvidenceKind.FORCED) == [{"reason": REASON}]


async def test_an_order_whose_wake_was_lost_is_found_by_the_sweep(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await unconfirmed(tenant, clip)
    wake, stack.parts.store.after_commit = stack.parts.store.after_commit, lambda _: None
    order = {"force": True, "reason": REASON}
    await tenant.ask("POST", f"/api/v1/assignments/{assignment['id']}/retry", order)
    stack.parts.store.after_commit = wake
    with stack.parts.store.write() as session:
        # Out of the grace that a row is given.
        assignments.lock_assignment(session, assignment["id"]).updated_at -= timedelta(minutes=1)

    await stack.sweep()

    await tenant.until(assignment["id"], "published", "failed")
    the_only_video(stack.emulator, clip)


async def test_what_the_reading_finds_wins_over_an_order_to_send(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment_id = await assign_by_hand(tenant, clip)
    stack.emulator.fault(TRANSFER, "session_lost", after_finish=True)
    stack.emulator.fault(LOOK, "not_found_yet")
    await unconfirmed_by_hand(stack, assignment_id)
    with stack.parts.store.write() as session:
        progress.record_state(
            session, assignment_id, state=AssignmentState.UNCONFIRMED, warnings={}
        )
    stack.emulator.fault("videos.list", "slow", delay_seconds=2)
    looking = asyncio.create_task(transfer_by_hand(stack, assignment_id))

    async def is_looking() -> int:
        return stack.emulator.calls("videos.list")

    await eventually(is_looking)
    order = {"force": True, "reason": REASON}
    await tenant.ask("POST", f"/api/v1/assignments/{assignment_id}/retry", order)

    found = await looking
    again = await transfer_by_hand(stack, assignment_id)

    assert found == again
    assert found.platform_id == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 1


async def test_a_cancel_that_stays_unclear_is_answered_and_still_sends_nothing(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    assignment = await unconfirmed(tenant, clip)
    path = f"/api/v1/assignments/{assignment['id']}"

    for _ in range(2):
        refused = await tenant.ask("DELETE", path, status=409)
        assert (refused["code"], refused["remedy"]) == ("unconfirmed", "wait")
        waited_for = (await tenant.look(assignment["id"]))["waitUntil"]
        assert f"again at {waited_for}" in refused["error"]
    assert (await tenant.look(assignment["id"]))["state"] == "unconfirmed"

    # With the session dropped there is nothing left to read, and the cancel stands.
    await tenant.ask("POST", f"{path}/retry", {"force": True, "reason": REASON})
    ended = await tenant.until(assignment["id"], "cancelled", "published", "failed")
    assert (ended["state"], ended["error"]) == ("cancelled", OPEN_FINISH)
    assert stack.emulator.videos() == []
    assert stack.emulator.calls(START) == 1


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
