"""How fast a file comes in, when that was chosen."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testkit.emulator import Emulator
from tests.emulator.meta.publisher import Publisher
from tests.emulator.stranger import KIB256, Stranger, some_bytes

DATA = some_bytes(2 * KIB256)
PACE = 2 * len(DATA)


def to_youtube(emulator: Emulator) -> None:
    Stranger(emulator).connect().upload(DATA)


def to_a_page(emulator: Emulator) -> None:
    Publisher.of(emulator).publish(DATA)


def as_a_reel(emulator: Emulator) -> None:
    Publisher.of(emulator).publish_reel(DATA)


@pytest.mark.parametrize("send", [to_youtube, to_a_page, as_a_reel])
def test_a_pace_holds_for_each_file(emulator: Emulator, send: Callable[[Emulator], None]) -> None:
    emulator.switch(upload_bytes_per_second=PACE)
    assert _seconds(emulator, send) >= 0.4


def test_a_pace_is_kept_with_the_world_and_ends_with_a_reset(tmp_path: Path) -> None:
    emulator = Emulator.start(state=tmp_path / "state.json")
    emulator.switch(upload_bytes_per_second=PACE)
    assert emulator.stop() == 0
    emulator = Emulator.start(state=tmp_path / "state.json")
    try:
        assert emulator.state()["switches"]["upload_bytes_per_second"] == PACE
        emulator.reset()
        assert emulator.state()["switches"]["upload_bytes_per_second"] == 0
    finally:
        emulator.stop()


def _seconds(emulator: Emulator, send: Callable[[Emulator], None]) -> float:
    began = time.monotonic()
    send(emulator)
    return time.monotonic() - began
