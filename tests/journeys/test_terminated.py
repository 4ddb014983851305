"""A workflow that is gone is no end: another one continues, wherever the assignment stood.

Each state is left by `temporal workflow terminate`; then the sweep runs that every worker runs
within a minute. The assignment ends as it would have, with one video, and its timeline says so.
"""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from domain.evidence import EvidenceKind
from domain.ids import assignment_workflow_id
from store.queries.publishing import assignments
from testkit.clips import Clip, make_clip, the_only_video
from testkit.pictures import jpeg
from tests.support.evidence import evidence_of
from tests.support.origin import Origin
from tests.support.reauth import reconnect
from tests.support.stack import TEMPORAL, Stack, Tenant, eventually

START = "videos.insert.start"
TRANSFER = "videos.insert.transfer"
LISTING = "playlistItems.list"
REASON = "A clumsy operator"
PICTURE = jpeg()


@pytest.fixture
def clip(stack: Stack) -> Clip:
    return make_clip(stack.media)


def path(assignment_id: str, verb: str = "") -> str:
    return f"/api/v1/assignments/{assignment_id}{verb}"


def within(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


async def terminate(stack: Stack, assignment_id: str) -> None:
    await stack.assignment(assignment_id).terminate(reason=REASON)


def grow_old(stack: Stack, assignment_id: str) -> None:
    """Let nothing have been written to the row for longer than the grace."""
    with stack.parts.store.write() as session:
        assignments.lock_assignment(session, assignment_id).updated_at -= timedelta(hours=1)


async def lose(stack: Stack, assignment_id: str) -> None:
    """Terminate the workflow, and sweep as soon as its row stands still."""
    await terminate(stack, assignment_id)
    grow_old(stack, assignment_id)
    await stack.sweep()
    assert await is_running(stack, assignment_id)


async def is_running(stack: Stack, assignment_id: str) -> bool:
    described = await stack.assignment(assignment_id).describe()
    return described.status is not None and described.status.name == "RUNNING"


async def is_told(tenant: Tenant, assignment_id: str, *, how: str = "terminated") -> None:
    """The timeline says that the workflow was gone, since when, and that another continues."""
    [lost] = evidence_of(tenant.stack.parts.store, assignment_id, EvidenceKind.WORKFLOW_LOST)
    assert lost.data["how"] == how
    since = datetime.fromisoformat(lost.data["since"])
    assert timedelta(0) < datetime.now(UTC) - since < timedelta(hours=2)
    told = await tenant.ask("GET", path(assignment_id, "/timeline?limit=100"))
    [sentence] = [item["sentence"] for item in told["items"] if item["kind"] == "workflow_lost"]
    assert sentence == (
        f"Its workflow was {how} at {lost.data['since']}. "
        "Another workflow continues from the recorded state."
    )


async def published(tenant: Tenant, assignment_id: str, clip: Clip) -> dict[str, Any]:
    """It is published, as one video, and nothing was sent on a second session."""
    seen = await tenant.until(assignment_id, "published", "failed", "cancelled", within=60)
    assert seen["state"] == "published", seen
    assert seen["platformId"] == the_only_video(tenant.stack.emulator, clip)["id"]
    assert len(tenant.stack.emulator.state()["sessions"]) == 1
    return seen


# At each state ---------------------------------------------------------------------------


async def test_scheduled(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    assignment = await tenant.assign(
        await tenant.connection(), mediaUrl=clip.url, scheduledAt=within(seconds=8)
    )
    await tenant.until(assignment["id"], "waiting")

    await lose(stack, assignment["id"])

    seen = await published(tenant, assignment["id"], clip)
    assert seen["publishedAt"] > assignment["scheduledAt"]
    await is_told(tenant, assignment["id"])


async def test_waiting_for_its_connection(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault(TRANSFER, "revoke_grant", skip=1)
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)
    waiting = await tenant.until(assignment["id"], "waiting", "published")
    assert waiting["waitReason"] == "connection"

    await lose(stack, assignment["id"])

    assert await tenant.look(assignment["id"]) == waiting | {"updatedAt": ANY}
    await reconnect(tenant, connection_id)
    await published(tenant, assignment["id"], clip)
    await is_told(tenant, assignment["id"])


async def test_waiting_for_its_connection_that_was_authorized_meanwhile(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault(START, "revoke_grant")
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)
    await tenant.until(assignment["id"], "waiting")
    await terminate(stack, assignment["id"])
    await reconnect(tenant, connection_id)

    grow_old(stack, assignment["id"])
    await stack.sweep()

    await published(tenant, assignment["id"], clip)


async def test_waiting_for_quota(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault(TRANSFER, "quota_exceeded", skip=1)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    waiting = await tenant.until(assignment["id"], "waiting", "published")
    assert waiting["waitReason"] == "quota"

    before = trouble_of(stack, assignment["id"])
    await lose(stack, assignment["id"])

    again = await tenant.look(assignment["id"])
    assert (again["state"], again["waitUntil"]) == ("waiting", waiting["waitUntil"])
    # A week of the same trouble is the end, however often the workflow was lost in it.
    assert trouble_of(stack, assignment["id"]) == before
    # Its time has come, and the workflow is lost once more.
    await terminate(stack, assignment["id"])
    with stack.parts.store.write() as session:
        row = assignments.lock_assignment(session, assignment["id"])
        row.wait_until = datetime.now(UTC) - timedelta(seconds=1)
    grow_old(stack, assignment["id"])
    await stack.sweep()
    await published(tenant, assignment["id"], clip)


def trouble_of(stack: Stack, assignment_id: str) -> tuple[datetime, int]:
    """Since when it has lasted, and how often it was met."""
    with stack.parts.store.read() as session:
        row = assignments.get_assignment_by_id(session, assignment_id)
    assert row.waiting_since is not None
    return row.waiting_since, row.waiting_looks


async def test_in_mid_transfer(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault(TRANSFER, "trickle", bytes_per_second=clip.size // 20, times=None)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    async def received() -> int:
        count: int = stack.emulator.state()["transfer"]["bytes_received"]
        return count

    await eventually(received, lambda count: count > clip.size // 3)
    await terminate(stack, assignment["id"])
    stack.emulator.forget_faults()

    # Nothing is dated back: the old sender may still be at it until it hears of its end.
    await eventually(stack.sweep, lambda swept: swept.rebuilt, within=60)

    await published(tenant, assignment["id"], clip)
    await is_told(tenant, assignment["id"])
    stops = evidence_of(stack.parts.store, assignment["id"], EvidenceKind.STOPPED)
    assert "cancelled" not in {stop.data["code"] for stop in stops}, "nobody cancelled it"


async def test_between_the_last_byte_and_its_answer(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "slow", delay_seconds=25, final=True)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    async def has_left() -> object:
        return evidence_of(stack.parts.store, assignment["id"], EvidenceKind.FINISH_SENT)

    await eventually(has_left)
    await terminate(stack, assignment["id"])

    await eventually(stack.sweep, lambda swept: swept.rebuilt, within=60)

    await published(tenant, assignment["id"], clip)
    assert len(evidence_of(stack.parts.store, assignment["id"], EvidenceKind.FINISH_SENT)) == 1
    await is_told(tenant, assignment["id"])


async def test_processing(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.switch(processing_seconds=600)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    await tenant.until(assignment["id"], "processing")

    await lose(stack, assignment["id"])

    assert (await tenant.look(assignment["id"]))["state"] == "processing"
    stack.emulator.advance(600)
    await published(tenant, assignment["id"], clip)
    assert stack.emulator.calls(TRANSFER) == 4
    await is_told(tenant, assignment["id"])


async def test_at_the_thumbnail(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault("thumbnails.set", "status", status=503, times=None)
    with Origin(PICTURE) as pictures:
        assignment = await tenant.assign(
            await tenant.connection(),
            mediaUrl=clip.url,
            payload={"title": "Bread", "thumbnailUrl": pictures.url},
        )

        async def tried() -> object:
            return evidence_of(stack.parts.store, assignment["id"], EvidenceKind.STEP)

        await eventually(tried)
        await lose(stack, assignment["id"])
        stack.emulator.forget_faults()

        seen = await published(tenant, assignment["id"], clip)
    assert seen["warnings"] == {}
    (video,) = stack.emulator.videos()
    assert video["thumbnail_sha256"] == hashlib.sha256(PICTURE).hexdigest()
    await is_told(tenant, assignment["id"])


async def unconfirmed(tenant: Tenant, clip: Clip) -> dict[str, Any]:
    """Its session is lost with the answer to its last byte; its video is not listed yet."""
    tenant.stack.emulator.fault(TRANSFER, "session_lost", after_finish=True)
    tenant.stack.emulator.fault(LISTING, "not_found_yet")
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    return await tenant.until(assignment["id"], "unconfirmed", "published")


async def test_unconfirmed(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    assignment = await unconfirmed(tenant, clip)

    await lose(stack, assignment["id"])

    again = await tenant.look(assignment["id"])
    assert (again["state"], again["waitUntil"]) == ("unconfirmed", assignment["waitUntil"])
    seen = await tenant.until(assignment["id"], "published", "failed", within=120)
    assert seen["platformId"] == the_only_video(stack.emulator, clip)["id"]
    await is_told(tenant, assignment["id"])


async def test_by_temporals_own_command(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    assignment = await tenant.assign(
        await tenant.connection(), mediaUrl=clip.url, scheduledAt=within(seconds=10)
    )
    await tenant.until(assignment["id"], "waiting")
    address = stack.client.service_client.config.target_host
    command = await asyncio.create_subprocess_exec(
        *(TEMPORAL, "workflow", "terminate", "--address", address, "--reason", REASON),
        *("--workflow-id", assignment_workflow_id(assignment["id"])),
    )
    assert await command.wait() == 0

    grow_old(stack, assignment["id"])
    assert (await stack.sweep()).rebuilt == 1

    await published(tenant, assignment["id"], clip)
    await is_told(tenant, assignment["id"])


# What a person asks for works at once ----------------------------------------------------


async def scheduled(tenant: Tenant, clip: Clip) -> str:
    """An assignment that waits for tomorrow, and whose workflow is gone."""
    assignment = await tenant.assign(
        await tenant.connection(), mediaUrl=clip.url, scheduledAt=within(days=1)
    )
    await tenant.until(assignment["id"], "waiting")
    await terminate(tenant.stack, assignment["id"])
    assignment_id: str = assignment["id"]
    return assignment_id


async def test_a_cancel_works_at_once(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    assignment_id = await scheduled(tenant, clip)
    cancelled = await tenant.ask("DELETE", path(assignment_id))
    assert cancelled["state"] == "cancelled"
    assert stack.emulator.calls(START) == 0
    await is_told(tenant, assignment_id)


async def test_a_cancel_of_what_waits_works_at_once(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "revoke_grant", skip=1)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    await tenant.until(assignment["id"], "waiting", "published")
    await terminate(stack, assignment["id"])

    cancelled = await tenant.ask("DELETE", path(assignment["id"]))

    assert cancelled["state"] == "cancelled"
    assert stack.emulator.videos() == []


async def test_an_edit_works_at_once(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    assignment_id = await scheduled(tenant, clip)
    await tenant.ask("PATCH", path(assignment_id), {"payload": {"title": "Rye"}})
    await tenant.ask("PATCH", path(assignment_id), {"scheduledAt": None})
    await published(tenant, assignment_id, clip)
    assert the_only_video(stack.emulator, clip)["title"] == "Rye"


async def test_a_retry_works_at_once(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    assignment_id = await scheduled(tenant, clip)
    seen = await tenant.ask("POST", path(assignment_id, "/retry"))
    assert (seen["state"], seen["attempt"]) == ("waiting", 1)
    assert await is_running(stack, assignment_id)
    # It runs, so there is nothing to retry any more.
    refused = await tenant.ask("POST", path(assignment_id, "/retry"), status=409)
    assert refused["code"] == "not_retryable"
    await tenant.ask("DELETE", path(assignment_id))


async def test_a_forced_retry_works_at_once(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault(TRANSFER, "session_lost", final=True)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    await tenant.until(assignment["id"], "unconfirmed")
    await terminate(stack, assignment["id"])

    await tenant.ask(
        "POST", path(assignment["id"], "/retry"), {"force": True, "reason": "It is not there."}
    )

    seen = await tenant.until(assignment["id"], "published", "failed")
    assert seen["platformId"] == the_only_video(stack.emulator, clip)["id"]


async def test_what_was_given_up_stays_given_up(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    """Nothing is known of the outcome at the cancel, and the workflow is lost after it."""
    stack.emulator.fault(TRANSFER, "session_lost", final=True)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    await tenant.until(assignment["id"], "unconfirmed")
    refused = await tenant.ask("DELETE", path(assignment["id"]), status=409)
    assert refused["code"] == "unconfirmed"

    await lose(stack, assignment["id"])
    await tenant.ask(
        "POST", path(assignment["id"], "/retry"), {"force": True, "reason": "It is not there."}
    )

    seen = await tenant.until(assignment["id"], "published", "cancelled", "failed")
    assert seen["state"] == "cancelled"
    assert stack.emulator.videos() == []
