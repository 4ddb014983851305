"""What of a source is read once more, only to be hashed, and what is not worth it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from domain.errors import SourceUnusable
from domain.evidence import Range
from media.https import open_https
from media.policy import SourcePolicy
from media.digest import Digest
from platforms.transfer.machine import Answer, Finished, Request
from tests.platforms.transfer.conftest import CHUNK, KIB, SIZE, Ride
from tests.support.origin import Origin
from tests.support.uploads import MiniUpload, Step, UploadServer

Mini = Callable[[UploadServer], MiniUpload]
HELD = 700 * KIB


@pytest.fixture
def origin(path: Path) -> Iterator[Origin]:
    with Origin(path.read_bytes()) as origin:
        yield origin


def hashed(path: Path, start: int, end: int) -> Range:
    return Range(start, end, sha256(path.read_bytes()[start:end]).hexdigest())


def ride(origin: Origin, digest: Digest) -> Ride:
    return Ride(open_https(origin.url, policy=SourcePolicy(allow_private=True)), digest=digest)


def test_what_a_dead_worker_sent_is_read_once_however_often_the_connection_breaks(
    server: UploadServer, mini: Mini, origin: Origin, path: Path
) -> None:
    """Of a large video that is a download of hours, for every break."""
    server.stored.extend(path.read_bytes()[:HELD])
    server.steps.extend([Step(), Step(cut_after=0), Step(), Step(cut_after=0)])
    ride(origin, Digest(SIZE)).run(mini(server))
    assert server.stored == path.read_bytes()
    assert origin.asked.count("bytes=0-") == 1
    assert origin.asked.count(f"bytes={HELD}-") == 2


def test_a_source_without_ranges_is_not_read_again_for_a_video_that_is_there(
    server: UploadServer, mini: Mini, origin: Origin, path: Path
) -> None:
    origin.ranges = False
    server.stored.extend(path.read_bytes())
    known = hashed(path, 0, CHUNK)
    again = ride(origin, Digest(SIZE, known=[known], begins=CHUNK))
    assert again.run(mini(server)).platform_id == "made"
    assert again.digest.ranges == [known]
    assert origin.asked == ["bytes=0-"], "asked for when it was opened"


def test_what_this_run_sent_of_a_source_without_ranges_is_hashed_to_the_end(
    server: UploadServer, mini: Mini, origin: Origin, path: Path
) -> None:
    origin.ranges = False
    whole = ride(origin, Digest(SIZE))
    whole.run(mini(server))
    assert whole.digest.ranges == [hashed(path, 0, SIZE)]


def test_a_source_that_went_away_takes_no_video_with_it(
    server: UploadServer, mini: Mini, origin: Origin, path: Path
) -> None:
    server.stored.extend(path.read_bytes())
    known = hashed(path, 0, CHUNK)
    origin.refusals.extend([(0, ""), *[(503, "")] * 5])
    again = ride(origin, Digest(SIZE, known=[known], begins=CHUNK))
    assert again.run(mini(server)).platform_id == "made"
    assert again.digest.ranges == [known]


class FinishedUpload(MiniUpload):
    """Its bytes alone make nothing: the request that does carries none of them."""

    def next_request(self) -> Request:
        request = super().next_request()
        has_all = self._knows and self.confirmed == self._size
        self.requests[-1] = replace(self._query() if has_all else request, finishes=has_all)
        return self.requests[-1]

    def receive(self, answer: Answer) -> Finished | None:
        if answer.status == 201 and not self.requests[-1].finishes:
            self.confirmed, self._knows = self._size, True
            return None
        return super().receive(answer)


@pytest.mark.parametrize("sent_before", [0, SIZE])
def test_another_file_than_was_registered_is_never_finished(
    server: UploadServer, ride: Ride, path: Path, sent_before: int
) -> None:
    server.stored.extend(path.read_bytes()[:sent_before])
    ride.digest = Digest(SIZE, expected=sha256(b"another file").hexdigest())
    with pytest.raises(SourceUnusable, match="not the ones"):
        ride.run(FinishedUpload(server.url, size=SIZE, chunk=CHUNK))
    assert server.stored == path.read_bytes()
    assert ride.intents == [], "no finish has left"


@pytest.mark.parametrize("sent_before", [0, SIZE])
def test_the_registered_file_is_finished(
    server: UploadServer, ride: Ride, path: Path, sent_before: int
) -> None:
    server.stored.extend(path.read_bytes()[:sent_before])
    ride.digest = Digest(SIZE, expected=sha256(path.read_bytes()).hexdigest())
    finished = ride.run(FinishedUpload(server.url, size=SIZE, chunk=CHUNK))
    assert (finished.platform_id, ride.intents) == ("made", [SIZE])
