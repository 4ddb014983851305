"""A finish whose answer is lost or cannot be believed: one video, and the evidence says how."""

from typing import Any

import pytest

from tests.support.clips import Clip, the_only_video
from tests.support.stack import Stack, Tenant

FINISHES = {"video": "page_videos.finish", "reel": "reels.finish"}


@pytest.mark.parametrize("type", FINISHES)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("lose_answer", {}),
        ("lose_answer_live", {}),
        ("status_after", {"status": 502, "html": True}),
        # Too many calls, it says of a video that is live; and a copy, of the video itself.
        ("graph_error_after", {"reason": "4/2207051"}),
        ("graph_error_after", {"reason": "506"}),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.get("reason", "")),
)
async def test_a_finish_that_had_its_effect_is_read_back(
    tenant: Tenant,
    stack: Stack,
    page: str,
    upright: Clip,
    type: str,
    kind: str,
    options: dict[str, Any],
) -> None:
    if kind == "lose_answer":
        stack.emulator.switch(page_processing_seconds=1)
    fault = stack.emulator.fault(FINISHES[type], kind, **options)

    published = await tenant.publish(
        page, type=type, mediaUrl=upright.url, payload={"title": "For all", "privacy": "public"}
    )

    assert stack.emulator.fired(fault) == 1
    assert (published["state"], published["knownBy"]) == ("published", "read_back")
    video = the_only_video(stack.emulator, upright)
    assert (video["id"], video["published"]) == (published["platformId"], True)
    assert (video["finishes"], stack.emulator.calls(FINISHES[type])) == (1, 1)
