"""How an assignment ends that was held up on its way. Days pass at once here."""

from datetime import timedelta
from typing import Any

from temporalio.testing import TimeSkipper

from domain.ids import assignment_workflow_id
from testkit.clips import CLIP
from tests.replay.noting import NARROW, Outcomes
from tests.replay.ways.assignments import PICTURE, cancel
from tests.support.origin import Origin
from tests.support.reauth import reconnect
from tests.support.stack import Stack, Tenant
from workflows.options import TRANSFER

START = "videos.insert.start"

OUTCOMES = Outcomes()


@OUTCOMES.noted("uploading", "waiting", "pending", "uploading", "processing", "published")
async def assignment_published_after_reconnection(tenant: Tenant) -> str:
    connection_id, assignment_id = await park_for_connection(tenant)
    await reconnect(tenant, connection_id)
    await tenant.until(assignment_id, "published")
    return assignment_workflow_id(assignment_id)


@OUTCOMES.noted("uploading", "processing", "waiting", "processing", "published")
async def assignment_published_after_its_thumbnail_waited(tenant: Tenant) -> str:
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault("thumbnails.set", "revoke_grant")
    with Origin(PICTURE) as pictures:
        payload = {"title": "A clip", "thumbnailUrl": pictures.url}
        assignment = await tenant.assign(connection_id, payload=payload)
        await tenant.until(assignment["id"], "waiting")
        await reconnect(tenant, connection_id)
        await tenant.until(assignment["id"], "published")
    return assignment_workflow_id(assignment["id"])


@OUTCOMES.noted("uploading", "processing", "waiting", "published")
async def assignment_published_without_its_thumbnail(tenant: Tenant) -> str:
    """It was disconnected while its thumbnail waited for a person."""
    with Origin(PICTURE) as pictures:
        payload = {"title": "A clip", "thumbnailUrl": pictures.url}
        return await _disconnect(tenant, "thumbnails.set", payload=payload)


@OUTCOMES.noted("uploading", "processing", "waiting", "failed")
async def assignment_failed_by_disconnection(tenant: Tenant) -> str:
    return await _disconnect(tenant, "videos.list")


@OUTCOMES.noted("uploading", "waiting", "cancelled")
async def assignment_cancelled_while_waiting_for_quota(tenant: Tenant) -> str:
    tenant.stack.emulator.switch(uploads_per_day=0)
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "waiting")
    return await cancel(tenant, assignment["id"])


@OUTCOMES.noted("uploading", "waiting", "uploading", "processing", "published")
async def assignment_published_after_quota(tenant: Tenant) -> str:
    emulator = tenant.stack.emulator
    emulator.switch(uploads_per_day=0)
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "waiting")
    emulator.switch(uploads_per_day=100)
    return await end_after(tenant, assignment["id"], timedelta(days=1, hours=1), "published")


@OUTCOMES.noted("uploading", "waiting", "uploading", "processing", "published")
async def assignment_published_after_an_outage(tenant: Tenant) -> str:
    tenant.stack.emulator.fault(START, "status", status=503, retry_after=3600)
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "waiting")
    return await end_after(tenant, assignment["id"], timedelta(hours=1, minutes=1), "published")


@OUTCOMES.noted("uploading", "waiting", "uploading", "processing", "published")
async def assignment_published_after_its_source_was_away(tenant: Tenant) -> str:
    with Origin(CLIP.read_bytes()) as origin:
        video = await _register(tenant, origin)
        origin.refusals.extend([(503, "")] * TRANSFER["retry_policy"].maximum_attempts)
        assignment = await tenant.assign(await tenant.connection(), **video)
        await tenant.until(assignment["id"], "waiting", within=90)
        return await end_after(tenant, assignment["id"], timedelta(minutes=2), "published")


@OUTCOMES.noted("uploading", "waiting", "uploading", "processing", "published")
async def assignment_published_from_another_address(tenant: Tenant) -> str:
    """Its link had expired, and a person gave another one."""
    with Origin(CLIP.read_bytes()) as expired, Origin(CLIP.read_bytes()) as fresh:
        video = await _register(tenant, expired)
        expired.refusals.extend([(403, "")] * 50)
        assignment = await tenant.assign(await tenant.connection(), **video)
        await tenant.until(assignment["id"], "waiting")
        path = f"/api/v1/assignments/{assignment['id']}"
        await tenant.ask("PATCH", path, {"mediaUrl": fresh.url})
        await tenant.until(assignment["id"], "published")
    return assignment_workflow_id(assignment["id"])


@OUTCOMES.noted("uploading", "pending", "uploading", "processing", "published", on=NARROW)
async def assignment_published_after_its_queue(tenant: Tenant) -> str:
    """Its workspace's only transfer ends while it waits for the place."""
    connection_id = await tenant.connection()
    slow = {"bytes_per_second": 10_000, "times": 1}
    tenant.stack.emulator.fault("videos.insert.transfer", "trickle", **slow)
    first = await tenant.assign(connection_id)
    await tenant.until(first["id"], "uploading")
    second = await tenant.assign(connection_id)
    await tenant.until(second["id"], "published")
    return assignment_workflow_id(second["id"])


@OUTCOMES.noted("uploading", "processing", "published", on=NARROW)
async def assignment_published_in_the_slow_lane(tenant: Tenant) -> str:
    with Origin(CLIP.read_bytes()) as origin:
        video = await _register(tenant, origin)
        origin.pace = 4096
        assignment = await tenant.assign(await tenant.connection(), **video)
        identity = assignment["id"]
        await tenant.eventually(
            f"/api/v1/assignments/{identity}/timeline",
            lambda told: any(item["data"].get("code") == "source_slow" for item in told["items"]),
        )
        origin.pace = 0
        await tenant.until(identity, "published")
    return assignment_workflow_id(identity)


@OUTCOMES.noted("uploading", "waiting", "uploading", "failed")
async def assignment_failed_for_want_of_a_person(tenant: Tenant) -> str:
    _, assignment_id = await park_for_connection(tenant)
    return await end_after(tenant, assignment_id, timedelta(days=7, minutes=1), "failed")


# What they are made of -----------------------------------------------------------------------


async def _register(tenant: Tenant, origin: Origin) -> dict[str, Any]:
    """What an assignment names of a video that lies at an origin."""
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": origin.url})
    return {"mediaUrl": None, "videoId": video["id"]}


async def _disconnect(tenant: Tenant, point: str, **request: Any) -> str:
    """Disconnect what a person was needed for when every byte was there."""
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault(point, "revoke_grant")
    assignment = await tenant.assign(connection_id, **request)
    await tenant.until(assignment["id"], "waiting")
    await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}")
    await tenant.until(assignment["id"], "published", "failed")
    return assignment_workflow_id(assignment["id"])


async def park_for_connection(tenant: Tenant) -> tuple[str, str]:
    """A connection that needs a person, and an assignment that waits for that."""
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault(START, "unauthorized", times=2)
    assignment = await tenant.assign(connection_id)
    await tenant.until(assignment["id"], "waiting")
    return connection_id, assignment["id"]


async def pass_by(stack: Stack, workflow_id: str, wait: timedelta) -> None:
    """Let a time go by for one workflow, and for nobody else."""
    workflow = stack.client.get_workflow_handle(workflow_id)
    await TimeSkipper(stack.client).fast_forward(workflow, wait)


async def end_after(tenant: Tenant, assignment_id: str, wait: timedelta, state: str) -> str:
    """The workflow, which has come to a state after a time."""
    workflow_id = assignment_workflow_id(assignment_id)
    await pass_by(tenant.stack, workflow_id, wait)
    await tenant.until(assignment_id, state)
    return workflow_id
