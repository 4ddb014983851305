"""How long a web server is listened to."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from domain.errors import SourceUnreachable
from media.origin import get
from media.policy import SourcePolicy
from tests.support.origin import Origin


def test_an_answer_that_never_begins_is_not_waited_for(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.data, origin.trickles = bytes(400), "head"
    began = time.monotonic()
    with pytest.raises(SourceUnreachable):
        get(origin.url, policy=at_home, headers={}, within=0.5)
    assert time.monotonic() < began + 4


@contextmanager
def endless_handshake() -> Iterator[int]:
    """A port where a TLS record is announced, of which a byte comes now and then."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(b"\x16\x03\x03\x40\x00")
                    while not stopped.wait(0.05):
                        peer.sendall(b"\0")

        thread = threading.Thread(target=drip)
        thread.start()
        yield listener.getsockname()[1]
        stopped.set()
        thread.join()


def test_a_handshake_that_never_ends_is_not_waited_for(at_home: SourcePolicy) -> None:
    with endless_handshake() as port:
        began = time.monotonic()
        with pytest.raises(SourceUnreachable):
            get(f"https://localhost:{port}/", policy=at_home, headers={}, within=0.5)
        # Without the limit it would be the 16 KiB of the record: a quarter of an hour.
        assert time.monotonic() < began + 10


def test_a_location_in_raw_utf8_is_followed(origin: Origin, at_home: SourcePolicy) -> None:
    origin.refusals.append((302, "/caf\u00e9.mp4".encode().decode("latin-1")))
    get(origin.url, policy=at_home, headers={}).close()
    assert origin.targets[-1] == "/caf%C3%A9.mp4"
