"""Uploads that were on their way when the emulator ended, with and without a warning."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from testkit.emulator import Emulator
from tests.emulator.meta.publisher import MIB, Publisher
from tests.emulator.stranger import KIB256, Stranger, sha256, some_bytes

DATA = some_bytes(6 * MIB + 12_345)
SIZE = len(DATA)
ENDS = [signal.SIGKILL, signal.SIGTERM]


class Restarting:
    """An emulator with a state file that ends and comes back on the same port."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.emulator = Emulator.start(state=state)

    def restart(self, how: signal.Signals) -> None:
        """End the process by a signal and start it again; clients keep their `Emulator`."""
        process = self.emulator.process
        assert process is not None
        process.send_signal(how)
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
        self.emulator.http.close()
        again = Emulator.start(state=self.state, port=httpx2.URL(self.emulator.url).port or 0)
        self.emulator.process, self.emulator.http = again.process, again.http

    def spooled(self) -> list[str]:
        """Return the names of the files that hold bytes of unfinished uploads."""
        return [path.name for path in Path(f"{self.state}.uploads").iterdir()]


@pytest.fixture
def restarting(tmp_path: Path) -> Iterator[Restarting]:
    """An emulator of its own, with a state file."""
    restarting = Restarting(tmp_path / "state.json")
    yield restarting
    restarting.emulator.stop()


def in_the_middle(emulator: Emulator, send: Callable[[], Any], received: int) -> threading.Thread:
    """Send in the background, slowly; return when so many bytes have come."""

    def ignore_the_end() -> None:
        with suppress(httpx2.HTTPError):
            send()

    sending = threading.Thread(target=ignore_the_end)
    sending.start()
    while emulator.state()["transfer"]["bytes_received"] < received:
        pass
    return sending


@pytest.mark.parametrize("how", ENDS)
def test_a_resumable_upload_goes_on_from_its_confirmed_offset(
    restarting: Restarting, how: signal.Signals
) -> None:
    emulator = restarting.emulator
    ana = Stranger(emulator).connect()
    session = ana.session(SIZE)
    first = ana.put(session, DATA[: 4 * KIB256], f"0-{4 * KIB256 - 1}/{SIZE}")
    assert first.headers["range"] == f"bytes=0-{4 * KIB256 - 1}"
    emulator.fault("videos.insert.transfer", "trickle", bytes_per_second=2 * MIB)
    rest = f"{4 * KIB256}-{SIZE - 1}/{SIZE}"
    sending = in_the_middle(
        emulator, lambda: ana.put(session, DATA[4 * KIB256 :], rest), 8 * KIB256
    )
    restarting.restart(how)
    sending.join()

    asked = ana.query(session)
    assert asked.status_code == 308
    stored = int(asked.headers["range"].rpartition("-")[2]) + 1
    assert stored >= 4 * KIB256
    assert stored % KIB256 == 0
    finished = ana.put(session, DATA[stored:], f"{stored}-{SIZE - 1}/{SIZE}")
    assert finished.status_code == 201
    assert emulator.videos()[0]["sha256"] == sha256(DATA)
    assert restarting.spooled() == []


@pytest.mark.parametrize("how", ENDS)
def test_a_chunked_upload_goes_on_from_its_confirmed_offset(
    restarting: Restarting, how: signal.Signals
) -> None:
    emulator = restarting.emulator
    bakery = Publisher.of(emulator)
    emulator.switch(range_bytes=2 * MIB)
    started = bakery.start(SIZE)
    wanted = bakery.transfer(started, 0, DATA[: 2 * MIB]).json()
    assert wanted["start_offset"] == str(2 * MIB)
    emulator.fault("page_videos.transfer", "trickle", bytes_per_second=MIB)
    chunk = DATA[2 * MIB : 4 * MIB]
    sending = in_the_middle(
        emulator, lambda: bakery.transfer(started, 2 * MIB, chunk), 2 * MIB + MIB // 2
    )
    restarting.restart(how)
    sending.join()

    uploading = bakery.status(started["video_id"])["uploading_phase"]
    assert uploading["bytes_transferred"] == 2 * MIB  # a broken chunk leaves nothing
    bakery.transfer_all({**started, **wanted}, DATA)
    assert bakery.finish(started).json() == {"success": True}
    assert emulator.videos()[0]["sha256"] == sha256(DATA)
    assert restarting.spooled() == []


@pytest.mark.parametrize("how", ENDS)
def test_a_reel_goes_on_from_its_confirmed_offset(
    restarting: Restarting, how: signal.Signals
) -> None:
    emulator = restarting.emulator
    bakery = Publisher.of(emulator)
    reel = bakery.start_reel()
    emulator.fault("reels.transfer", "trickle", bytes_per_second=2 * MIB)
    sending = in_the_middle(emulator, lambda: bakery.send(reel, DATA), MIB)
    confirmed = bakery.status(reel["video_id"])["uploading_phase"]["bytes_transferred"]
    restarting.restart(how)
    sending.join()

    stored = bakery.status(reel["video_id"])["uploading_phase"]["bytes_transferred"]
    assert confirmed <= stored < SIZE
    assert bakery.send(reel, DATA, stored).json() == {"success": True}
    assert bakery.finish_reel(reel).json() == {"success": True}
    assert emulator.videos()[0]["sha256"] == sha256(DATA)
    assert restarting.spooled() == []


def test_what_was_answered_outlives_a_process_that_is_killed_at_once(
    restarting: Restarting,
) -> None:
    ana = Stranger(restarting.emulator).connect()
    restarting.restart(signal.SIGKILL)
    session = ana.session(5)
    restarting.restart(signal.SIGKILL)
    video = ana.put(session, b"12345").json()
    restarting.restart(signal.SIGKILL)
    assert ana.query(session).json()["id"] == video["id"]
    assert [found["id"] for found in restarting.emulator.videos()] == [video["id"]]
    assert ana.refresh().status_code == 200
    bakery = Publisher.of(restarting.emulator)
    restarting.restart(signal.SIGKILL)
    assert bakery.start(2048)["start_offset"] == "0"
    restarting.emulator.switch(uploads_per_day=7)
    restarting.restart(signal.SIGKILL)
    assert restarting.emulator.state()["switches"]["uploads_per_day"] == 7


def test_a_file_that_was_whole_is_whole_after_a_restart(restarting: Restarting) -> None:
    ana = Stranger(restarting.emulator).connect()
    session = ana.session(SIZE)
    restarting.emulator.fault("videos.insert.transfer", "hold_back")
    assert ana.put(session, DATA).headers["range"] == f"bytes=0-{SIZE - 1}"
    restarting.restart(signal.SIGKILL)
    assert ana.query(session, SIZE).is_success
    assert restarting.emulator.videos()[0]["sha256"] == sha256(DATA)


def test_a_thumbnail_that_was_on_its_way_is_still_known_as_a_picture(
    restarting: Restarting,
) -> None:
    ana = Stranger(restarting.emulator).connect()
    video = ana.upload()
    picture = b"\x89PNG\r\n\x1a\n" + some_bytes(KIB256)
    path = f"/upload/youtube/v3/thumbnails/set?uploadType=resumable&videoId={video['id']}"
    session = ana.ask("POST", path).headers["location"]
    ana.put(session, picture[:KIB256], f"0-{KIB256 - 1}/{len(picture)}")
    restarting.restart(signal.SIGKILL)
    answer = ana.put(session, picture[KIB256:], f"{KIB256}-{len(picture) - 1}/{len(picture)}")
    assert answer.is_success
    assert restarting.emulator.videos()[0]["thumbnail_sha256"] == sha256(picture)


def test_bytes_of_ended_uploads_are_deleted(restarting: Restarting) -> None:
    emulator = restarting.emulator
    ana = Stranger(emulator).connect()
    cancelled, old, open_ = (ana.session(SIZE) for _ in range(3))
    for session in (cancelled, old, open_):
        ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}")
    assert len(restarting.spooled()) == 3
    assert ana.ask("DELETE", cancelled).status_code == 499
    assert len(restarting.spooled()) == 2
    emulator.advance(8 * 86_400)
    assert restarting.spooled() == []
    bakery = Publisher.of(emulator)
    started = bakery.start(SIZE)
    bakery.transfer(started, 0, DATA[: 4 * MIB])
    assert len(restarting.spooled()) == 1
    emulator.reset()
    assert restarting.spooled() == []


def test_the_bytes_on_disk_are_their_users_alone(restarting: Restarting) -> None:
    ana = Stranger(restarting.emulator).connect()
    session = ana.session(SIZE)
    ana.put(session, DATA[:KIB256], f"0-{KIB256 - 1}/{SIZE}")
    folder = Path(f"{restarting.state}.uploads")
    (spool,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, spool.stat().st_mode & 0o777) == (0o700, 0o600)
    assert spool.name not in session
