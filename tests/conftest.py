"""What every suite shares: one emulator and one Temporal dev server for the whole run."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.exit import end_now
from tests.support.stack import temporal_server


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    process = Emulator.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def emulator(emulator_process: Emulator) -> Emulator:
    """The emulator, back at its seeds."""
    emulator_process.reset()
    return emulator_process


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[str]:
    """The address of a Temporal dev server."""
    async with temporal_server() as address:
        yield address


_status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    global _status
    _status = int(exitstatus)


def pytest_unconfigure() -> None:
    end_now(_status)
