"""How an assignment ends that nothing holds up but its schedule."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState

from activities.contract.assignments import AssignmentInput
from domain.ids import assignment_workflow_id, new_assignment_id
from testkit.clips import UPRIGHT
from testkit.meta import BAKERY
from testkit.pictures import jpeg
from tests.emulator.stranger import Stranger
from tests.replay.noting import CONTINUING, MANAGING, UNATTENDED, Outcomes
from tests.support.origin import Origin
from tests.support.stack import Stack, Tenant, eventually
from workflows.options import TRANSFER

PICTURE = jpeg()
TEXT = b"1\n00:00:00,000 --> 00:00:01,000\nBread.\n"

OUTCOMES = Outcomes()


@OUTCOMES.noted("uploading", "processing", "published")
async def assignment_published(tenant: Tenant) -> str:
    return await _publish(tenant)


@OUTCOMES.noted("uploading", "processing", "published")
async def assignment_published_on_a_page(tenant: Tenant) -> str:
    """A vertical video, which is warned of from the start, and a lost answer in its finish."""
    tenant.stack.emulator.fault("page_videos.finish", "lose_answer_live")
    pages = await tenant.pages()
    return await _publish(tenant, pages[BAKERY], mediaUrl=UPRIGHT.as_uri())


@OUTCOMES.noted("uploading", "processing", "published")
async def assignment_published_with_warning(tenant: Tenant) -> str:
    # The grant does not reach as far as playlists.
    payload = {"title": "A clip", "playlistIds": ["PLnone"]}
    return await _publish(tenant, payload=payload)


@OUTCOMES.noted("waiting", "uploading", "processing", "published")
async def assignment_published_after_schedule(tenant: Tenant) -> str:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    return await _publish(tenant, scheduledAt=soon.isoformat())


@OUTCOMES.noted("uploading", "processing", "failed")
async def assignment_failed(tenant: Tenant) -> str:
    tenant.stack.emulator.fault("videos.insert.start", "processing_rejects", reason="duplicate")
    return await _publish(tenant)


@OUTCOMES.noted("waiting", "uploading", "processing", "published")
async def assignment_edited(tenant: Tenant) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(await tenant.connection(), scheduledAt=tomorrow.isoformat())
    await tenant.until(assignment["id"], "waiting")
    path = f"/api/v1/assignments/{assignment['id']}"
    await tenant.ask("PATCH", path, {"payload": {"title": "Another title"}, "scheduledAt": None})
    await tenant.until(assignment["id"], "published")
    return assignment_workflow_id(assignment["id"])


@OUTCOMES.noted("waiting", on=CONTINUING, is_first_run=True)
async def assignment_continued(tenant: Tenant) -> str:
    """A schedule whose history has grown too long for its next edit."""
    return await _edit_through_runs(tenant)


@OUTCOMES.noted("uploading", "processing", "published", on=CONTINUING)
async def assignment_published_in_another_run(tenant: Tenant) -> str:
    return await _edit_through_runs(tenant)


@OUTCOMES.noted("waiting", "cancelled")
async def assignment_cancelled_while_scheduled(tenant: Tenant) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(await tenant.connection(), scheduledAt=tomorrow.isoformat())
    await tenant.until(assignment["id"], "waiting")
    return await cancel(tenant, assignment["id"])


@OUTCOMES.noted("uploading", "cancelled")
async def assignment_cancelled_while_uploading(tenant: Tenant) -> str:
    return await cancel(tenant, await _trickle(tenant))


@OUTCOMES.noted("uploading", "processing", "published")
async def assignment_retried(tenant: Tenant) -> str:
    workflow_id = await assignment_failed(tenant)
    assignment_id = workflow_id.partition("/")[2]
    await tenant.ask("POST", f"/api/v1/assignments/{assignment_id}/retry")
    await tenant.until(assignment_id, "published")
    return workflow_id


@OUTCOMES.noted("uploading", "processing", "published")
async def assignment_published_with_its_thumbnail(tenant: Tenant) -> str:
    with Origin(PICTURE) as pictures:
        payload = {"title": "A clip", "thumbnailUrl": pictures.url}
        return await _publish(tenant, payload=payload)


@OUTCOMES.noted("processing", "published")
async def assignment_given_its_thumbnail_by_a_retry(tenant: Tenant) -> str:
    """It was published without the thumbnail, which was not there yet."""
    with Origin(PICTURE) as pictures:
        pictures.refusals.extend([(404, ""), (404, "")])
        payload = {"title": "A clip", "thumbnailUrl": pictures.url}
        workflow_id = await _publish(tenant, payload=payload)
        assignment_id = workflow_id.partition("/")[2]
        await tenant.ask("POST", f"/api/v1/assignments/{assignment_id}/retry")
        await tenant.until(assignment_id, "published")
    return workflow_id


@OUTCOMES.noted("uploading", "processing", "published", on=MANAGING)
async def assignment_published_with_captions_and_in_a_playlist(tenant: Tenant) -> str:
    ana = await asyncio.to_thread(Stranger(tenant.stack.emulator).connect)
    playlist = {"snippet": {"title": "Mine"}}
    made = ana.ask("POST", "/youtube/v3/playlists?part=snippet", json=playlist).json()
    with Origin(TEXT) as texts:
        captions = [{"language": "en", "url": texts.url}]
        payload = {"title": "A clip", "captions": captions, "playlistIds": [made["id"]]}
        published = await tenant.publish(await tenant.connection(), payload=payload)
    assert published["warnings"] == {}
    return assignment_workflow_id(published["id"])


@OUTCOMES.noted("uploading", "processing", "published", on=UNATTENDED)
async def assignment_published_by_another_worker(tenant: Tenant) -> str:
    """The one that had begun was stopped in the middle of the bytes."""
    stack = tenant.stack
    async with stack.working():
        assignment_id = await _trickle(tenant)
    stack.emulator.forget_faults()
    async with stack.working():
        await stack.assignment(assignment_id).result()
    return assignment_workflow_id(assignment_id)


@OUTCOMES.noted("uploading", "processing", "published", on=UNATTENDED)
async def assignment_published_after_a_day_of_deployments(tenant: Tenant) -> str:
    """Each worker that takes it up is stopped in the middle of the bytes, until the last one."""
    stack = tenant.stack
    async with stack.working():
        assignment_id = await _trickle(tenant)
    for number in range(2, TRANSFER["retry_policy"].maximum_attempts + 1):
        async with stack.working():
            await eventually(partial(_tries, stack, assignment_id), number.__le__)
    stack.emulator.forget_faults()
    async with stack.working():
        await stack.assignment(assignment_id).result()
    return assignment_workflow_id(assignment_id)


@OUTCOMES.noted("uploading", "processing", "published")
async def assignment_cancelled_too_late(tenant: Tenant) -> str:
    """The platform has every byte and works on them."""
    emulator = tenant.stack.emulator
    emulator.switch(processing_seconds=3600)
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "processing")
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}", status=409)
    emulator.advance(3600)
    await tenant.until(assignment["id"], "published")
    return assignment_workflow_id(assignment["id"])


@OUTCOMES.noted("uploading", "cancelled")
async def assignment_cancelled_in_the_web_ui(tenant: Tenant) -> str:
    """The workflow itself is cancelled, as an operator does it."""
    assignment_id = await _trickle(tenant)
    await tenant.stack.assignment(assignment_id).cancel()
    await tenant.until(assignment_id, "cancelled")
    return assignment_workflow_id(assignment_id)


@OUTCOMES.noted("uploading", "failed")
async def assignment_without_a_row(tenant: Tenant) -> str:
    orphan = AssignmentInput(
        new_assignment_id(), tenant.workspace_id, "con_none", "youtube", "An orphan"
    )
    await tenant.stack.lifecycles.start_assignment(orphan)
    return assignment_workflow_id(orphan.assignment_id)


async def _edit_through_runs(tenant: Tenant) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(await tenant.connection(), scheduledAt=tomorrow.isoformat())
    await tenant.until(assignment["id"], "waiting")
    path = f"/api/v1/assignments/{assignment['id']}"
    for number in range(3):
        await tenant.ask("PATCH", path, {"payload": {"title": f"Title {number}"}})
    await tenant.ask("PATCH", path, {"scheduledAt": None})
    await tenant.until(assignment["id"], "published")
    return assignment_workflow_id(assignment["id"])


# What they are made of -----------------------------------------------------------------------


async def _publish(tenant: Tenant, connection_id: str | None = None, **fields: Any) -> str:
    published = await tenant.publish(connection_id or await tenant.connection(), **fields)
    return assignment_workflow_id(published["id"])


async def cancel(tenant: Tenant, assignment_id: str) -> str:
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment_id}")
    return assignment_workflow_id(assignment_id)


async def _sessions(stack: Stack) -> list[Any]:
    state = await asyncio.to_thread(stack.emulator.state)
    sessions: list[Any] = state["sessions"]
    return sessions


async def _tries(stack: Stack, assignment_id: str) -> int:
    """How often its transfer was taken up; 0 while nobody has it."""
    described = await stack.assignment(assignment_id).describe()
    return sum(
        each.attempt
        for each in described.raw_description.pending_activities
        if each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    )


async def _trickle(tenant: Tenant) -> str:
    """An assignment whose bytes are on their way, for long."""
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault(
        "videos.insert.transfer", "trickle", bytes_per_second=10_000, times=None
    )
    assignment = await tenant.assign(connection_id)
    await eventually(lambda: _sessions(tenant.stack))
    identity: str = assignment["id"]
    return identity
