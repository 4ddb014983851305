"""Whatever happens to the bytes on their way: one video, the right one, and little sent twice.

Here through the whole of Castline; every trouble there is has its row in the outcome tables and
is played in tests/platforms/outcomes.
"""

from collections.abc import Callable

import pytest

from testkit.clips import MIB, Clip, make_clip, the_only_video
from tests.support.stack import Stack, Tenant, eventually

TRANSFER = "videos.insert.transfer"
START = "videos.insert.start"


@pytest.fixture
def clip(stack: Stack) -> Clip:
    """Four chunks, the last one short. What is uploaded is processed at once."""
    stack.emulator.switch(processing_seconds=0)
    return make_clip(stack.media)


def received(stack: Stack) -> int:
    count: int = stack.emulator.state()["transfer"]["bytes_received"]
    return count


async def begin_slowly(tenant: Tenant, clip: Clip) -> str:
    """Assign with a platform that takes a chunk per second; return when some bytes are there."""
    tenant.stack.emulator.fault(TRANSFER, "trickle", bytes_per_second=MIB, times=None)
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)

    async def look() -> int:
        return received(tenant.stack)

    await eventually(look, lambda count: count > MIB // 4)
    identity: str = assignment["id"]
    return identity


async def test_trouble_in_mid_transfer_costs_a_chunk_at_most(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    fault = stack.emulator.fault(TRANSFER, "cut", after_bytes=700_000, skip=1)

    published = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    assert published["state"] == "published"
    assert stack.emulator.fired(fault) == 1
    assert the_only_video(stack.emulator, clip)["id"] == published["platformId"]
    assert received(stack) <= clip.size + MIB
    assert stack.emulator.calls(START) == 1


async def test_a_lost_final_answer_is_read_back(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault(TRANSFER, "lose_answer", final=True)

    published = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    assert published["platformId"] == the_only_video(stack.emulator, clip)["id"]
    assert received(stack) == clip.size
    assert stack.emulator.calls("videos.insert.status") == 1


async def test_a_slow_final_answer_is_waited_for(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault(TRANSFER, "slow", delay_seconds=2.5, final=True)

    published = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    assert published["platformId"] == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(TRANSFER) == 4
    assert stack.emulator.calls("videos.insert.status") == 0


async def test_a_rejected_token_is_refreshed_once(tenant: Tenant, stack: Stack, clip: Clip) -> None:
    stack.emulator.fault(TRANSFER, "unauthorized", skip=1)

    await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    the_only_video(stack.emulator, clip)
    assert stack.emulator.calls("oauth.token.refresh") == 1


async def test_a_session_that_is_not_had_is_asked_for_again(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(START, "lose_answer")

    published = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    assert published["platformId"] == the_only_video(stack.emulator, clip)["id"]
    assert stack.emulator.calls(START) == 2
    assert received(stack) == clip.size


def _append(clip: Clip) -> None:
    with clip.path.open("ab") as file:
        file.write(b"more")


def _remove(clip: Clip) -> None:
    clip.path.unlink()


@pytest.mark.parametrize("change", [_append, _remove])
async def test_a_source_that_changes_on_the_way_is_never_published(
    tenant: Tenant, stack: Stack, clip: Clip, change: Callable[[Clip], None]
) -> None:
    assignment_id = await begin_slowly(tenant, clip)

    change(clip)

    failed = await tenant.until(assignment_id, "failed", "published")
    assert (failed["state"], failed["errorCode"]) == ("failed", "source_changed")
    assert failed["remedy"] == "change"
    assert stack.emulator.videos() == []
    assert [session["state"] for session in stack.emulator.state()["sessions"]] == ["cancelled"]


async def test_a_source_that_vanished_before_the_transfer_is_waited_for(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(START, "cut")
    assignment = await tenant.assign(await tenant.connection(), mediaUrl=clip.url)
    clip.path.unlink()

    seen = await tenant.until(assignment["id"], "waiting", "failed", "published")

    assert (seen["state"], seen["waitReason"]) == ("waiting", "source")
    assert (seen["errorCode"], seen["remedy"]) == ("source_missing", "change")
    assert stack.emulator.videos() == []
    await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")
