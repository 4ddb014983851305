"""A finish whose answer is lost: one video, and the evidence says how it is known.

Here through the whole of Castline; every other trouble of a finish is played row by row in
tests/platforms/outcomes.
"""

import pytest

from testkit.clips import Clip, the_only_video
from tests.support.stack import Stack, Tenant

FINISHES = {"video": "page_videos.finish", "reel": "reels.finish"}


@pytest.mark.parametrize("type", FINISHES)
async def test_a_finish_that_had_its_effect_is_read_back(
    tenant: Tenant, stack: Stack, page: str, upright: Clip, type: str
) -> None:
    stack.emulator.switch(page_processing_seconds=1)
    fault = stack.emulator.fault(FINISHES[type], "lose_answer")

    published = await tenant.publish(
        page, type=type, mediaUrl=upright.url, payload={"title": "For all", "privacy": "public"}
    )

    assert stack.emulator.fired(fault) == 1
    assert (published["state"], published["knownBy"]) == ("published", "read_back")
    video = the_only_video(stack.emulator, upright)
    assert (video["id"], video["published"]) == (published["platformId"], True)
    assert (video["finishes"], stack.emulator.calls(FINISHES[type])) == (1, 1)
