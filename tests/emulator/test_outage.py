"""The emulator away for a while: what a client sees of it, and what is left afterwards."""

import socket
import threading
from collections.abc import Callable

import httpx2
import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import KIB256, Stranger, sha256, some_bytes

DATA = some_bytes(8 * KIB256)
SIZE = len(DATA)
GONE = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)


def begin(emulator: Emulator, seconds: float) -> httpx2.Response:
    """Order an outage, over a connection of its own."""
    return httpx2.post(f"{emulator.url}/_emulator/outage", json={"seconds": seconds})


def wait_for(is_there: bool, emulator: Emulator) -> None:
    """Wait until somebody listens, or nobody."""
    address = httpx2.URL(emulator.url)
    while True:
        try:
            socket.create_connection((address.host, address.port or 80)).close()
            found = True
        except ConnectionRefusedError:
            found = False
        if found is is_there:
            return


def test_an_outage_is_answered_before_it_begins_and_ends_by_itself(emulator: Emulator) -> None:
    answer = begin(emulator, 0.5)
    assert (answer.status_code, answer.json()) == (202, {"seconds": 0.5})
    wait_for(False, emulator)
    wait_for(True, emulator)
    assert emulator.videos() == []


def test_an_outage_cuts_an_upload_that_goes_on_afterwards(ana: Stranger) -> None:
    emulator, session = ana.emulator, ana.session(SIZE)
    emulator.switch(upload_bytes_per_second=2 * KIB256)
    answers: list[httpx2.Response | Exception] = []
    sending = threading.Thread(target=noted(answers, lambda: ana.put(session, DATA)))
    sending.start()
    while emulator.state()["sessions"][0]["received"] < KIB256:
        pass

    begin(emulator, 0.2)

    sending.join()
    assert isinstance(answers[0], GONE)
    wait_for(True, emulator)
    emulator.switch(upload_bytes_per_second=0)
    last = int(ana.query(session).headers["range"].rpartition("-")[2])
    assert KIB256 - 1 <= last < SIZE - 1
    rest = ana.put(session, DATA[last + 1 :], f"{last + 1}-{SIZE - 1}/{SIZE}")
    assert rest.status_code == 201
    assert emulator.videos()[0]["sha256"] == sha256(DATA)


@pytest.mark.parametrize("body", [{}, {"seconds": "long"}, {"seconds": 0}, {"seconds": True}])
def test_an_outage_that_makes_no_sense_is_refused(
    emulator: Emulator, body: dict[str, object]
) -> None:
    answer = emulator.http.post("/_emulator/outage", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_it_ends_in_the_middle_of_an_outage() -> None:
    emulator = Emulator.start()
    begin(emulator, 60)
    wait_for(False, emulator)
    assert emulator.stop() == 0


def noted(
    answers: list[httpx2.Response | Exception], ask: Callable[[], httpx2.Response]
) -> Callable[[], None]:
    """Make what a thread can run of a question, its answer or its end kept."""

    def run() -> None:
        try:
            answers.append(ask())
        except httpx2.TransportError as error:
            answers.append(error)

    return run
