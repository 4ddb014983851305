"""Pages and files for the journeys with Facebook."""

import pytest

from testkit.clips import MIB, UPRIGHT, Clip, make_clip
from testkit.meta import BAKERY
from tests.support.stack import Stack, Tenant


@pytest.fixture
async def page(tenant: Tenant) -> str:
    """The connection of a Page."""
    return (await tenant.pages())[BAKERY]


@pytest.fixture
def clip(stack: Stack) -> Clip:
    """Four ranges of a Page's video, the last one short; processed at once."""
    stack.emulator.switch(page_processing_seconds=0, range_bytes=MIB)
    return make_clip(stack.media)


@pytest.fixture
def upright(stack: Stack, clip: Clip) -> Clip:
    """The same size, and fit for a reel."""
    return make_clip(clip.path.parent, source=UPRIGHT)
