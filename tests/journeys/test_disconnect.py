"""The end of a connection: revoked, erased, and its work ended or let go."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.events import EventType
from domain.grants import GrantEnd
from runtime.waking import Waker
from store.queries.access import connections
from store.queries.publishing.assignments import lock_assignment
from store.tables import now
from testkit.clips import MIB, Clip, make_clip
from testkit.pictures import jpeg
from tests.support.origin import Origin
from tests.support.reauth import asked, break_connection, events, reconnect
from tests.support.stack import Stack, Tenant

START = "videos.insert.start"
TRANSFER = "videos.insert.transfer"


@pytest.fixture
def clip(stack: Stack) -> Clip:
    """Four chunks."""
    return make_clip(stack.media)


async def end(tenant: Tenant, connection_id: str, *, status: int = 200) -> Any:
    return await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}", status=status)


async def lone_connection(tenant: Tenant) -> str:
    """A connection whose grant no other journey's workspace uses, as they do the seeded ones'."""
    email = f"{tenant.workspace_id}@example.test"
    tenant.stack.emulator.account(email, channels=[{"title": "Lone"}])
    return await tenant.connection(email)


async def scheduled(tenant: Tenant, connection_id: str) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(connection_id, scheduledAt=tomorrow.isoformat())
    await tenant.until(assignment["id"], "waiting")
    identity: str = assignment["id"]
    return identity


async def test_what_cannot_go_on_is_cancelled_and_what_is_there_ends_as_it_will(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await lone_connection(tenant)
    stack.emulator.switch(processing_seconds=600)
    there = await tenant.assign(connection_id)
    await tenant.until(there["id"], "processing")
    stack.emulator.fault(TRANSFER, "trickle", bytes_per_second=MIB // 2, times=None)
    moving = await tenant.assign(connection_id, mediaUrl=clip.url)
    await tenant.until(moving["id"], "uploading")
    later = await scheduled(tenant, connection_id)

    said = await end(tenant, connection_id)

    assert said == {"grant": "released", "cancelled": 2, "beingCancelled": 0, "pastStopping": 1}
    for assignment_id in (moving["id"], later):
        assert (await tenant.look(assignment_id))["state"] == "cancelled"
    # It can be asked for no more, which the next look at it finds.
    failed = await tenant.until(there["id"], "failed", "cancelled", "published")
    assert (failed["state"], failed["errorCode"]) == ("failed", "disconnected")
    (told,) = events(tenant, connection_id, EventType.CONNECTION_DISCONNECTED)
    assert (told.data["grant"], told.data["unsettledAssignments"]) == ("released", 3)
    assert stack.emulator.calls("oauth.revoke") == 1
    again = await end(tenant, connection_id)
    assert again == {
        "grant": "ended_before",
        "cancelled": 0,
        "beingCancelled": 0,
        "pastStopping": 0,
    }
    assert stack.emulator.calls("oauth.revoke") == 1


async def test_the_end_in_one_workspace_leaves_the_grant_to_the_others(
    tenant: Tenant, stack: Stack
) -> None:
    stack.emulator.account("shared@example.test", channels=[{"title": "Shared"}])
    neighbour = await stack.tenant("a neighbour of the same channel")
    ours, theirs = [await each.connection("shared@example.test") for each in (tenant, neighbour)]

    assert (await end(tenant, ours))["grant"] == "released"

    assert stack.emulator.calls("oauth.revoke") == 0
    await neighbour.ask("POST", f"/api/v1/connections/{theirs}/refresh-token")
    assert (await neighbour.publish(theirs))["state"] == "published"
    assert (await end(neighbour, theirs))["grant"] == "released"
    assert stack.emulator.calls("oauth.revoke") == 1


async def test_a_grant_that_is_dead_already_is_no_hindrance(tenant: Tenant, stack: Stack) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault(START, "revoke_grant")
    assignment = await tenant.assign(connection_id)
    await tenant.until(assignment["id"], "waiting")
    workflow = await asked(stack, connection_id)

    said = await end(tenant, connection_id)

    assert (said["grant"], said["cancelled"]) == ("ended_before", 1)
    assert (await tenant.look(assignment["id"]))["state"] == "cancelled"
    assert (await workflow.result())["end"] == "disconnected"


async def parked(tenant: Tenant, point: str, **payload: str) -> Any:
    """An assignment whose connection dies when every byte is there."""
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault(point, "revoke_grant")
    assignment = await tenant.assign(connection_id, payload={"title": "Bread", **payload})
    waiting = await tenant.until(assignment["id"], "waiting", "published", "failed")
    assert (waiting["state"], waiting["waitReason"]) == ("waiting", "connection")
    return waiting


async def test_a_thumbnail_that_nobody_will_set_hides_no_video(
    tenant: Tenant, stack: Stack
) -> None:
    with Origin(jpeg()) as pictures:
        waiting = await parked(tenant, "thumbnails.set", thumbnailUrl=pictures.url)

        await end(tenant, waiting["connectionId"])

        published = await tenant.until(waiting["id"], "published", "failed", within=10)
    assert (published["state"], published["platformUrl"]) == ("published", waiting["platformUrl"])
    assert "disconnected before this was done" in published["warnings"]["thumbnail_failed"]


async def test_what_became_of_a_video_is_asked_again_by_a_retry_alone(
    tenant: Tenant, stack: Stack
) -> None:
    stack.emulator.switch(processing_seconds=1)
    waiting = await parked(tenant, "videos.list")

    await end(tenant, waiting["connectionId"])

    failed = await tenant.until(waiting["id"], "published", "failed", within=10)
    assert (failed["errorCode"], failed["remedy"]) == ("disconnected", "reconnect")
    (video,) = stack.emulator.videos()
    assert failed["platformId"] == video["id"]
    await reconnect(tenant, waiting["connectionId"])
    await tenant.ask("POST", f"/api/v1/assignments/{waiting['id']}/retry")
    assert await tenant.until(waiting["id"], "published", within=20)
    assert len(stack.emulator.videos()) == 1


async def test_a_platform_that_is_away_leaves_everything_as_it_was(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await lone_connection(tenant)
    later = await scheduled(tenant, connection_id)
    stack.emulator.fault("oauth.revoke", "status", status=503, times=None)

    await end(tenant, connection_id, status=503)

    assert (await tenant.look(later))["state"] == "waiting"
    connection = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    assert (connection["isActive"], connection["health"]) == (True, "healthy")
    stack.emulator.http.delete("/_emulator/faults")
    assert (await end(tenant, connection_id))["cancelled"] == 1


async def test_a_crash_behind_the_erasure_is_repaired(tenant: Tenant, stack: Stack) -> None:
    connection_id = await tenant.connection()
    later = await scheduled(tenant, connection_id)
    stack.parts.store.after_commit = None
    long_ago = now() - timedelta(minutes=1)
    with stack.parts.store.write() as session:
        row = connections.disconnect(session, connection_id, grant=GrantEnd.RELEASED)
        row.health_since = long_ago
        lock_assignment(session, later).updated_at = long_ago
    Waker(stack.client, stack.parts.store, stack.parts.settings).attach()
    assert (await tenant.look(later))["state"] == "waiting"

    await stack.sweep()

    await tenant.until(later, "cancelled", within=10)


async def test_what_waits_behind_its_last_byte_ends_although_the_wake_was_lost(
    tenant: Tenant, stack: Stack
) -> None:
    waiting = await parked(tenant, "videos.list")
    workflow = await asked(stack, waiting["connectionId"])
    stack.parts.store.after_commit = None
    await end(tenant, waiting["connectionId"])
    Waker(stack.client, stack.parts.store, stack.parts.settings).attach()
    with stack.parts.store.write() as session:
        long_ago = now() - timedelta(minutes=1)
        connections.lock_connection(session, waiting["connectionId"]).health_since = long_ago
        lock_assignment(session, waiting["id"]).updated_at = long_ago
    assert (await tenant.look(waiting["id"]))["state"] == "waiting"

    await stack.sweep()

    # Sooner than the workflow looks by itself.
    assert await tenant.until(waiting["id"], "failed", within=6)
    assert (await workflow.result())["end"] == "disconnected"


async def test_the_way_in_ends_with_the_connection(tenant: Tenant, stack: Stack) -> None:
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)
    path = f"/api/v1/connections/{connection_id}"
    link = (await tenant.ask("GET", path))["reauthUrl"]

    await end(tenant, connection_id)

    assert (await tenant.ask("GET", path))["reauthUrl"] is None
    async with stack.browser() as browser:
        assert (await browser.get(link)).status_code == 400
