"""Giving up what is on its way to a Page: nothing of it stays there."""

import pytest

from testkit.clips import MIB, Clip
from tests.support.stack import Stack, Tenant, eventually


@pytest.mark.parametrize(
    ("type", "operation", "state"),
    [("video", "page_videos", "cancelled"), ("reel", "reels", "open")],
)
async def test_a_cancel_in_mid_upload_leaves_no_video(
    tenant: Tenant, stack: Stack, page: str, upright: Clip, type: str, operation: str, state: str
) -> None:
    emulator = stack.emulator
    emulator.fault(f"{operation}.transfer", "trickle", bytes_per_second=MIB // 4, times=None)
    assignment = await tenant.assign(page, type=type, mediaUrl=upright.url)

    async def received() -> int:
        count: int = emulator.state()["transfer"]["bytes_received"]
        return count

    await eventually(received)

    cancelled = await tenant.ask("DELETE", f"/api/v1/assignments/{assignment['id']}")

    assert (cancelled["state"], cancelled["platformId"]) == ("cancelled", None)
    # A reel's session cannot be given up: without its finish it is forgotten.
    (session,) = emulator.state()["sessions"]
    assert (session["state"], session["finished"]) == (state, False)
    assert emulator.videos() == []
    assert emulator.calls(f"{operation}.finish") == 0


async def test_a_cancel_after_the_finish_is_too_late(
    tenant: Tenant, stack: Stack, page: str, clip: Clip
) -> None:
    stack.emulator.switch(page_processing_seconds=60)
    assignment = await tenant.assign(page, mediaUrl=clip.url)
    await tenant.until(assignment["id"], "processing", "published", "failed")
    path = f"/api/v1/assignments/{assignment['id']}"

    refused = await tenant.ask("DELETE", path, status=409)

    assert refused["code"] == "too_late"
    stack.emulator.advance(60)
    assert (await tenant.until(assignment["id"], "published", "failed"))["state"] == "published"
