"""What a process knows of its own writes."""

import pytest
from sqlalchemy.exc import OperationalError

from domain.errors import InsufficientStorage, Unavailable
from runtime.process_heartbeat import NO_ROOM, Heartbeat


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_silence_is_trouble_once_it_is_longer_than_a_busy_database_causes() -> None:
    clock = Clock()
    heartbeat = Heartbeat(clock)
    clock.now = 1000
    assert heartbeat.trouble() is None, "nothing was tried yet"
    heartbeat.begin()
    clock.now += 34
    assert heartbeat.trouble() is None
    clock.now += 2
    assert heartbeat.trouble() == "has taken no write for 36 s"
    heartbeat.succeeded()
    assert heartbeat.trouble() is None


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        (InsufficientStorage("disk_full", "geheim"), NO_ROOM),
        (Unavailable("database_unavailable", "geheim"), "takes no writes (database_unavailable)"),
        (
            OperationalError("geheim", {}, ConnectionError("geheim")),
            "takes no writes (ConnectionError)",
        ),
    ],
)
def test_a_write_that_failed_is_trouble_until_one_succeeds(error: Exception, fact: str) -> None:
    heartbeat = Heartbeat()
    heartbeat.failed(error)
    assert heartbeat.trouble() == fact
    heartbeat.succeeded()
    assert heartbeat.trouble() is None
