"""No video fails for want of a token: it waits where it stands, and goes on from there."""

import asyncio
import hashlib
from collections import Counter
from typing import Any

import pytest

from testkit.clips import MIB, Clip, make_clip, the_only_video
from testkit.emulator import ANA
from testkit.meta import BAKERY
from testkit.pictures import jpeg
from tests.support.origin import Origin
from tests.support.reauth import REFRESH, reconnect
from tests.support.stack import Stack, Tenant, eventually

TRANSFER = "videos.insert.transfer"
PICTURE = jpeg()
PAGE_TRANSFER = "page_videos.transfer"
WITHIN = 5.0
"""Seconds from a person's consent to work that goes on: promised."""


@pytest.fixture
def clip(stack: Stack) -> Clip:
    """Four chunks, and four ranges of a Page's video."""
    stack.emulator.switch(range_bytes=MIB)
    return make_clip(stack.media)


async def all_in(tenant: Tenant, connection_id: str, *states: str, within: float) -> list[Any]:
    """The connection's assignments, once each is in one of the states."""
    path = f"/api/v1/assignments?connectionId={connection_id}&limit=100"

    async def look() -> list[Any]:
        items: list[Any] = (await tenant.ask("GET", path))["items"]
        return items

    return await eventually(
        look, lambda seen: all(item["state"] in states for item in seen), within=within
    )


def no_range_twice(stack: Stack, clip: Clip) -> None:
    """What a session received beyond its video is the one chunk in flight, at most."""
    for session in stack.emulator.state()["sessions"]:
        assert clip.size <= session["received"] <= clip.size + MIB, session


async def test_twenty_assignments_wait_for_one_person_and_are_published(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await tenant.connection()
    # Slow chunks: some are cut off in the middle, the others before they begin.
    stack.emulator.fault(TRANSFER, "trickle", bytes_per_second=MIB, times=None)
    await asyncio.gather(*(tenant.assign(connection_id, mediaUrl=clip.url) for _ in range(20)))

    async def in_the_middle() -> list[Any]:
        sessions = stack.emulator.state()["sessions"]
        return [one for one in sessions if 0 < one["stored"] < clip.size]

    await eventually(in_the_middle, lambda seen: len(seen) >= 3)
    stack.emulator.forget_faults()
    stack.emulator.fault(TRANSFER, "revoke_grant")
    parked = await all_in(tenant, connection_id, "waiting", "published", within=30)
    waiting = [item for item in parked if item["state"] == "waiting"]
    assert {item["waitReason"] for item in waiting} == {"connection"}
    assert len(waiting) >= 16
    assert len(await in_the_middle()) >= 3

    await reconnect(tenant, connection_id)

    gone_on = await all_in(
        tenant,
        connection_id,
        "pending",
        "uploading",
        "uploaded",
        "processing",
        "published",
        within=WITHIN,
    )
    assert len(gone_on) == 20
    published = await all_in(tenant, connection_id, "published", within=30)
    assert len(published) == 20
    assert Counter(video["sha256"] for video in stack.emulator.videos()) == {clip.sha256: 20}
    no_range_twice(stack, clip)


async def test_what_waits_on_a_page_goes_on_from_its_byte(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    page = (await tenant.pages())[BAKERY]
    stack.emulator.fault(PAGE_TRANSFER, "trickle", bytes_per_second=MIB, times=None)
    for _ in range(3):
        await tenant.assign(page, mediaUrl=clip.url)

    async def moving() -> list[Any]:
        return [one for one in stack.emulator.state()["sessions"] if one["stored"]]

    await eventually(moving, lambda seen: len(seen) == 3)
    stack.emulator.account(ANA, platform="facebook", password_changed=True)
    waiting = await all_in(tenant, page, "waiting", within=15)
    assert {item["waitReason"] for item in waiting} == {"connection"}
    stack.emulator.http.delete("/_emulator/faults")

    await reconnect(tenant, page, platform="facebook")

    published = await all_in(tenant, page, "published", within=20)
    assert len(published) == 3
    assert Counter(video["sha256"] for video in stack.emulator.videos()) == {clip.sha256: 3}
    no_range_twice(stack, clip)


async def test_a_channel_that_was_lost_is_waited_for(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await tenant.connection()
    stack.emulator.account(ANA)
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)

    waiting = await tenant.until(assignment["id"], "waiting", "failed")

    assert (waiting["state"], waiting["waitReason"]) == ("waiting", "connection")
    seen = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    assert (seen["health"], seen["healthReason"]) == ("needs_reauth", "no_channel")
    assert seen["reauthUrl"]
    stack.emulator.account(ANA, name="Ana", channels=[{"title": "Ana Cooks"}])
    await reconnect(tenant, connection_id)
    await tenant.until(assignment["id"], "published")


async def test_a_thumbnail_waits_for_a_person_and_hides_no_video(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await tenant.connection()
    stack.emulator.fault("thumbnails.set", "revoke_grant")
    with Origin(PICTURE) as pictures:
        payload = {"title": "Bread", "thumbnailUrl": pictures.url}
        assignment = await tenant.assign(connection_id, mediaUrl=clip.url, payload=payload)
        waiting = await tenant.until(assignment["id"], "waiting", "published")
        await thumbnail_is_set_once_a_person_came(tenant, waiting)


async def thumbnail_is_set_once_a_person_came(tenant: Tenant, waiting: dict[str, Any]) -> None:
    (video,) = tenant.stack.emulator.videos()
    assert (waiting["state"], waiting["waitReason"]) == ("waiting", "connection")
    assert waiting["platformUrl"].endswith(video["id"])

    await reconnect(tenant, waiting["connectionId"])

    published = await tenant.until(waiting["id"], "published", within=WITHIN)
    assert (published["warnings"], published["errorCode"]) == ({}, None)
    (video,) = tenant.stack.emulator.videos()
    assert video["thumbnail_sha256"] == hashlib.sha256(PICTURE).hexdigest()


async def test_a_long_transfer_refreshes_in_the_middle(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection_id = await tenant.connection()
    before = stack.emulator.calls(REFRESH)
    stack.emulator.fault(TRANSFER, "trickle", bytes_per_second=2 * MIB, times=None)
    assignment = await tenant.assign(connection_id, mediaUrl=clip.url)

    async def sent() -> int:
        return sum(session["stored"] for session in stack.emulator.state()["sessions"])

    await eventually(sent)
    stack.emulator.advance(3600)  # the token has run out, and the chunk under way is refused

    published = await tenant.until(assignment["id"], "published", "failed")
    assert published["state"] == "published"
    assert stack.emulator.calls(REFRESH) == before + 1
    the_only_video(stack.emulator, clip)
    (session,) = stack.emulator.state()["sessions"]
    assert session["received"] <= clip.size + MIB
