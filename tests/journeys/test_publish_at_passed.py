"""A publishAt that passes while its assignment waits: what the payload says, and a warning."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.clips import Clip, make_clip, the_only_video
from testkit.meta import BAKERY
from tests.support.stack import Stack, Tenant, eventually

SESSION = {"youtube": "videos.insert.start", "facebook": "page_videos.start"}
LEAD = {"youtube": timedelta(), "facebook": timedelta(minutes=10)}
"""How long before it a time has passed for the platform."""
SEEN: dict[str, Sequence[str]] = {
    "youtube": ("privacy_status", "private", "public"),
    "facebook": ("publish_status", "draft", "published"),
}


@pytest.fixture
def clip(stack: Stack) -> Clip:
    return make_clip(stack.media)


async def late(tenant: Tenant, platform: str, clip: Clip, **fields: Any) -> dict[str, Any]:
    """Publish with a time that passes while the platform opens no session."""
    emulator = tenant.stack.emulator
    is_facebook = platform == "facebook"
    connection = (await tenant.pages())[BAKERY] if is_facebook else await tenant.connection()
    emulator.fault(SESSION[platform], "status", status=503, times=None)
    passes_at = datetime.now(UTC) + timedelta(seconds=8)
    payload = {"title": "Late", "publishAt": (passes_at + LEAD[platform]).isoformat(), **fields}
    assignment = await tenant.assign(connection, mediaUrl=clip.url, payload=payload)

    async def has_passed() -> bool:
        return datetime.now(UTC) > passes_at and emulator.calls(SESSION[platform]) > 0

    await eventually(has_passed, within=60)
    emulator.forget_faults()
    return await tenant.until(assignment["id"], "published", "failed", within=120)


@pytest.mark.parametrize("platform", SESSION)
async def test_it_is_private_and_published_with_a_warning(
    tenant: Tenant, stack: Stack, clip: Clip, platform: str
) -> None:
    published = await late(tenant, platform, clip)
    assert published["state"] == "published", published
    assert published["warnings"].keys() == {"publish_at_passed"}
    name, private, _ = SEEN[platform]
    assert the_only_video(stack.emulator, clip)[name] == private


@pytest.mark.parametrize("platform", SESSION)
async def test_it_is_public_where_the_payload_says_so(
    tenant: Tenant, stack: Stack, clip: Clip, platform: str
) -> None:
    published = await late(tenant, platform, clip, ifPublishAtPassed="public")
    assert published["state"] == "published", published
    assert published["warnings"].keys() == {"publish_at_passed"}
    name, _, public = SEEN[platform]
    assert the_only_video(stack.emulator, clip)[name] == public


async def test_what_passes_while_the_bytes_are_sent_becomes_public_late_and_says_so(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    connection = await tenant.connection()
    stack.emulator.fault("videos.insert.transfer", "status", status=503, times=None)
    at = datetime.now(UTC) + timedelta(seconds=8)
    payload = {"title": "Late", "publishAt": at.isoformat()}
    assignment = await tenant.assign(connection, mediaUrl=clip.url, payload=payload)

    async def has_passed() -> bool:
        opened = any(each["state"] == "open" for each in stack.emulator.state()["sessions"])
        return opened and datetime.now(UTC) > at

    await eventually(has_passed, within=60)
    stack.emulator.forget_faults()
    published = await tenant.until(assignment["id"], "published", "failed", within=120)
    assert published["warnings"].keys() == {"publish_at_passed"}
    assert "public" in published["warnings"]["publish_at_passed"]
    assert the_only_video(stack.emulator, clip)["privacy_status"] == "public"
