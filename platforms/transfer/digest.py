"""SHA-256 of what was sent, hashed from the very buffers that leave, a range at a time.

One run without a break gives one range, the whole file. The state of a hash does not outlive
its process, so whoever goes on after a crash begins a range of its own where the last known
one ends, and the bytes in between are read from the pinned source again. What the platform
confirms is kept as a checkpoint: what it did not keep is taken back, and never counted twice.
"""

from collections.abc import Sequence
from hashlib import sha256

from domain.errors import SourceUnusable
from domain.evidence import Range, joined


class Digest:
    """The ranges of one upload session. Not thread-safe; outlives the runs of one activity.

    `known` are the ranges that earlier workers left. `begins`: where those end, from which the
    first range of this one goes on; None where nothing is known of what was sent before, and
    then it begins with the first byte that is sent now. `expected` is the file's own hash, hex.
    """

    def __init__(
        self,
        size: int,
        *,
        known: Sequence[Range] = (),
        begins: int | None = 0,
        expected: str | None = None,
    ) -> None:
        self.size = size
        self._closed = list(known)
        self._expected = expected
        self._start: int | None = None
        self._kept_at = self._at = 0
        self._hash, self._kept = sha256(), sha256()
        if begins is not None:
            self._begin(begins)

    def reach(self, offset: int) -> int:
        """Get ready for the byte at `offset`; return the one that has to be fed first.

        It is `offset` itself, or an earlier one: then what lies in between was sent, too, and
        is not in the range yet.
        """
        if self._start is None:
            self._begin(offset)
        elif offset < self._kept_at:
            # The platform denies what it confirmed: that is sent, and hashed, a second time.
            self._closed = self.ranges
            self._begin(offset)
        elif offset < self._at:
            self._hash, self._at = self._kept.copy(), self._kept_at
        return self._at

    def feed(self, piece: memoryview) -> None:
        """Take in the next bytes that leave."""
        self._hash.update(piece)
        self._at += len(piece)

    def confirm(self, offset: int) -> None:
        """The platform holds everything before `offset`. In mid-chunk: see `reach`."""
        if offset == self._at:
            self._kept, self._kept_at = self._hash.copy(), offset

    def verify(self) -> None:
        """Raise `SourceUnusable` when everything was fed and it is not the expected file."""
        is_whole = self._start == 0 and self._at == self.size
        if self._expected and is_whole and self._hash.hexdigest() != self._expected:
            raise SourceUnusable(
                "source_changed", "The bytes are not the ones that the video was registered with."
            )

    @property
    def may_judge(self) -> bool:
        """True when `verify` will have something to compare once everything is fed."""
        return self._expected is not None and self._start == 0

    @property
    def current(self) -> Range | None:
        """The range under way, as far as the platform has confirmed it."""
        if self._start is None or self._kept_at == self._start:
            return None
        return Range(self._start, self._kept_at, self._kept.hexdigest())

    @property
    def ranges(self) -> list[Range]:
        """All that is confirmed, in the order in which it was sent."""
        return joined(filter(None, [*self._closed, self.current]))

    def _begin(self, offset: int) -> None:
        self._start = self._kept_at = self._at = offset
        self._hash, self._kept = sha256(), sha256()
