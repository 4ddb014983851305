"""What of a source is read again for its block sums, and what stops other bytes than the known."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

import pytest
from xxhash import xxh3_64_digest

from domain.errors import SourceUnusable
from media.digest import BLOCK_BYTES, Digest, changed
from media.https import open_https
from media.policy import SourcePolicy
from platforms.transfer.machine import Answer, Finished, Request
from tests.platforms.transfer.conftest import KIB, Ride
from tests.support.origin import Origin
from tests.support.uploads import MiniUpload, Step, UploadServer

BYTES = random.Random(9).randbytes(2 * BLOCK_BYTES + 900 * KIB)
SIZE = len(BYTES)
CHUNK = 3 * 1024 * KIB
SUMS = b"".join(
    xxh3_64_digest(BYTES[start : start + BLOCK_BYTES]) for start in range(0, SIZE, BLOCK_BYTES)
)
OTHER = SUMS[:-1] + bytes([SUMS[-1] ^ 1])
"""The sums of a version of which the last block is another one."""
HELD = 2 * BLOCK_BYTES + 300 * KIB
OPENED = "bytes=0-"
"""What is asked when a source is opened."""


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(BYTES) as origin:
        yield origin


@pytest.fixture
def server() -> Iterator[UploadServer]:
    with UploadServer(SIZE) as server:
        yield server


@pytest.fixture
def upload(server: UploadServer) -> MiniUpload:
    return MiniUpload(server.url, size=SIZE, chunk=CHUNK)


def ride(origin: Origin, digest: Digest) -> Ride:
    return Ride(open_https(origin.url, policy=SourcePolicy(allow_private=True)), digest=digest)


def resumed() -> Digest:
    """Of a run that goes on where another one was ended."""
    return Digest(SIZE, known=SUMS[:16], summed=2 * BLOCK_BYTES)


def reads(origin: Origin) -> list[str]:
    """From where it was read; the proofs of its version are none."""
    return [span for span in origin.asked if span != "bytes=0-0"]


def test_a_run_that_goes_on_reads_the_begun_block_again_and_sends_nothing_twice(
    server: UploadServer, upload: MiniUpload, origin: Origin
) -> None:
    server.stored.extend(BYTES[:HELD])
    digest = resumed()
    ride(origin, digest).run(upload)
    assert server.stored == BYTES
    assert upload.requests[1].offset == HELD
    assert reads(origin) == [OPENED, f"bytes={2 * BLOCK_BYTES}-"]
    assert digest.sums == SUMS


def test_a_broken_connection_costs_one_block(
    server: UploadServer, upload: MiniUpload, origin: Origin
) -> None:
    """Of a large video anything more is a download of hours, for every break."""
    server.stored.extend(BYTES[:HELD])
    server.steps.extend([Step(), Step(cut_after=0), Step(), Step(cut_after=100 * KIB)])
    ride(origin, resumed()).run(upload)
    assert server.stored == BYTES
    assert reads(origin) == [OPENED, *[f"bytes={2 * BLOCK_BYTES}-"] * 3]


def test_a_broken_connection_leaves_the_hash_whole(
    server: UploadServer, upload: MiniUpload, origin: Origin
) -> None:
    server.steps.extend([Step(), Step(), Step(), Step(cut_after=5 * KIB), Step(), Step(keep=0)])
    digest = Digest(SIZE, hashes=True)
    ride(origin, digest).run(upload)
    assert server.stored == BYTES
    assert digest.sha256 == sha256(BYTES).hexdigest()
    assert set(reads(origin)) == {OPENED}, "all of it lay in the first block"


def test_what_a_killed_run_had_not_written_is_read_again(
    server: UploadServer, upload: MiniUpload, origin: Origin
) -> None:
    server.stored.extend(BYTES[:HELD])
    digest = Digest(SIZE, known=SUMS[:8], summed=BLOCK_BYTES)
    ride(origin, digest).run(upload)
    assert reads(origin) == [OPENED, f"bytes={BLOCK_BYTES}-"]
    assert digest.sums == SUMS


def test_for_a_video_that_is_there_nothing_is_read(
    server: UploadServer, upload: MiniUpload, origin: Origin
) -> None:
    server.stored.extend(BYTES)
    assert ride(origin, resumed()).run(upload).platform_id == "made"
    assert origin.asked == [OPENED]


def test_a_source_without_ranges_is_hashed_to_the_end(upload: MiniUpload, origin: Origin) -> None:
    origin.ranges = False
    digest = Digest(SIZE, hashes=True)
    ride(origin, digest).run(upload)
    assert digest.sha256 == sha256(BYTES).hexdigest()


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


def refuse() -> None:
    raise changed()


NOT_THE_KNOWN = [
    lambda: Digest(SIZE, known=OTHER),
    lambda: Digest(SIZE, settle=refuse),
]


@pytest.mark.parametrize("begin", NOT_THE_KNOWN, ids=["a block differs", "another read differs"])
def test_the_last_byte_of_other_bytes_never_leaves(
    server: UploadServer, upload: MiniUpload, origin: Origin, begin: Callable[[], Digest]
) -> None:
    with pytest.raises(SourceUnusable, match="not those"):
        ride(origin, begin()).run(upload)
    assert len(server.stored) < SIZE


@pytest.mark.parametrize("begin", NOT_THE_KNOWN, ids=["a block differs", "another read differs"])
def test_a_finish_without_bytes_never_leaves_for_other_bytes(
    server: UploadServer, origin: Origin, begin: Callable[[], Digest]
) -> None:
    begun = ride(origin, begin())
    with pytest.raises(SourceUnusable, match="not those"):
        begun.run(FinishedUpload(server.url, size=SIZE, chunk=CHUNK))
    assert begun.intents == []


def test_what_an_earlier_run_sent_of_other_bytes_is_never_finished(
    server: UploadServer, origin: Origin
) -> None:
    server.stored.extend(BYTES)
    begun = ride(origin, Digest(SIZE, known=OTHER, summed=2 * BLOCK_BYTES))
    with pytest.raises(SourceUnusable, match="not those"):
        begun.run(FinishedUpload(server.url, size=SIZE, chunk=CHUNK))
    assert begun.intents == [], "no finish has left"


def test_a_block_that_differs_does_not_leave(
    server: UploadServer, upload: MiniUpload, origin: Origin
) -> None:
    """It is noticed there, and not when everything was sent."""
    first = bytes([SUMS[0] ^ 1]) + SUMS[1:]
    with pytest.raises(SourceUnusable):
        ride(origin, Digest(SIZE, known=first)).run(upload)
    assert len(server.stored) < BLOCK_BYTES


@pytest.mark.parametrize("sent_before", [0, HELD, SIZE])
def test_the_known_bytes_are_finished(
    server: UploadServer, origin: Origin, sent_before: int
) -> None:
    server.stored.extend(BYTES[:sent_before])
    settled: list[int] = []
    digest = Digest(SIZE, known=SUMS, summed=0, settle=lambda: settled.append(digest.summed))
    begun = ride(origin, digest)
    finished = begun.run(FinishedUpload(server.url, size=SIZE, chunk=CHUNK))
    assert (finished.platform_id, begun.intents, settled) == ("made", [SIZE], [SIZE])
