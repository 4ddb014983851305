"""A backup, uploads that end after it, and its restore: nothing is published twice.

Each journey has an installation of its own. A backup is taken, everything is published, then the
database is put back and the installation starts again, with the same Temporal or with an empty
one.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from cli.backup.restoring import restore
from cli.backup.taking import back_up
from domain.evidence import EvidenceKind
from runtime.generation import generation_file
from runtime.settings import Settings
from store.queries import installation
from store.queries.orphans import list_orphans
from store.queries.publishing import assignments
from testkit.clips import UPRIGHT, Clip, make_clip
from testkit.emulator import Emulator
from testkit.meta import BAKERY
from tests.support.evidence import evidence_of
from tests.support.machine import castline
from tests.support.stack import Stack, Tenant, running_stack, temporal_server

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
ENDS = ("published", "unconfirmed", "failed", "cancelled")
WITHIN = 90.0


@dataclass
class Work:
    """An assignment, and the file that it publishes."""

    id: str
    platform: str
    clip: Clip


@dataclass
class Customer:
    """A workspace across the restore: its installation is started again around it."""

    folder: Path
    emulator: Emulator
    closing: AsyncExitStack
    temporal: str = ""
    tenant: Tenant = field(init=False)
    connections: dict[str, str] = field(default_factory=dict)
    running: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def stack(self) -> Stack:
        return self.tenant.stack

    async def start(self, *, fresh_temporal: bool) -> Stack:
        if fresh_temporal:
            self.temporal = await self.closing.enter_async_context(temporal_server())
        stack = await self.running.enter_async_context(
            running_stack(self.folder, self.emulator, self.temporal)
        )
        if self.connections:
            self.tenant.stack = stack
        else:
            self.tenant = await stack.tenant("ours")
            self.connections = {
                "youtube": await self.tenant.connection(),
                "facebook": (await self.tenant.pages())[BAKERY],
            }
        return stack

    async def stop(self) -> None:
        await self.running.aclose()
        self.running = AsyncExitStack()

    async def schedule(self, platform: str, title: str, **fields: Any) -> Work:
        """An assignment of tomorrow."""
        clip = make_clip(self.folder, source=UPRIGHT)
        payload = {"title": title, "privacy": "public", **fields.pop("payload", {})}
        made = await self.tenant.assign(
            self.connections[platform],
            mediaUrl=clip.url,
            scheduledAt=TOMORROW,
            payload=payload,
            **fields,
        )
        return Work(made["id"], platform, clip)

    async def publish_now(self, *works: Work) -> None:
        """Bring them forward, and wait until they are published."""
        for work in works:
            await self.bring_forward(work)
        for work in works:
            seen = await self.tenant.until(work.id, *ENDS, within=WITHIN)
            assert seen["state"] == "published", seen

    async def bring_forward(self, work: Work) -> None:
        await self.tenant.ask("PATCH", f"/api/v1/assignments/{work.id}", {"scheduledAt": None})

    async def end_of(self, work: Work) -> dict[str, Any]:
        return await self.tenant.until(work.id, *ENDS, within=WITHIN)

    async def is_running(self, work: Work) -> bool:
        status = (await self.stack.assignment(work.id).describe()).status
        return status is WorkflowExecutionStatus.RUNNING

    def videos_of(self, work: Work) -> list[str]:
        """The ids of the videos that were made of its file."""
        return [
            str(video["id"])
            for video in self.emulator.videos()
            if (video["platform"], video["sha256"]) == (work.platform, work.clip.sha256)
        ]

    def grow_old(self, *works: Work) -> None:
        """Let their rows be older than the grace that a row without a workflow is given."""
        with self.stack.parts.store.write() as session:
            for work in works:
                assignments.lock_assignment(session, work.id).updated_at -= timedelta(minutes=1)

    def let_lists_be_complete(self) -> None:
        """Let the restore have been so long ago that the lists show everything of before."""
        with self.stack.parts.store.write() as session:
            row = installation.ensure_installation(session)
            row.restored_at = datetime.now(UTC) - timedelta(hours=7)


@pytest.fixture
async def customer(tmp_path: Path, emulator: Emulator) -> AsyncIterator[Customer]:
    emulator.switch(processing_seconds=0, page_processing_seconds=0)
    async with living(tmp_path, emulator) as customer:
        yield customer


@asynccontextmanager
async def living(folder: Path, emulator: Emulator) -> AsyncIterator[Customer]:
    async with AsyncExitStack() as closing:
        customer = Customer(folder, emulator, closing)
        await customer.start(fresh_temporal=True)
        try:
            yield customer
        finally:
            await customer.stop()


@pytest.mark.parametrize("survives", [True, False], ids=["Temporal survives", "Temporal is lost"])
async def test_uploads_of_the_gap_are_taken_over_and_none_is_sent_twice(
    customer: Customer, tmp_path: Path, survives: bool
) -> None:
    youtube = [await customer.schedule("youtube", f"Video {one}") for one in range(3)]
    page = [await customer.schedule("facebook", f"Video {one}") for one in range(3)]
    page.append(await customer.schedule("facebook", "A reel", type="reel"))
    draft = await customer.schedule("facebook", "A draft", payload={"privacy": "private"})
    twins = [await customer.schedule("facebook", "Twins") for _ in range(2)]
    untouched = [await customer.schedule(one, "Untouched") for one in ("youtube", "facebook")]
    parts = customer.stack.parts
    back_up(parts.settings, parts.store, tmp_path / "backup")
    published = [*youtube, *page, draft, *twins]
    await customer.publish_now(*published)
    made = {work.id: customer.videos_of(work) for work in published}
    await customer.stop()

    restored = restore(parts.settings, tmp_path / "backup")
    assert restored.open_assignments == len(published) + len(untouched)
    stack = await customer.start(fresh_temporal=not survives)
    for work in (*published, *untouched):
        seen = await customer.tenant.look(work.id)
        assert (seen["state"], seen["platformId"]) in (("pending", None), ("waiting", None))
    await stack.sweep()
    if not survives:
        # What Temporal would know, only the platforms know now.
        for work in published:
            await customer.bring_forward(work)

    ends = {work.id: await customer.end_of(work) for work in published}

    assert {work.id: customer.videos_of(work) for work in published} == made
    known = "history" if survives else "listing"
    for work in [*youtube, *page]:
        seen = ends[work.id]
        assert (seen["state"], seen["knownBy"]) == ("published", known), seen
        assert made[work.id] == [seen["platformId"]]
    for work in [draft, *twins]:
        seen = ends[work.id]
        if survives:
            assert seen["state"] == "published", seen
            continue
        assert (seen["state"], seen["platformId"]) == ("unconfirmed", None), seen
        expected = [] if work is draft else [one for twin in twins for one in made[twin.id]]
        assert sorted(one["id"] for one in seen["candidates"]) == sorted(expected)
        story = await customer.tenant.ask("GET", f"/api/v1/assignments/{work.id}/timeline")
        assert all(one["url"] in story["whatToDo"] for one in seen["candidates"])

    # What was not published in the gap is published once its time comes.
    customer.let_lists_be_complete()
    await customer.publish_now(*untouched)
    assert [len(customer.videos_of(work)) for work in untouched] == [1, 1]


async def test_what_was_not_published_is_read_until_the_list_is_complete(
    customer: Customer, tmp_path: Path
) -> None:
    work = await customer.schedule("youtube", "Untouched")
    parts = customer.stack.parts
    back_up(parts.settings, parts.store, tmp_path / "backup")
    await customer.stop()
    restore(parts.settings, tmp_path / "backup")
    stack = await customer.start(fresh_temporal=True)
    await stack.sweep()

    await customer.bring_forward(work)

    seen = await customer.end_of(work)
    assert (seen["state"], seen["candidates"]) == ("unconfirmed", [])
    assert customer.videos_of(work) == []
    order = {"force": True, "reason": "Looked by hand: it is not there."}
    await customer.tenant.ask("POST", f"/api/v1/assignments/{work.id}/retry", order)
    assert (await customer.tenant.until(work.id, "published", within=WITHIN))["platformId"]
    assert len(customer.videos_of(work)) == 1


async def test_an_upload_that_was_under_way_ends_once(customer: Customer, tmp_path: Path) -> None:
    works = [await customer.schedule(one, "Under way") for one in ("youtube", "facebook")]
    for operation, platform in (
        ("videos.insert.transfer", "youtube"),
        ("page_videos.transfer", "facebook"),
    ):
        customer.emulator.fault(operation, "slow", platform=platform, delay_seconds=3)
    parts = customer.stack.parts
    for work in works:
        await customer.bring_forward(work)
    for work in works:
        await customer.tenant.until(work.id, "uploading", within=WITHIN)
    back_up(parts.settings, parts.store, tmp_path / "backup")
    for work in works:
        assert (await customer.end_of(work))["state"] == "published"
    await customer.stop()

    restore(parts.settings, tmp_path / "backup")
    stack = await customer.start(fresh_temporal=True)
    await stack.sweep()

    for work in works:
        seen = await customer.tenant.until(work.id, *ENDS, within=WITHIN)
        assert (seen["state"], [seen["platformId"]]) == ("published", customer.videos_of(work))


async def test_how_the_runs_of_the_gap_ended_is_taken_over(
    customer: Customer, tmp_path: Path
) -> None:
    refused = await customer.schedule("youtube", "Refused")
    cancelled = await customer.schedule("facebook", "Cancelled")
    again = await customer.schedule("youtube", "Published by the second attempt")
    waiting = await customer.schedule("facebook", "Waits for its time")
    parts = customer.stack.parts
    back_up(parts.settings, parts.store, tmp_path / "backup")
    for work in (refused, again):
        away = work.clip.path.rename(work.clip.path.with_suffix(".away"))
        work.clip.path.write_bytes(b"Another file.")
        await customer.bring_forward(work)
        assert (await customer.end_of(work))["state"] == "failed"
        away.replace(work.clip.path)
    failed = await customer.tenant.look(refused.id)
    await customer.tenant.ask("DELETE", f"/api/v1/assignments/{cancelled.id}")
    await customer.tenant.ask("POST", f"/api/v1/assignments/{again.id}/retry")
    assert (await customer.end_of(again))["state"] == "published"
    await customer.stop()

    restore(parts.settings, tmp_path / "backup")
    stack = await customer.start(fresh_temporal=False)
    await stack.sweep()

    seen = await customer.tenant.look(refused.id)
    assert (seen["state"], seen["errorCode"], seen["error"]) == (
        "failed",
        failed["errorCode"],
        failed["error"],
    )
    assert (await customer.tenant.look(cancelled.id))["state"] == "cancelled"
    seen = await customer.tenant.look(again.id)
    assert (seen["state"], seen["attempt"], [seen["platformId"]]) == (
        "published",
        2,
        customer.videos_of(again),
    )
    with stack.parts.store.read() as session:
        row = assignments.get_assignment_by_id(session, waiting.id)
    # Its run had not begun, so nothing of it can be there.
    assert (row.state, row.read_back_from) == ("waiting", None)

    # What had failed in the gap is read back when a person retries it.
    await customer.tenant.ask("POST", f"/api/v1/assignments/{refused.id}/retry")
    await customer.bring_forward(refused)
    assert (await customer.end_of(refused))["state"] == "unconfirmed"
    assert customer.videos_of(refused) == []


async def test_what_was_accepted_in_the_gap_is_listed_and_stays_its_own(
    customer: Customer, tmp_path: Path
) -> None:
    parts = customer.stack.parts
    work = await customer.schedule("facebook", "The same title")
    back_up(parts.settings, parts.store, tmp_path / "backup")
    published = await customer.schedule("facebook", "The same title")
    waiting = await customer.schedule("youtube", "Accepted in the gap")
    await customer.publish_now(published)
    await customer.stop()

    restore(parts.settings, tmp_path / "backup")
    stack = await customer.start(fresh_temporal=False)
    await stack.sweep()

    with stack.parts.store.read() as session:
        found = {one.workflow_id.partition("/")[2]: one for one in list_orphans(session, limit=9)}
    assert found.keys() == {published.id, waiting.id}
    assert [found[published.id].platform_id] == customer.videos_of(published)
    assert (found[waiting.id].title, found[waiting.id].platform_id) == (
        "Accepted in the gap",
        None,
    )
    assert found[waiting.id].connection_id == customer.connections["youtube"]
    assert not await customer.is_running(waiting)
    # Their video is theirs: the one that looks the same is published beside it.
    customer.let_lists_be_complete()
    await customer.publish_now(work)
    assert (len(customer.videos_of(work)), len(customer.videos_of(published))) == (1, 1)
    assert "Accepted in the gap" in shown_orphans(parts.settings)


def shown_orphans(settings: Settings) -> str:
    """What `castline orphans` prints."""
    ended = castline(settings, "orphans")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


# Restores that nobody announced -----------------------------------------------------------


def put_back(customer: Customer, backup: Path) -> None:
    """What an operator does who copies files."""
    data = customer.folder / "data"
    for path in data.glob("castline.db*"):
        path.unlink()
    shutil.copy(backup / "castline.db", data / "castline.db")


@pytest.mark.parametrize("has_file", [True, False], ids=["by the file", "by Temporal"])
async def test_a_restore_without_the_command_is_noticed(
    customer: Customer, tmp_path: Path, has_file: bool
) -> None:
    works = [await customer.schedule(one, "In the gap") for one in ("youtube", "facebook")]
    stack, parts = customer.stack, customer.stack.parts
    await stack.sweep()
    back_up(parts.settings, parts.store, tmp_path / "backup")
    await customer.publish_now(*works)
    made = {work.id: customer.videos_of(work) for work in works}
    await stack.sweep()
    await customer.stop()
    if not has_file:
        path = generation_file(parts.settings)
        assert path is not None
        path.unlink()
    put_back(customer, tmp_path / "backup")

    stack = await customer.start(fresh_temporal=False)
    customer.grow_old(*works)
    await stack.sweep()

    for work in works:
        seen = await customer.end_of(work)
        assert (seen["state"], seen["knownBy"]) == ("published", "history")
        assert [seen["platformId"]] == made[work.id] == customer.videos_of(work)
        assert evidence_of(stack.parts.store, work.id, EvidenceKind.IDENTIFIED)
    with stack.parts.store.read() as session:
        row = installation.find_restored(session)
    assert row is not None
    assert row.epoch == 2


async def test_a_database_that_was_not_restored_is_left_alone(customer: Customer) -> None:
    work = await customer.schedule("youtube", "Later")
    for _ in range(2):
        await customer.stack.sweep()
    await customer.stop()
    stack = await customer.start(fresh_temporal=False)
    await stack.sweep()
    with stack.parts.store.read() as session:
        row = installation.find_installation(session)
    assert row is not None
    assert (row.epoch, row.restored_at, row.generation) == (1, None, 3)
    assert (await customer.tenant.look(work.id))["state"] == "waiting"
