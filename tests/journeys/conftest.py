"""One installation for all journeys; each journey has a workspace of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from testkit.emulator import Emulator
from tests.support.devserver import DevServer
from tests.support.stack import Stack, Tenant, running_stack


@pytest.fixture(scope="session")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator, temporal: str
) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("installation")
    async with running_stack(folder, emulator_process, temporal) as stack:
        yield stack


@pytest.fixture
def stack(installation: Stack, emulator: Emulator) -> Stack:
    """The installation, with an emulator that has forgotten the journey before.

    What is uploaded is processed at once: each journey that looks at the processing says how
    long it takes, the others do not wait for a second look.
    """
    emulator.switch(processing_seconds=0, page_processing_seconds=0)
    return installation


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DevServer]:
    """A Temporal of the journey's own, which it may kill."""
    server = DevServer(tmp_path)
    await server.start()
    yield server
    server.kill()


@pytest.fixture
async def tenant(stack: Stack, request: pytest.FixtureRequest) -> Tenant:
    return await stack.tenant(request.node.nodeid)
