"""One workspace's slow origins, slow receivers and long queues leave another one's work alone.

The installation has small shares and its own Temporal, so that what is seen of a queue is its own.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from domain.evidence import EvidenceKind, Told
from runtime.temporal import connect
from store.tables import Assignment, Event
from testkit.clips import MIB, make_clip
from testkit.emulator import Emulator
from testkit.pictures import jpeg
from tests.support.evidence import evidence_of
from tests.support.origin import Origin
from tests.support.receiver import Receiver
from tests.support.stack import Stack, Tenant, eventually, stack_apart

TRANSFERS = STEPS = DELIVERIES = 2
START = "videos.insert.start"
PICTURE = jpeg()
BEN = "ben@example.test"


@pytest.fixture(scope="module")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator
) -> AsyncIterator[Stack]:
    shares = {
        "transfers_per_workspace": TRANSFERS,
        "steps_per_workspace": STEPS,
        "deliveries_per_workspace": DELIVERIES,
        "consents_per_workspace": 1,
        "slow_source_seconds": 2,
    }
    folder = tmp_path_factory.mktemp("bulkheads")
    async with stack_apart(folder, emulator_process, **shares) as stack:
        yield stack


@pytest.fixture
def stack(installation: Stack, emulator: Emulator) -> Stack:
    emulator.switch(processing_seconds=0)
    return installation


@pytest.fixture
async def greedy(stack: Stack, request: pytest.FixtureRequest) -> Tenant:
    return await stack.tenant(f"greedy {request.node.name}")


@pytest.fixture
async def other(stack: Stack, request: pytest.FixtureRequest) -> Tenant:
    return await stack.tenant(f"other {request.node.name}")


async def states(tenant: Tenant) -> Counter[str]:
    listed = await tenant.ask("GET", "/api/v1/assignments?limit=100")
    return Counter(item["state"] for item in listed["items"])


async def all_published(tenant: Tenant, count: int) -> None:
    await eventually(partial(states, tenant), {"published": count}.__eq__, within=120)


def rows(stack: Stack, tenant: Tenant) -> list[Assignment]:
    with stack.parts.store.read() as session:
        found = session.exec(
            select(Assignment).where(Assignment.workspace_id == tenant.workspace_id)
        )
        return list(found)


def most_at_once(stack: Stack, tenant: Tenant) -> int:
    """How many transfers moved at a time, by the events, whose order is that of the commits."""
    with stack.parts.store.read() as session:
        told = session.exec(
            select(Event)
            .where(Event.workspace_id == tenant.workspace_id)
            .order_by(col(Event.number))
        ).all()
    uploading: set[str] = set()
    most = 0
    for event in told:
        (uploading.add if event.type == "assignment.uploading" else uploading.discard)(
            event.subject_id
        )
        most = max(most, len(uploading))
    return most


async def seen(look: Callable[[], Any]) -> Any:
    return look()


async def test_sixteen_slow_thumbnails_keep_nobody_else_waiting(
    stack: Stack, greedy: Tenant, other: Tenant
) -> None:
    connection_id = await greedy.connection()
    # The pictures are read when they are accepted. Only then their origin becomes slow.
    stack.emulator.switch(processing_seconds=3600)
    with Origin(PICTURE) as slow, Origin(PICTURE) as fast:
        for _ in range(16):
            payload = {"title": "A clip", "thumbnailUrl": slow.url}
            await greedy.assign(connection_id, payload=payload)
        await eventually(partial(states, greedy), {"processing": 16}.__eq__, within=120)
        slow.pace, slow.most_under_way = 1 / 3, 0
        stack.emulator.switch(processing_seconds=0)
        stack.emulator.advance(3600)
        await eventually(partial(seen, lambda: slow.under_way), STEPS.__le__, within=120)

        mine = await other.connection(BEN)
        published = await other.publish(mine, payload={"title": "Mine", "thumbnailUrl": fast.url})
        assert (published["state"], published["warnings"]) == ("published", {})
        assert (await states(greedy))["published"] < 16, "the slow ones are still at it"
        assert slow.most_under_way <= STEPS
        slow.pace = 0
        await all_published(greedy, 16)


async def test_slow_videos_move_to_a_lane_of_their_own_and_continue_from_their_byte(
    stack: Stack, greedy: Tenant, other: Tenant, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path, 3 * MIB)
    connection_id = await greedy.connection()
    with Origin(clip.path.read_bytes(), sprint=MIB + MIB // 2) as slow:
        video = await greedy.ask("POST", "/api/v1/videos", {"sourceUrl": slow.url})
        slow.pace = 8 * 1024
        made = [
            await greedy.assign(connection_id, mediaUrl=None, videoId=video["id"]) for _ in range(8)
        ]

        def are_slow() -> list[bool]:
            return [row.is_slow for row in rows(stack, greedy)]

        await eventually(partial(seen, are_slow), any, within=60)
        published = await other.publish(await other.connection(BEN))
        assert published["state"] == "published"
        assert await states(greedy) != {"published": 8}
        # None holds a place of the others once it was found to be slow.
        await eventually(partial(seen, are_slow), all, within=120)

        def in_slow_lane() -> int:
            return sum(row.state == "uploading" for row in rows(stack, greedy))

        await eventually(partial(seen, in_slow_lane), (1).__eq__)
        slow.pace = 0
        await all_published(greedy, 8)

    # Each upload went on in the session that it had.
    assert stack.emulator.calls(START) == 8 + 1
    whole = [one for one in stack.emulator.videos() if one["sha256"] == clip.sha256]
    assert len(whole) == 8
    resumed = [evidence_of(stack.parts.store, one["id"], EvidenceKind.ASKED) for one in made]
    for asked in resumed:
        assert any(one.data["told"] == Told.HELD and one.data["offset"] >= MIB for one in asked), (
            asked
        )


async def test_a_queue_of_transfers_never_exceeds_its_share_and_costs_little_history(
    stack: Stack, greedy: Tenant
) -> None:
    count = 20
    connection_id = await greedy.connection()
    clip = make_clip(stack.media, MIB)
    video = await greedy.ask("POST", "/api/v1/videos", {"sourceUrl": clip.url})
    stack.emulator.switch(uploads_per_day=1000)
    client = await connect(stack.parts.settings, stack.parts.keyring)
    async with replace(stack, client=client).working():  # a second worker beside the first one
        made = await asyncio.gather(
            *(
                greedy.assign(connection_id, mediaUrl=None, videoId=video["id"])
                for _ in range(count)
            )
        )
        await all_published(greedy, count)
    assert most_at_once(stack, greedy) == TRANSFERS
    assert all(row.queued_at is None for row in rows(stack, greedy))
    lengths = [len((await stack.assignment(one["id"]).fetch_history()).events) for one in made]
    # A publish alone has 22; each wait for a place some dozen more.
    assert max(lengths) < 80, sorted(lengths)
    print("history lengths", sorted(lengths))


async def test_a_queued_assignment_says_so_and_can_be_cancelled(
    stack: Stack, greedy: Tenant, tmp_path: Path
) -> None:
    stack.emulator.fault("videos.insert.transfer", "trickle", bytes_per_second=5_000, times=None)
    connection_id = await greedy.connection()
    made = [await greedy.assign(connection_id) for _ in range(TRANSFERS + 1)]

    async def queued() -> list[dict[str, Any]]:
        views = [await greedy.look(one["id"]) for one in made]
        return [view for view in views if view["queuedAt"]]

    [waiting] = await eventually(queued, lambda found: len(found) == 1)
    assert waiting["state"] == "pending"
    told = await greedy.ask("GET", f"/api/v1/assignments/{waiting['id']}/timeline")
    assert told["sentence"].startswith("Queued: the workspace has as many transfers under way")
    await greedy.ask("DELETE", f"/api/v1/assignments/{waiting['id']}")
    assert (await greedy.look(waiting["id"]))["state"] == "cancelled"
    stack.emulator.forget_faults()
    for one in made:
        await greedy.until(one["id"], "published", "cancelled", within=60)


async def test_the_endpoints_of_a_workspace_have_one_share_together(
    stack: Stack, greedy: Tenant, other: Tenant
) -> None:
    with Receiver(drips=True) as stuck, Receiver() as well:
        for number in range(6):
            await greedy.ask(
                "POST", "/api/v1/webhooks/endpoints", {"url": f"{stuck.url}&n={number}"}
            )
        await other.ask("POST", "/api/v1/webhooks/endpoints", {"url": well.url})
        await greedy.publish(await greedy.connection())
        await eventually(partial(seen, lambda: len(stuck.webhooks)), DELIVERIES.__le__)
        published = await other.publish(await other.connection(BEN))

        def told() -> bool:
            return any(
                event["data"].get("assignmentId") == published["id"]
                and event["type"] == "assignment.published"
                for event in well.events
            )

        await eventually(partial(seen, told))
        assert stuck.most_under_way <= DELIVERIES


async def test_consents_over_the_share_wait_and_then_succeed(stack: Stack, greedy: Tenant) -> None:
    stack.emulator.fault("oauth.token.exchange", "slow", delay_seconds=2, times=2)
    both = await asyncio.gather(greedy.connection(), greedy.connection(BEN))
    assert len(set(both)) == 2


async def test_a_queued_workflow_that_was_terminated_holds_up_none_behind_it(
    stack: Stack, greedy: Tenant
) -> None:
    transfer = "videos.insert.transfer"
    stack.emulator.fault(transfer, "trickle", bytes_per_second=5_000, times=None)
    connection_id = await greedy.connection()
    made = [await greedy.assign(connection_id) for _ in range(TRANSFERS + 2)]

    def queued() -> list[str]:
        waiting = [row for row in rows(stack, greedy) if row.queued_at is not None]
        return [row.id for row in sorted(waiting, key=lambda row: (row.queued_at, row.number))]

    first, second = await eventually(partial(seen, queued), lambda ids: len(ids) == 2)
    await stack.assignment(first).terminate()
    stack.emulator.forget_faults()
    for one in made:
        if one["id"] != first:
            await greedy.until(one["id"], "published", within=60)
    assert second in {one["id"] for one in made}
