"""Takes bytes and keeps their number and their hash, never the bytes."""

import hashlib


class Intake:
    """A file on its way in.

    What may yet be refused is written to a `branch`, which then either replaces the
    intake it came from or is dropped: copying the state of a hash costs next to nothing.
    """

    def __init__(self) -> None:
        self.stored = 0
        self._hash = hashlib.sha256()

    def write(self, data: memoryview) -> None:
        """Take the next bytes."""
        self._hash.update(data)
        self.stored += len(data)

    def branch(self) -> "Intake":
        """Return an intake that goes on from here by itself."""
        copy = Intake()
        copy.stored, copy._hash = self.stored, self._hash.copy()
        return copy

    @property
    def sha256(self) -> str:
        """The hash of what is stored."""
        return self._hash.hexdigest()
