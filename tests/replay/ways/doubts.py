"""How an assignment ends whose outcome was unclear: its session was lost with the last answer."""

from datetime import UTC, datetime, timedelta

from activities.publishing.reconciling import SETTLING
from domain.ids import assignment_workflow_id
from store.queries.publishing.transfers import ensure_transfer
from tests.replay.noting import Outcomes
from tests.replay.ways.waits import end_after, pass_by
from tests.support.stack import Stack, Tenant
from workflows.options import PATIENCE

LOOK = ("uploading", "unconfirmed")
"""What a look that decides nothing shows."""

DAYS = timedelta(hours=30)
LOOKS_OF_DAYS = 12
"""The pauses between them have grown to their longest, six hours."""
LOOKS_OF_PATIENCE = 36

OUTCOMES = Outcomes()


@OUTCOMES.noted(*LOOK, "uploading", "processing", "published")
async def assignment_published_after_doubt(tenant: Tenant) -> str:
    """Its video was listed late."""
    assignment_id = await _doubt(tenant, unlisted=1)
    return await end_after(tenant, assignment_id, timedelta(minutes=2), "published")


@OUTCOMES.noted(*LOOK * LOOKS_OF_DAYS, "uploading", "processing", "published")
async def assignment_published_after_days_of_doubt(tenant: Tenant) -> str:
    assignment_id = await _doubt(tenant, unlisted=LOOKS_OF_DAYS)
    return await end_after(tenant, assignment_id, DAYS, "published")


@OUTCOMES.noted(*LOOK * LOOKS_OF_DAYS, "uploading", "processing", "published")
async def assignment_published_anew_after_days_of_doubt(tenant: Tenant) -> str:
    """There never was a video, as the uploads have proved in the end."""
    assignment_id = await _doubt(tenant)
    await pass_by(tenant.stack, assignment_workflow_id(assignment_id), timedelta(hours=22))
    _prove(tenant.stack, assignment_id)
    return await end_after(tenant, assignment_id, timedelta(hours=8), "published")


@OUTCOMES.noted(*LOOK, "uploading", "processing", "published")
async def assignment_published_after_a_forced_retry(tenant: Tenant) -> str:
    assignment_id = await _doubt(tenant)
    await _force(tenant, assignment_id)
    await tenant.until(assignment_id, "published")
    return assignment_workflow_id(assignment_id)


@OUTCOMES.noted(*LOOK, "processing", "published")
async def assignment_published_after_a_cancel_in_doubt(tenant: Tenant) -> str:
    assignment_id = await _doubt(tenant, unlisted=2)
    await _cancel_in_vain(tenant, assignment_id)
    return await end_after(tenant, assignment_id, timedelta(minutes=3), "published")


@OUTCOMES.noted(*LOOK, "cancelled")
async def assignment_cancelled_after_days_of_doubt(tenant: Tenant) -> str:
    """The cancel stands once it is proved that there is no video."""
    assignment_id = await _doubt(tenant)
    await _cancel_in_vain(tenant, assignment_id)
    await pass_by(tenant.stack, assignment_workflow_id(assignment_id), timedelta(hours=22))
    _prove(tenant.stack, assignment_id)
    return await end_after(tenant, assignment_id, timedelta(hours=8), "cancelled")


@OUTCOMES.noted(*LOOK, "cancelled")
async def assignment_cancelled_by_a_forced_retry(tenant: Tenant) -> str:
    """With the session dropped there is nothing left to read, and the cancel before it stands."""
    assignment_id = await _doubt(tenant)
    await _cancel_in_vain(tenant, assignment_id)
    await _force(tenant, assignment_id)
    await tenant.until(assignment_id, "cancelled")
    return assignment_workflow_id(assignment_id)


@OUTCOMES.noted(*LOOK * LOOKS_OF_PATIENCE, "uploading", "failed")
async def assignment_failed_out_of_patience(tenant: Tenant) -> str:
    assignment_id = await _doubt(tenant)
    return await end_after(tenant, assignment_id, PATIENCE + timedelta(hours=7), "failed")


# What they are made of -----------------------------------------------------------------------


async def _doubt(tenant: Tenant, *, unlisted: int = 0) -> str:
    """An unconfirmed assignment, whose video so many looks do not find. With 0 there is none."""
    emulator, is_made = tenant.stack.emulator, unlisted > 0
    emulator.fault("videos.insert.transfer", "session_lost", final=True, after_finish=is_made)
    if is_made:
        emulator.fault("playlistItems.list", "not_found_yet", times=unlisted)
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "unconfirmed")
    identity: str = assignment["id"]
    return identity


def _prove(stack: Stack, assignment_id: str) -> None:
    """Let the uploads have gone without the video for long enough: Temporal's clock alone skips."""
    with stack.parts.store.write() as session:
        transfer = ensure_transfer(session, assignment_id)
        transfer.lost_at = datetime.now(UTC) - SETTLING


async def _force(tenant: Tenant, assignment_id: str) -> None:
    order = {"force": True, "reason": "Looked by hand: it is not there."}
    await tenant.ask("POST", f"/api/v1/assignments/{assignment_id}/retry", order)


async def _cancel_in_vain(tenant: Tenant, assignment_id: str) -> None:
    refused = await tenant.ask("DELETE", f"/api/v1/assignments/{assignment_id}", status=409)
    assert refused["code"] == "unconfirmed"
