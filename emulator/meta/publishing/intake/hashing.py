"""Takes bytes and keeps their number, their hash and the length of the video.

The bytes themselves are kept only for a restart.
"""

import hashlib
import struct

from emulator.spool import Spool

_HEADER = b"mvhd"
_LONGEST_HEADER = 36
_SEARCHED_BYTES = 64 << 20
"""A file whose header lies behind that tells no length: searching gigabytes would slow it down."""


class Intake:
    """A file on its way in.

    What may yet be refused is written to a `branch`, which then either replaces the
    intake it came from or is dropped: copying the state of a hash costs next to nothing.
    """

    def __init__(self, spool: Spool | None = None) -> None:
        self.spool = spool or Spool()
        self.stored = 0
        self.seconds: float | None = None
        """How long the video is, by the movie header of an mp4."""
        self._hash = hashlib.sha256()
        self._end = b""
        self._held: list[bytes] | None = None

    @classmethod
    def restored(cls, spool: Spool) -> "Intake":
        """Return an intake of what a spool holds."""
        intake = cls(spool)
        for piece in spool.read():
            intake._hash_next(piece)
        return intake

    def emptied(self) -> "Intake":
        """Return an empty intake that takes over the spool of this one, which keeps none."""
        spool, self.spool = self.spool, Spool()
        spool.confirm(0)
        return Intake(spool)

    def write(self, data: memoryview) -> None:
        """Take the next bytes."""
        if self._held is None:
            self._keep(self.stored, data)
        elif self.spool.path:
            self._held.append(bytes(data))
        self._hash_next(data)

    def _keep(self, at: int, data: bytes | memoryview) -> None:
        self.spool.write(at, data)
        self.spool.confirm(at + len(data))

    def _hash_next(self, data: memoryview) -> None:
        self._hash.update(data)
        if self.seconds is None and self.stored < _SEARCHED_BYTES:
            self._search(self._end + bytes(data))
        self.stored += len(data)

    def branch(self) -> "Intake":
        """Return an intake that goes on from here by itself."""
        copy = Intake(self.spool)
        copy._held = []
        copy.stored, copy._hash = self.stored, self._hash.copy()
        copy.seconds, copy._end = self.seconds, self._end
        return copy

    def joined(self) -> "Intake":
        """Return a branch as what replaces the intake it came from."""
        content = b"".join(self._held or [])
        self._keep(self.stored - len(content), content)
        self._held = None
        return self

    @property
    def sha256(self) -> str:
        """The hash of what is stored."""
        return self._hash.hexdigest()

    def _search(self, content: bytes) -> None:
        place = content.find(_HEADER)
        header = content[place:] if place >= 0 else b""
        if len(header) >= _LONGEST_HEADER:
            self.seconds = _duration(header)
        # A header may lie across two pieces.
        self._end = header or content[-len(_HEADER) :]


def _duration(header: bytes) -> float | None:
    """The seconds that a movie header names. None where it names no scale."""
    is_long = header[4] == 1
    scale, duration = struct.unpack_from(">IQ" if is_long else ">II", header, 24 if is_long else 16)
    return duration / scale if scale else None
