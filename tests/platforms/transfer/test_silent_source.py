"""A transfer that waits for its source beats, and is stopped as soon as a beat says so."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from media.https import open_https
from media.policy import SourcePolicy
from tests.platforms.transfer.conftest import SIZE, Ride
from tests.support.raw_server import RawServer
from tests.support.uploads import MiniUpload, UploadServer

BEATS = 4


class Stopped(Exception):
    pass


@pytest.fixture
def falling_silent() -> Iterator[RawServer]:
    """An origin that gives a beginning, and says no more however often it is asked."""
    is_over = threading.Event()

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        head = f"HTTP/1.1 206 P\r\nContent-Range: bytes 0-{SIZE - 1}/{SIZE}\r\n\r\n"
        connection.sendall(head.encode() + bytes(1000))
        is_over.wait(60)

    with RawServer(serve) as server:
        yield server
        is_over.set()


def test_a_transfer_beats_about_every_second_while_its_source_is_silent(
    server: UploadServer, mini: Callable[[UploadServer], MiniUpload], falling_silent: RawServer
) -> None:
    beats: list[float] = []

    def beat(_sent: int) -> None:
        beats.append(time.monotonic())
        if len(beats) == BEATS:
            raise Stopped

    source = open_https(falling_silent.url, policy=SourcePolicy(allow_private=True))
    with pytest.raises(Stopped):
        Ride(source, on_progress=beat).run(mini(server))
    source.close()
    assert beats[-1] - beats[0] < BEATS * 4
