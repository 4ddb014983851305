"""Files that were sent to the Resumable Upload API, and are not videos yet.

A session belongs to an app and the person who opened it; when all its bytes are there, its
handle stands for the file. Both survive a restart, with the bytes that had arrived.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

from emulator.meta.publishing.intake.hashing import Intake
from emulator.spool import Spools

TYPES = frozenset({"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"})
"""What may be uploaded (facts: Facebook section 2 (b))."""


@dataclass(slots=True)
class Upload:
    """A session; `handle`, `sha256` and `seconds` are there once it is whole."""

    id: str
    app: str
    person: str | None
    length: int
    type: str
    handle: str | None = None
    sha256: str = ""
    seconds: float | None = None

    @property
    def stored(self) -> int:
        """How large the file is, once it is whole."""
        return self.length


@dataclass(slots=True)
class Uploads:
    """All sessions by id. A session's id and handle are bearer secrets and never shown."""

    known: dict[str, Upload] = field(default_factory=dict)

    def open(self, app: str, person: str | None, length: int, type: str) -> Upload:
        """Open a session with an id of its own."""
        upload = Upload(secrets.token_urlsafe(24), app, person, length, type)
        self.known[upload.id] = upload
        return upload

    def of_handle(self, handle: str) -> Upload | None:
        """Return the file for which a handle stands."""
        return next((u for u in self.known.values() if u.handle == handle), None)


class Arriving:
    """The bytes of sessions that are not whole; `writers` count who may write them."""

    def __init__(self, spools: Spools) -> None:
        self._spools = spools
        self._intakes: dict[str, Intake] = {}
        self._writers: dict[str, int] = {}

    def of(self, upload: Upload) -> Intake:
        """Return what has arrived of a session that is not whole."""
        if upload.id not in self._intakes:
            self._intakes[upload.id] = Intake.restored(self._spools.open(upload.id))
        return self._intakes[upload.id]

    def take_over(self, upload: Upload) -> int:
        """Return the number of a new writer; the one before may write no more."""
        self._writers[upload.id] = self._writers.get(upload.id, 0) + 1
        return self._writers[upload.id]

    def writes(self, upload: Upload, writer: int) -> bool:
        """Tell whether a writer is the latest."""
        return self._writers.get(upload.id) == writer

    def complete(self, upload: Upload) -> str:
        """Turn a session whose bytes are all there into a file and return its handle."""
        intake = self._intakes.pop(upload.id)
        intake.spool.drop()
        upload.sha256, upload.seconds = intake.sha256, intake.seconds
        upload.handle = f"4:{secrets.token_urlsafe(48)}"
        return upload.handle

    def restore(self, uploads: Uploads) -> None:
        """Take the place of everything with what had arrived of these sessions."""
        self._intakes.clear()
        self._writers.clear()
        for upload in uploads.known.values():
            if upload.handle is None:
                self.of(upload)

    def offset(self, upload: Upload) -> int:
        """Return how many bytes of a session are there."""
        return upload.length if upload.handle else self.of(upload).stored

    def describe(self, uploads: Uploads, platform: str) -> list[dict[str, Any]]:
        """Show all sessions, without what would let anybody use them."""
        return [
            {
                "platform": platform,
                "app": upload.app,
                "type": upload.type,
                "size": upload.length,
                "stored": self.offset(upload),
                "sha256": upload.sha256 or None,
                "finished": upload.handle is not None,
            }
            for upload in uploads.known.values()
        ]
