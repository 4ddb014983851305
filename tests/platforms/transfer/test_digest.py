"""What the hash of a transfer says after everything that may happen to its bytes."""

from hashlib import sha256

import pytest

from domain.errors import SourceUnusable
from domain.evidence import Range
from platforms.transfer.digest import Digest

BYTES = bytes(range(256)) * 4
SIZE = len(BYTES)


def part(start: int, end: int) -> Range:
    return Range(start, end, sha256(BYTES[start:end]).hexdigest())


def send(digest: Digest, start: int, end: int) -> None:
    """What the engine does: catch up, then send."""
    begins = digest.reach(start)
    digest.feed(memoryview(BYTES)[begins:end])


def test_one_run_without_a_break_is_one_range() -> None:
    digest = Digest(SIZE)
    for start in range(0, SIZE, 256):
        send(digest, start, start + 256)
        digest.confirm(start + 256)
    assert digest.ranges == [part(0, SIZE)]


def test_what_was_not_confirmed_does_not_count() -> None:
    digest = Digest(SIZE)
    send(digest, 0, 300)
    assert digest.ranges == []
    digest.confirm(300)
    send(digest, 300, 600)
    assert digest.ranges == [part(0, 300)]


def test_what_the_platform_kept_in_part_is_taken_back_and_read_again() -> None:
    digest = Digest(SIZE)
    send(digest, 0, 300)
    digest.confirm(300)
    send(digest, 300, 900)
    digest.confirm(500)
    assert digest.reach(500) == 300
    send(digest, 500, SIZE)
    digest.confirm(SIZE)
    assert digest.ranges == [part(0, SIZE)]


def test_a_platform_that_denies_what_it_confirmed_begins_another_range() -> None:
    digest = Digest(SIZE)
    send(digest, 0, 300)
    digest.confirm(300)
    assert digest.reach(100) == 100
    send(digest, 100, SIZE)
    digest.confirm(SIZE)
    assert digest.ranges == [part(0, 300), part(100, SIZE)]


def test_whoever_goes_on_begins_where_the_last_known_range_ends() -> None:
    digest = Digest(SIZE, known=[part(0, 300)], begins=300)
    assert digest.reach(700) == 300
    send(digest, 700, SIZE)
    digest.confirm(SIZE)
    assert digest.ranges == [part(0, 300), part(300, SIZE)]


def test_where_nothing_is_known_the_range_begins_with_what_is_sent_now() -> None:
    digest = Digest(SIZE, begins=None)
    assert digest.reach(700) == 700
    send(digest, 700, SIZE)
    digest.confirm(SIZE)
    assert digest.ranges == [part(700, SIZE)]


def test_an_upload_begun_anew_replaces_what_was_known_of_it() -> None:
    digest = Digest(SIZE, known=[part(0, 300)], begins=300)
    assert digest.reach(0) == 0
    send(digest, 0, SIZE)
    digest.confirm(SIZE)
    assert digest.ranges == [part(0, SIZE)]


def test_bytes_other_than_the_registered_ones_are_refused_at_the_end() -> None:
    digest = Digest(SIZE, expected=sha256(b"another file").hexdigest())
    send(digest, 0, SIZE - 1)
    digest.verify()
    send(digest, SIZE - 1, SIZE)
    with pytest.raises(SourceUnusable) as raised:
        digest.verify()
    assert raised.value.code == "source_changed"


def test_the_registered_bytes_pass() -> None:
    digest = Digest(SIZE, expected=sha256(BYTES).hexdigest())
    send(digest, 0, SIZE)
    digest.verify()
