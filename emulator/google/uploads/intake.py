"""Takes bytes and keeps their number and their hash; the bytes only for a restart.

What was taken can be taken back to the last multiple of 256 KiB, which is what a
resumable upload keeps of a chunk that broke off (facts: YouTube section 3.2). To make
that possible the state of the hash is remembered at every such boundary, and only there.
"""

import hashlib

from emulator.spool import Spool

GRANULE = 256 * 1024


class Intake:
    """A file on its way in."""

    def __init__(self, spool: Spool | None = None) -> None:
        self.spool = spool or Spool()
        self.stored = 0
        self.settled = 0
        self._hash = hashlib.sha256()
        self._settled_hash = self._hash.copy()

    def write(self, data: memoryview) -> None:
        """Take the next bytes."""
        self.spool.write(self.stored, data)
        before = self.settled
        self._hash_next(data)
        if self.settled > before:
            self.spool.confirm(self.settled)

    @classmethod
    def restored(cls, spool: Spool) -> "Intake":
        """Return an intake of what a spool holds."""
        intake = cls(spool)
        for piece in spool.read():
            intake._hash_next(piece)
        return intake

    def keep_whole(self) -> None:
        """Let a restart find every byte, also behind the last boundary."""
        self.spool.confirm(self.stored)

    def _hash_next(self, data: memoryview) -> None:
        position = self.stored + len(data)
        boundary = position - position % GRANULE
        if boundary > self.settled:
            split = boundary - self.stored
            self._hash.update(data[:split])
            self._settled_hash = self._hash.copy()
            self.settled = boundary
            self._hash.update(data[split:])
        else:
            self._hash.update(data)
        self.stored = position

    def settle(self) -> None:
        """Let go of what lies behind the last boundary."""
        if self.stored != self.settled:
            self._hash = self._settled_hash.copy()
            self.stored = self.settled

    @property
    def sha256(self) -> str:
        """The hash of what is stored."""
        return self._hash.hexdigest()
