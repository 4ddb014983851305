"""The reader that the transfer engine draws from."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Pin:
    """What identifies one version of the bytes: it differs when they changed.

    `version` is opaque: inode and mtime of a file, ETag or Last-Modified of a URL,
    empty where an origin gives neither (then only the size is held to).
    """

    size: int
    version: str


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a look at the bytes tells. Durations in milliseconds, sizes in bytes."""

    pin: Pin
    file_name: str
    content_type: str
    container: str
    duration_ms: int | None
    width: int | None
    height: int | None
    sha256: str | None
    """Hex; known where the bytes were cheap to read in full, else None."""
    ranges: bool = True
    """False when the origin cannot resume: every resumption reads it from byte 0."""
    is_truncated: bool = False
    """True when the container promises more bytes than the file has."""
    block_sums: bytes | None = field(default=None, repr=False)
    """See `media.digest`; known where `sha256` is, of the same read."""


class Source(Protocol):
    """Reads one pinned version of the bytes, forwards from any offset.

    Every method raises `SourceUnusable` when the bytes are gone or are not the pinned
    version any more, and `SourceUnreachable` when the origin does not answer now.
    Not thread-safe. Reading again after an error is allowed: `seek` starts afresh.
    """

    pin: Pin
    ranges: bool
    """False when bytes can only be had from the first one on."""

    def seek(self, offset: int) -> int:
        """Move towards `offset` for about a second; return the position that is reached.

        Where bytes can be had from any offset it is reached at once. An origin without
        ranges must be read up to it: call again until it is.
        """

    def read_into(self, view: memoryview) -> int:
        """Fill `view` from the current position; return the count.

        0 at the end, and before it when no byte came for about a second: then read again.
        """

    def verify(self) -> None:
        """Raise unless the bytes are still the pinned version."""

    def close(self) -> None:
        """Release what is held. Never fails."""
