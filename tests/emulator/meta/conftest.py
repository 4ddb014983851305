"""A client of Ana's bakery, which may do everything there."""

import pytest

from tests.emulator.meta.publisher import Publisher
from tests.support.emulator import Emulator


@pytest.fixture
def bakery(emulator: Emulator) -> Publisher:
    return Publisher.of(emulator)
