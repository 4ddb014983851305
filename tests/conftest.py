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


# The processes take the files one by one: what waits longest must not be the last to begin.
_LONGEST_FIRST = ("journeys", "workflows", "cli")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(config.rootpath / "tests").parts[0]
        return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)

    items.sort(key=turn)


_status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    global _status
    _status = int(exitstatus)


def pytest_unconfigure() -> None:
    end_now(_status)
