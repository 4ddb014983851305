"""What every suite shares: one emulator and one Temporal dev server for the whole run."""

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from testkit.database import Cluster, postgres_cluster
from testkit.emulator import Emulator
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


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the module's own."""
    with postgres_cluster() as cluster:
        yield cluster


_WAITING = {"journeys", "workflows", "cli"}
_SERVERS = {"emulator_process", "running", "temporal", "cluster", "env", "address"}
"""Fixtures that start a process which serves others."""


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what `-m` does not name
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs servers, and let it begin first: what waits long must not be the last."""
    tests = config.rootpath / "tests"

    def is_waiting(item: pytest.Item) -> bool:
        return item.path.relative_to(tests).parts[0] in _WAITING

    for item in items:
        if is_waiting(item) or _SERVERS & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.servers)
    items.sort(key=is_waiting, reverse=True)


_status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    global _status
    _status = int(exitstatus)


def pytest_unconfigure() -> None:
    end_now(_status)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An additional authority, named the way an operator names it."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """Of a server by these names; with `trusted` they are believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "platform.invalid", "hook.invalid").configure_cert(context)
    return context
