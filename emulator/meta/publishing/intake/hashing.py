"""Takes bytes and keeps their number, their hash and the length of the video, never the bytes."""

import hashlib
import struct

_HEADER = b"mvhd"
_LONGEST_HEADER = 36
_SEARCHED_BYTES = 64 << 20
"""A file whose header lies behind that tells no length: searching gigabytes would slow it down."""


class Intake:
    """A file on its way in.

    What may yet be refused is written to a `branch`, which then either replaces the
    intake it came from or is dropped: copying the state of a hash costs next to nothing.
    """

    def __init__(self) -> None:
        self.stored = 0
        self.seconds: float | None = None
        """How long the video is, by the movie header of an mp4."""
        self._hash = hashlib.sha256()
        self._end = b""

    def write(self, data: memoryview) -> None:
        """Take the next bytes."""
        self._hash.update(data)
        if self.seconds is None and self.stored < _SEARCHED_BYTES:
            self._search(self._end + bytes(data))
        self.stored += len(data)

    def branch(self) -> "Intake":
        """Return an intake that goes on from here by itself."""
        copy = Intake()
        copy.stored, copy._hash = self.stored, self._hash.copy()
        copy.seconds, copy._end = self.seconds, self._end
        return copy

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
