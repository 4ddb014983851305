import random
import ssl
from collections.abc import Iterator

import pytest

from media.policy import SourcePolicy
from media.source import Source
from tests.support.origin import Origin

SIZE = 700_001
_IDLE = 20
"""Reads without a byte, one after the other: at the end they take no time, else about a second."""


@pytest.fixture
def data() -> bytes:
    return random.Random(3).randbytes(SIZE)


@pytest.fixture
def at_home() -> SourcePolicy:
    """The policy of a machine that is its own network."""
    return SourcePolicy(allow_private=True)


@pytest.fixture
def origin(data: bytes, tls: ssl.SSLContext, trusted: None) -> Iterator[Origin]:
    """An origin by TLS, whose authority is named the way an operator names it."""
    with Origin(data, tls=tls) as origin:
        yield origin


def read(source: Source, count: int) -> bytes:
    """So many bytes from the current position, or what there is up to the end."""
    taken = bytearray(count)
    view, filled, idle = memoryview(taken), 0, 0
    while filled < count and idle < _IDLE:
        more = source.read_into(view[filled : filled + 50_000])
        filled, idle = filled + more, 0 if more else idle + 1
    return bytes(taken[:filled])


def move(source: Source, offset: int) -> int:
    """Seek as the engine does; return how often it took."""
    times = 1
    while source.seek(offset) != offset:
        times += 1
    return times


def still() -> None:
    """A heartbeat that nobody waits for."""
