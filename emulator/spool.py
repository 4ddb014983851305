"""The bytes of unfinished uploads, on disk beside the state file.

A hash cannot be written down in the middle, so a restart hashes again what had arrived.
Without a state file there is no folder, and nothing is kept. A spool begins with its
confirmed length, which is written after the bytes: what a killed process had not
confirmed is not there after the restart.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = 8
_PIECE = 1 << 20


@dataclass(slots=True)
class Spool:
    """One upload. A disk that takes no more ends the spool, not the upload."""

    path: Path | None = None
    dropped: set[str] = field(default_factory=set)

    def drop(self) -> None:
        """Keep nothing any more; the file is deleted with the next sweep."""
        if self.path is not None:
            self.dropped.add(self.path.name)
            self.path = None

    def write(self, at: int, data: bytes | memoryview) -> None:
        """Keep bytes of the upload, from an offset on."""
        self._put(_HEAD + at, data)

    def confirm(self, length: int) -> None:
        """Let a restart find this many bytes."""
        self._put(0, length.to_bytes(_HEAD))

    def read(self) -> Iterator[memoryview]:
        """Yield what was confirmed."""
        if self.path is None or not self.path.exists():
            return
        with self.path.open("rb") as file:
            left = int.from_bytes(file.read(_HEAD))
            while left and (piece := file.read(min(left, _PIECE))):
                left -= len(piece)
                yield memoryview(piece)

    def _put(self, at: int, data: bytes | memoryview) -> None:
        if self.path is None:
            return
        try:
            # Opened for each piece: thousands of open uploads may not hold a file each.
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                while data:
                    done = os.pwrite(file, data, at)
                    data, at = data[done:], at + done
            finally:
                os.close(file)
        except OSError as error:
            sys.stderr.write(f"emulator: an upload will not survive a restart: {error}.\n")
            self.path.unlink(missing_ok=True)
            self.path = None


@dataclass(slots=True)
class Spools:
    """All spools. What is dropped is deleted by `sweep`, once a state without it is saved."""

    folder: Path | None = None
    dropped: set[str] = field(default_factory=set)

    def open(self, name: str) -> Spool:
        """Return the spool of a name that is safe as the name of a file."""
        if self.folder is None:
            return Spool()
        self.dropped.discard(name)
        return Spool(self.folder / name, self.dropped)

    def drop_all(self) -> None:
        """Delete every spool with the next sweep."""
        if self.folder is not None and self.folder.exists():
            self.dropped.update(file.name for file in self.folder.iterdir())

    def sweep(self) -> None:
        """Delete what was dropped."""
        if self.folder is not None:
            for name in self.dropped:
                (self.folder / name).unlink(missing_ok=True)
        self.dropped.clear()
