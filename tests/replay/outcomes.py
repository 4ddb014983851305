"""Every outcome of the lifecycles, and how it is brought about.

Each function walks one way through an installation and returns the id of the workflow that
went it; its decorator says the states that the workflow showed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio.client import ScheduleActionExecutionStartWorkflow

from domain.ids import (
    assignment_workflow_id,
    delivery_workflow_id,
    reauth_workflow_id,
    ticket_workflow_id,
)
from runtime import caring
from tests.support.clips import UPRIGHT
from tests.support.emulator import ANA
from tests.support.meta import BAKERY
from tests.support.origin import Origin
from tests.support.reauth import asked, reconnect
from tests.support.receiver import Receiver
from tests.support.stack import Stack, Tenant, eventually

DELIVERIES = "/api/v1/webhooks/deliveries"

Bring = TypeVar("Bring", bound=Callable[[Tenant], Awaitable[str]])


@dataclass(frozen=True)
class Outcome:
    """`bring` it about, and get the id of the workflow, which goes through these states."""

    bring: Callable[[Tenant], Awaitable[str]]
    states: list[str]


OUTCOMES: dict[str, Outcome] = {}
"""By the name of the file that holds the history."""

EARLIER: dict[str, list[str]] = {
    "ticket-releases": ["open", "consenting", "connecting", "connected"],
    "assignment-published-after-connection": [
        "uploading",
        "waiting",
        "uploading",
        "processing",
        "published",
    ],
}
"""The states of what was recorded when a ticket itself woke what was parked, and a recovery was
not written down. Nobody can record it again; what began in that way must go on."""


def outcome(*states: str) -> Callable[[Bring], Bring]:
    def noted(bring: Bring) -> Bring:
        OUTCOMES[bring.__name__.replace("_", "-")] = Outcome(bring, list(states))
        return bring

    return noted


@outcome("open", "consenting", "connecting", "connected")
async def ticket_connected(tenant: Tenant) -> str:
    return await _ticket(tenant)


@outcome("open", "consenting", "connecting", "connected")
async def ticket_for_pages(tenant: Tenant) -> str:
    """Connects two of four Pages; the others are left out."""
    return await _ticket(tenant, platform="facebook")


@outcome("open", "consenting", "refused")
async def ticket_refused(tenant: Tenant) -> str:
    return await _ticket(tenant, decision="deny")


@outcome("open", "consenting", "connecting", "refused")
async def ticket_without_the_scope(tenant: Tenant) -> str:
    return await _ticket(tenant, account="partial@example.test")


@outcome("open", "consenting", "connecting", "failed")
async def ticket_failed(tenant: Tenant) -> str:
    tenant.stack.emulator.fault("oauth.token.exchange", "unauthorized")
    return await _ticket(tenant)


@outcome("open", "expired")
async def ticket_expired(tenant: Tenant) -> str:
    ticket_id, _ = await tenant.short_ticket(seconds=0.5)
    return ticket_workflow_id(ticket_id)


@outcome("uploading", "processing", "published")
async def assignment_published(tenant: Tenant) -> str:
    return await _publish(tenant)


@outcome("uploading", "processing", "published")
async def assignment_published_on_a_page(tenant: Tenant) -> str:
    """A vertical video, which is warned of from the start, and a lost answer in its finish."""
    tenant.stack.emulator.fault("page_videos.finish", "lose_answer_live")
    pages = await tenant.pages()
    return await _publish(tenant, pages[BAKERY], mediaUrl=UPRIGHT.as_uri())


@outcome("uploading", "processing", "published")
async def assignment_published_with_warning(tenant: Tenant) -> str:
    # The grant does not reach as far as playlists.
    payload = {"title": "A clip", "playlistIds": ["PLnone"]}
    return await _publish(tenant, payload=payload)


@outcome("waiting", "uploading", "processing", "published")
async def assignment_published_after_schedule(tenant: Tenant) -> str:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    return await _publish(tenant, scheduledAt=soon.isoformat())


@outcome("uploading", "waiting", "pending", "uploading", "processing", "published")
async def assignment_published_after_reconnection(tenant: Tenant) -> str:
    connection_id, assignment_id = await _park_for_connection(tenant)
    await reconnect(tenant, connection_id)
    await tenant.until(assignment_id, "published")
    return assignment_workflow_id(assignment_id)


@outcome("uploading", "processing", "waiting", "processing", "published")
async def assignment_published_after_its_thumbnail_waited(tenant: Tenant) -> str:
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault("thumbnails.set", "revoke_grant")
    with Origin(b"\xff\xd8\xff" + bytes(1000)) as pictures:
        payload = {"title": "A clip", "thumbnailUrl": pictures.url}
        assignment = await tenant.assign(connection_id, payload=payload)
        await tenant.until(assignment["id"], "waiting")
        await reconnect(tenant, connection_id)
        await tenant.until(assignment["id"], "published")
    return assignment_workflow_id(assignment["id"])


@outcome("uploading", "processing", "waiting", "published")
async def assignment_published_without_its_thumbnail(tenant: Tenant) -> str:
    """It was disconnected while its thumbnail waited for a person."""
    with Origin(b"\xff\xd8\xff" + bytes(1000)) as pictures:
        payload = {"title": "A clip", "thumbnailUrl": pictures.url}
        return await _disconnect(tenant, "thumbnails.set", payload=payload)


@outcome("uploading", "processing", "waiting", "failed")
async def assignment_failed_by_disconnection(tenant: Tenant) -> str:
    return await _disconnect(tenant, "videos.list")


@outcome("uploading", "processing", "failed")
async def assignment_failed(tenant: Tenant) -> str:
    tenant.stack.emulator.fault("videos.insert.start", "processing_rejects", reason="duplicate")
    return await _publish(tenant)


@outcome("waiting", "cancelled")
async def assignment_cancelled_while_scheduled(tenant: Tenant) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(await tenant.connection(), scheduledAt=tomorrow.isoformat())
    await tenant.until(assignment["id"], "waiting")
    return await _cancel(tenant, assignment["id"])


@outcome("waiting", "uploading", "processing", "published")
async def assignment_edited(tenant: Tenant) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assignment = await tenant.assign(await tenant.connection(), scheduledAt=tomorrow.isoformat())
    await tenant.until(assignment["id"], "waiting")
    path = f"/api/v1/assignments/{assignment['id']}"
    await tenant.ask("PATCH", path, {"payload": {"title": "Another title"}, "scheduledAt": None})
    await tenant.until(assignment["id"], "published")
    return assignment_workflow_id(assignment["id"])


@outcome("uploading", "cancelled")
async def assignment_cancelled_while_uploading(tenant: Tenant) -> str:
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault(
        "videos.insert.transfer", "trickle", bytes_per_second=10_000, times=None
    )
    assignment = await tenant.assign(connection_id)
    await eventually(lambda: _sessions(tenant.stack))
    return await _cancel(tenant, assignment["id"])


@outcome("uploading", "waiting", "cancelled")
async def assignment_cancelled_while_waiting_for_quota(tenant: Tenant) -> str:
    tenant.stack.emulator.switch(uploads_per_day=0)
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "waiting")
    return await _cancel(tenant, assignment["id"])


@outcome("uploading", "processing", "published")
async def assignment_retried(tenant: Tenant) -> str:
    workflow_id = await assignment_failed(tenant)
    assignment_id = workflow_id.partition("/")[2]
    await tenant.ask("POST", f"/api/v1/assignments/{assignment_id}/retry")
    await tenant.until(assignment_id, "published")
    return workflow_id


@outcome("needs_reauth", "healthy")
async def reauth_reconnected(tenant: Tenant) -> str:
    """Sets one parked assignment free."""
    connection_id, _ = await _park_for_connection(tenant)
    await asked(tenant.stack, connection_id)
    await reconnect(tenant, connection_id)
    return reauth_workflow_id(connection_id)


@outcome("needs_reauth", "disconnected")
async def reauth_disconnected(tenant: Tenant) -> str:
    connection_id, _ = await _park_for_connection(tenant)
    await asked(tenant.stack, connection_id)
    await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}")
    return reauth_workflow_id(connection_id)


@outcome()
async def reconcile_idle(tenant: Tenant) -> str:
    client = tenant.stack.client
    schedule = client.get_schedule_handle("reconcile")
    await schedule.trigger()

    async def fired() -> list[Any]:
        return list((await schedule.describe()).info.recent_actions)

    action = (await eventually(fired))[-1].action
    assert isinstance(action, ScheduleActionExecutionStartWorkflow)
    return str(action.workflow_id)


@outcome()
async def care_for_everything(tenant: Tenant) -> str:
    await tenant.connection()
    await caring.care_for_everything(tenant.stack.client)
    return caring.EVERYTHING


@outcome()
async def delivery_taken(tenant: Tenant) -> str:
    with Receiver() as receiver:
        return await _tell(tenant, receiver, attempts=1)


@outcome()
async def delivery_refused_and_tried_again(tenant: Tenant) -> str:
    with Receiver(headers={"Retry-After": "7200"}) as receiver:
        receiver.answers.append(503)
        workflow_id = await _tell(tenant, receiver, attempts=1)
        [delivery] = (await tenant.ask("GET", DELIVERIES))["items"]
        await tenant.ask("POST", f"{DELIVERIES}/{delivery['id']}/redeliver")
        await _attempts(tenant, 2)
    return workflow_id


# What they are made of -----------------------------------------------------------------------


async def _ticket(
    tenant: Tenant, *, account: str = ANA, decision: str = "allow", platform: str = "youtube"
) -> str:
    ticket = await tenant.ticket(platform=platform)
    await tenant.browse(ticket["authUrl"], account=account, decision=decision)
    return ticket_workflow_id(ticket["ticketId"])


async def _publish(tenant: Tenant, connection_id: str | None = None, **fields: Any) -> str:
    published = await tenant.publish(connection_id or await tenant.connection(), **fields)
    return assignment_workflow_id(published["id"])


async def _cancel(tenant: Tenant, assignment_id: str) -> str:
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment_id}")
    return assignment_workflow_id(assignment_id)


async def _park_for_connection(tenant: Tenant) -> tuple[str, str]:
    """A connection that needs a person, and an assignment that waits for that."""
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault("videos.insert.start", "unauthorized", times=2)
    assignment = await tenant.assign(connection_id)
    await tenant.until(assignment["id"], "waiting")
    return connection_id, assignment["id"]


async def _sessions(stack: Stack) -> list[Any]:
    state = await asyncio.to_thread(stack.emulator.state)
    sessions: list[Any] = state["sessions"]
    return sessions


async def _tell(tenant: Tenant, receiver: Receiver, *, attempts: int) -> str:
    """Let a receiver be told of a connection; the workflow, after so many attempts."""
    endpoint = await tenant.ask("POST", "/api/v1/webhooks/endpoints", {"url": receiver.url})
    connection_id = await tenant.connection()
    await _attempts(tenant, attempts)
    return delivery_workflow_id(endpoint["id"], connection_id)


async def _attempts(tenant: Tenant, count: int) -> None:
    await tenant.eventually(
        DELIVERIES, lambda page: [len(item["attempts"]) for item in page["items"]] == [count]
    )


async def _disconnect(tenant: Tenant, point: str, **request: Any) -> str:
    """Disconnect what a person was needed for when every byte was there."""
    connection_id = await tenant.connection()
    tenant.stack.emulator.fault(point, "revoke_grant")
    assignment = await tenant.assign(connection_id, **request)
    await tenant.until(assignment["id"], "waiting")
    await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}")
    await tenant.until(assignment["id"], "published", "failed")
    return assignment_workflow_id(assignment["id"])
