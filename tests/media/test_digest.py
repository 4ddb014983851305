"""What block sums and SHA-256 say after everything that may happen to a transfer's bytes."""

import random
from hashlib import sha256

import pytest
from xxhash import xxh3_64_digest

from domain.errors import SourceUnusable
from media.digest import BLOCK_BYTES, Digest

BYTES = random.Random(3).randbytes(2 * BLOCK_BYTES + 1000)
SIZE = len(BYTES)
SHA256 = sha256(BYTES).hexdigest()
SUMS = b"".join(
    xxh3_64_digest(BYTES[start : start + BLOCK_BYTES]) for start in range(0, SIZE, BLOCK_BYTES)
)
HALF = BLOCK_BYTES // 2
PIECE = 1024 * 1024


def send(digest: Digest, start: int, end: int, content: bytes = BYTES, piece: int = PIECE) -> int:
    """What the engine does: read what is lacking, then send. Returns where reading began."""
    at = begin = digest.reach(start)
    view = memoryview(content)
    while at < end:
        digest.feed(view[at : min(at + piece, end)])
        at = min(at + piece, end)
    return begin


def with_change_at(offset: int) -> bytes:
    return BYTES[:offset] + bytes([BYTES[offset] ^ 1]) + BYTES[offset + 1 :]


@pytest.mark.parametrize("piece", [PIECE, 3 * BLOCK_BYTES, 777_777])
def test_one_run_gives_the_sums_and_the_hash(piece: int) -> None:
    digest = Digest(SIZE, hashes=True)
    send(digest, 0, SIZE, piece=piece)
    assert (digest.sums, digest.sha256, digest.summed) == (SUMS, SHA256, SIZE)


def test_there_is_no_hash_before_the_last_byte_and_none_where_it_was_not_wanted() -> None:
    digest, plain = Digest(SIZE, hashes=True), Digest(SIZE)
    send(digest, 0, SIZE - 1)
    send(plain, 0, SIZE)
    assert (digest.sha256, digest.summed, digest.sums) == (None, 2 * BLOCK_BYTES, SUMS[:16])
    assert (plain.sha256, plain.sums) == (None, SUMS)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(HALF, 100), (BLOCK_BYTES + HALF, BLOCK_BYTES + 7), (2 * BLOCK_BYTES + 5, HALF), (SIZE, 3)],
)
def test_what_the_platform_did_not_keep_is_read_from_its_block_on_and_hashed_once(
    sent: int, kept: int
) -> None:
    digest = Digest(SIZE, hashes=True)
    send(digest, 0, sent)
    assert send(digest, kept, SIZE) == kept - kept % BLOCK_BYTES
    assert (digest.sums, digest.sha256) == (SUMS, SHA256)


def test_several_breaks_in_one_block_leave_nothing_out() -> None:
    digest = Digest(SIZE, hashes=True)
    send(digest, 0, BLOCK_BYTES + HALF)
    send(digest, BLOCK_BYTES + 10, BLOCK_BYTES + 4000)
    send(digest, HALF, BLOCK_BYTES + 100)
    send(digest, BLOCK_BYTES + 50, SIZE)
    assert (digest.sums, digest.sha256) == (SUMS, SHA256)


def test_a_block_that_changed_while_it_was_sent_is_noticed_where_it_was_broken_off() -> None:
    """A part of it may be at the platform, and is in the hash."""
    digest = Digest(SIZE, hashes=True)
    send(digest, 0, BLOCK_BYTES + HALF)
    with pytest.raises(SourceUnusable) as raised:
        send(digest, BLOCK_BYTES + 500, BLOCK_BYTES + HALF, with_change_at(BLOCK_BYTES + 1000))
    assert raised.value.code == "source_changed"


def test_a_second_break_before_the_first_forgets_nothing_of_it() -> None:
    digest = Digest(SIZE, hashes=True)
    send(digest, 0, HALF)
    send(digest, 10, 1000)
    with pytest.raises(SourceUnusable):
        send(digest, 20, HALF, with_change_at(2000))


@pytest.mark.parametrize("changed_at", [0, BLOCK_BYTES + 5, SIZE - 1])
def test_other_bytes_than_those_known_are_refused_before_their_block_is_whole(
    changed_at: int,
) -> None:
    digest = Digest(SIZE, known=SUMS)
    block = changed_at - changed_at % BLOCK_BYTES
    send(digest, 0, block + 999, with_change_at(changed_at))
    with pytest.raises(SourceUnusable) as raised:
        send(digest, block + 999, SIZE, with_change_at(changed_at))
    assert (raised.value.code, digest.summed) == ("source_changed", block)


def test_a_run_that_goes_on_reads_the_block_again_that_was_begun_and_no_more() -> None:
    digest = Digest(SIZE, known=SUMS[:16], summed=2 * BLOCK_BYTES)
    assert send(digest, 2 * BLOCK_BYTES + 500, SIZE) == 2 * BLOCK_BYTES
    assert (digest.sums, digest.summed) == (SUMS, SIZE)


def test_what_was_sent_and_not_summed_is_read_again() -> None:
    digest = Digest(SIZE, known=SUMS[:8], summed=BLOCK_BYTES)
    assert digest.reach(2 * BLOCK_BYTES + 500) == BLOCK_BYTES


def test_a_run_that_goes_on_before_what_is_summed_compares_it_again() -> None:
    digest = Digest(SIZE, known=SUMS, summed=SIZE)
    assert digest.reach(BLOCK_BYTES + 1) == BLOCK_BYTES
    with pytest.raises(SourceUnusable):
        send(digest, BLOCK_BYTES + 1, SIZE, with_change_at(SIZE - 1))


def test_where_all_is_summed_nothing_is_read_for_the_finish() -> None:
    assert Digest(SIZE, known=SUMS, summed=SIZE).reach(SIZE) == SIZE
    assert Digest(SIZE, known=SUMS[:16], summed=2 * BLOCK_BYTES).reach(SIZE) == 2 * BLOCK_BYTES


def test_more_is_not_believed_to_be_summed_than_there_are_sums() -> None:
    assert Digest(SIZE, known=SUMS[:8], summed=SIZE).reach(SIZE) == BLOCK_BYTES


def test_what_goes_on_in_the_middle_is_not_hashed() -> None:
    digest = Digest(SIZE, known=SUMS[:8], summed=BLOCK_BYTES, hashes=True)
    send(digest, BLOCK_BYTES, SIZE)
    assert (digest.sha256, digest.sums) == (None, SUMS)


def test_a_hash_may_be_left_to_another_one() -> None:
    digest = Digest(SIZE, hashes=True)
    send(digest, 0, HALF)
    digest.stop_hashing()
    send(digest, HALF, SIZE)
    assert (digest.sha256, digest.sums) == (None, SUMS)


def test_what_others_read_meanwhile_is_compared_from_then_on() -> None:
    digest = Digest(SIZE)
    send(digest, 0, BLOCK_BYTES + HALF)
    digest.learn(SUMS)
    digest.learn(SUMS[:8])
    with pytest.raises(SourceUnusable):
        send(digest, BLOCK_BYTES + HALF, SIZE, with_change_at(SIZE - 1))


def test_the_last_byte_waits_for_what_settles_it() -> None:
    settled: list[str | None] = []
    digest = Digest(SIZE, hashes=True, settle=lambda: settled.append(digest.sha256))
    send(digest, 0, SIZE)
    assert settled == []
    digest.verify()
    assert settled == [SHA256]


def test_a_video_of_whole_blocks_ends_with_the_last_of_them() -> None:
    content = BYTES[: 2 * BLOCK_BYTES]
    digest = Digest(len(content), hashes=True)
    send(digest, 0, len(content))
    assert (digest.sums, digest.summed) == (SUMS[:16], len(content))
    assert digest.sha256 == sha256(content).hexdigest()
    assert digest.reach(len(content)) == len(content)
