"""A client of Ana's bakery, which may do everything there."""

import pytest

from testkit.emulator import Emulator
from tests.emulator.meta.publisher import Publisher


@pytest.fixture
def bakery(emulator: Emulator) -> Publisher:
    return Publisher.of(emulator)
