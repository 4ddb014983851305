"""Block sums of a source's bytes, and their SHA-256, from the very buffers that leave.

A block sum is the xxh3-64 of a block of 8 MiB; the last block is shorter. It costs a fiftieth of
SHA-256, and it is compared with what another read of the same video has found, before the last
byte of the block leaves. SHA-256 takes in each byte once: what is sent a second time is proved to
be the same by the block sums, and is not hashed again.
"""

from collections.abc import Callable
from hashlib import sha256

from xxhash import xxh3_64

from domain.errors import SourceUnusable

BLOCK_BYTES = 8 * 1024 * 1024
SUM_BYTES = 8


class Digest:
    """A stream of pieces at offsets, of one upload session. Not thread-safe.

    `known`: the block sums of the video so far, from its first block on. `summed`: of how many
    bytes earlier runs have compared the sums as they sent them; a whole number of blocks, or all.
    `hashes`: compute the SHA-256, too; only where nothing was sent before. `settle` is called by
    `verify`. An object outlives the connections, and the machines, of its session.
    """

    def __init__(
        self,
        size: int,
        *,
        known: bytes = b"",
        summed: int = 0,
        hashes: bool = False,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        self.size = size
        self.summed = min(summed, len(known) // SUM_BYTES * BLOCK_BYTES, size)
        """Bytes from the first one on whose sums are compared, or known for the first time."""
        self._sums = bytearray(known)
        self._settle = settle
        self._at = 0
        self._block = xxh3_64()
        self._broken_off: tuple[int, bytes] | None = None
        """Where a block was left in its middle, and its sum until there."""
        self._sha256 = sha256() if hashes and not self.summed else None
        self._hashed = 0

    def reach(self, offset: int) -> int:
        """Get ready for the byte at `offset`; return the one that has to be fed first.

        It is `offset` itself, or an earlier one: the beginning of its block, or of the first
        block that was sent and not summed.
        """
        if offset != self._at:
            self._break_off()
            begin = offset if offset == self.size else offset - offset % BLOCK_BYTES
            self._at = min(begin, self.summed)
        return self._at

    def feed(self, piece: memoryview) -> None:
        """Take in the next bytes, before they leave.

        Raises `SourceUnusable` (code `source_changed`) for those that end a block which another
        read found otherwise.
        """
        self._hash(piece)
        while piece:
            end = min(self._at - self._at % BLOCK_BYTES + BLOCK_BYTES, self.size)
            stop = end
            if self._broken_off is not None and self._at < self._broken_off[0]:
                stop = min(end, self._broken_off[0])
            part, piece = piece[: stop - self._at], piece[stop - self._at :]
            self._block.update(part)
            self._at += len(part)
            if self._broken_off is not None and self._at == self._broken_off[0]:
                _require_same(self._block.digest(), self._broken_off[1])
                self._broken_off = None
            if self._at == end:
                self._close_block()

    def verify(self) -> None:
        """All bytes were fed, and the last of them is about to leave. Raises what `settle` does."""
        self._settle()

    def learn(self, sums: bytes) -> None:
        """Take over what others have read of the video by now; ours are the first of it."""
        if len(sums) > len(self._sums):
            self._sums[:] = sums

    def stop_hashing(self) -> None:
        """Go on with block sums alone."""
        self._sha256 = None

    @property
    def sums(self) -> bytes:
        """The block sums of the video, as far as they are known."""
        return bytes(self._sums)

    @property
    def sha256(self) -> str | None:
        """Hex, of all bytes; None until then, and where they are not hashed."""
        if self._sha256 is None or self._hashed < self.size:
            return None
        return self._sha256.hexdigest()

    def _hash(self, piece: memoryview) -> None:
        fresh = self._at + len(piece) - self._hashed
        if self._sha256 is not None and fresh > 0:
            self._sha256.update(piece[len(piece) - fresh :])
            self._hashed += fresh

    def _close_block(self) -> None:
        place = (self._at - 1) // BLOCK_BYTES * SUM_BYTES
        known = self._sums[place : place + SUM_BYTES]
        if known:
            _require_same(self._block.digest(), known)
        else:
            self._sums += self._block.digest()
        self.summed = max(self.summed, self._at)
        self._block.reset()

    def _break_off(self) -> None:
        """Keep the sum of what was fed of a block: some of that may be what the platform has."""
        is_inside = self._at % BLOCK_BYTES and self._at < self.size
        if is_inside and (self._broken_off is None or self._broken_off[0] < self._at):
            self._broken_off = self._at, self._block.digest()
        self._block.reset()


def changed() -> SourceUnusable:
    """What another read of the same video has found is not what this one reads."""
    return SourceUnusable(
        "source_changed",
        "The bytes of the video are not those that were read of it before. Register it again.",
    )


def _require_same(sum_: bytes, known: bytes | bytearray) -> None:
    if sum_ != known:
        raise changed()
