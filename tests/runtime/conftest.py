from collections.abc import AsyncIterator

import pytest

from tests.support.stack import temporal_server


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    """A dev server whose queues no other module's worker serves."""
    async with temporal_server() as address:
        yield address
