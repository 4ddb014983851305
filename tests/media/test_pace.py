"""A source is slow by the time that it is waited for, and by nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from domain.errors import SourceSlow, SourceUnreachable
from media.pace import PacedSource
from media.source import Pin

FLOOR = 64 * 1024.0
WINDOW = 60.0


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Fake:
    """Gives `piece` bytes each `seconds`."""

    clock: Clock
    piece: int
    seconds: float
    ranges: bool = True
    pin: Pin = field(default_factory=lambda: Pin(1 << 40, "one"))
    position: int = 0
    error: Exception | None = None

    def seek(self, offset: int) -> int:
        if self.ranges:
            self.position = offset
            return offset
        if offset < self.position:
            self.position = 0
        self.clock.now += self.seconds
        self.position = min(self.position + self.piece, offset)
        return self.position

    def read_into(self, view: memoryview) -> int:
        self.clock.now += self.seconds
        if self.error is not None:
            raise self.error
        return min(self.piece, len(view))

    def verify(self, beat: Callable[[], None], /) -> None:
        self.clock.now += self.seconds

    def close(self) -> None:
        pass


def paced(source: Fake, *, floor: float = FLOOR) -> PacedSource:
    return PacedSource(source, floor=floor, window=WINDOW, clock=source.clock)


def view() -> memoryview:
    return memoryview(bytearray(128 * 1024))


def read_for(source: PacedSource, clock: Clock, seconds: float) -> None:
    until = clock.now + seconds
    while clock.now < until:
        source.read_into(view())


def test_a_source_below_the_floor_is_slow_once_the_window_is_over() -> None:
    clock = Clock()
    source = paced(Fake(clock, piece=1024, seconds=1.0))
    read_for(source, clock, WINDOW)
    with pytest.raises(SourceSlow) as told:
        source.read_into(view())
    assert told.value.code == "source_slow"
    assert "1.0 KiB" in told.value.sentence
    assert clock.now == WINDOW, "it is noticed before the next read, whose bytes would be lost"


def test_a_source_at_the_floor_is_fast_enough() -> None:
    clock = Clock()
    source = paced(Fake(clock, piece=64 * 1024, seconds=1.0))
    read_for(source, clock, 10 * WINDOW)


def test_our_own_uplink_does_not_count() -> None:
    clock = Clock()
    source = paced(Fake(clock, piece=1024, seconds=0.001))
    for _ in range(100):
        source.read_into(view())
        clock.now += 3600  # the platform takes the piece that slowly


def test_a_source_that_turns_slow_is_noticed_within_two_windows() -> None:
    clock = Clock()
    fake = Fake(clock, piece=128 * 1024, seconds=0.01)
    source = paced(fake)
    read_for(source, clock, WINDOW - 1)
    fake.piece, fake.seconds = 100, 1.0
    with pytest.raises(SourceSlow):
        read_for(source, clock, 2 * WINDOW)


def test_a_wait_that_ends_in_an_error_counts() -> None:
    clock = Clock()
    fake = Fake(clock, piece=1024, seconds=WINDOW, error=SourceUnreachable("away", "Away."))
    source = paced(fake)
    with pytest.raises(SourceUnreachable):
        source.read_into(view())
    with pytest.raises(SourceSlow):
        source.read_into(view())


@pytest.mark.parametrize(("piece", "is_slow"), [(1024, True), (64 * 1024, False)])
def test_what_an_origin_without_ranges_sends_again_counts(piece: int, is_slow: bool) -> None:
    clock = Clock()
    source = paced(Fake(clock, piece=piece, seconds=1.0, ranges=False))

    def reach() -> None:
        while source.seek(200 * piece) < 200 * piece:
            pass

    if is_slow:
        with pytest.raises(SourceSlow):
            reach()
    else:
        reach()


def test_a_jump_to_an_offset_is_no_progress() -> None:
    clock = Clock()
    source = paced(Fake(clock, piece=1024, seconds=1.0))
    source.seek(1 << 30)
    read_for(source, clock, WINDOW)
    with pytest.raises(SourceSlow):
        source.read_into(view())


def test_a_floor_of_nothing_is_never_missed() -> None:
    clock = Clock()
    source = paced(Fake(clock, piece=1, seconds=10.0), floor=0)
    read_for(source, clock, 10 * WINDOW)
