"""The end of a connection: revoked, erased, and its work ended or let go."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.events import EventType
from domain.grants import GrantEnd
from runtime.temporal import RECONCILE
from runtime.waking import Waker
from store.queries.access import connections
from store.queries.publishing.assignments import lock_assignment
from store.tables import now
from tests.support.clips import MIB, Clip, make_clip
from tests.support.reauth import asked, break_connection, events
from tests.support.stack import Stack, Tenant

START = "videos.insert.start"
TRANSFER = "videos.insert.transfer"


@pytest.fixture
def clip(stack: Stack) -> Clip:
    """Four chunks."""
    return make_clip(stack.parts.settings.data_dir)


async def end(tenant: Tenant, connection_id: str, *, status: int = 200) -> Any:
    return await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}", status=status)


async def scheduled(tenant: Tenant, connection_id: str) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(connection_id, scheduledAt=tomorrow.isoformat())
    await tenant.until(assignment["id"], "waiting")
    identity: str = assignment["id"]
    return identity


async def test_what_cannot_go_on_is_cancelled_and_what_is_there_ends_as_it_will(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await tenant.connection()
    stack.emulator.switch(processing_seconds=600)
    there = await tenant.assign(connection_id)
    await tenant.until(there["id"], "processing")
    stack.emulator.fault(TRANSFER, "trickle", bytes_per_second=MIB // 2, times=None)
    moving = await tenant.assign(connection_id, mediaUrl=clip.url)
    await tenant.until(moving["id"], "uploading")
    later = await scheduled(tenant, connection_id)

    said = await end(tenant, connection_id)

    assert said == {"grant": "revoked", "cancelled": 2, "beingCancelled": 0, "pastStopping": 1}
    for assignment_id in (moving["id"], later):
        assert (await tenant.look(assignment_id))["state"] == "cancelled"
    assert (await tenant.look(there["id"]))["state"] != "cancelled"
    (told,) = events(tenant, connection_id, EventType.CONNECTION_DISCONNECTED)
    assert (told.data["grant"], told.data["unsettledAssignments"]) == ("revoked", 3)
    assert stack.emulator.calls("oauth.revoke") == 1
    again = await end(tenant, connection_id)
    assert again == {
        "grant": "ended_before",
        "cancelled": 0,
        "beingCancelled": 0,
        "pastStopping": 1,
    }
    assert stack.emulator.calls("oauth.revoke") == 1
    await stack.assignment(there["id"]).terminate()


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


async def test_a_platform_that_is_away_leaves_everything_as_it_was(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
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
        row = connections.disconnect(session, connection_id, grant=GrantEnd.REVOKED)
        row.health_since = long_ago
        lock_assignment(session, later).updated_at = long_ago
    Waker(stack.client, stack.parts.store, stack.parts.settings).attach()
    assert (await tenant.look(later))["state"] == "waiting"

    await stack.client.get_schedule_handle(RECONCILE).trigger()

    await tenant.until(later, "cancelled", within=10)


async def test_the_way_in_ends_with_the_connection(tenant: Tenant, stack: Stack) -> None:
    connection_id = await tenant.connection()
    await break_connection(tenant, connection_id)
    path = f"/api/v1/connections/{connection_id}"
    link = (await tenant.ask("GET", path))["reauthUrl"]

    await end(tenant, connection_id)

    assert (await tenant.ask("GET", path))["reauthUrl"] is None
    async with stack.browser() as browser:
        assert (await browser.get(link)).status_code == 400
