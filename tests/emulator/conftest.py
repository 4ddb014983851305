"""One emulator for the whole suite, back at its seeds before every test."""

import os
from collections.abc import Iterator

import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import Stranger

# Google's own libraries insist on https for OAuth and on unchanged scopes otherwise.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    """The process."""
    emulator = Emulator.start()
    yield emulator
    assert emulator.stop() == 0


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    """The process, as if just started."""
    running.reset()
    return running


@pytest.fixture
def ana(emulator: Emulator) -> Stranger:
    """A client with Ana's consent to everything it needs."""
    return Stranger(emulator).connect()
