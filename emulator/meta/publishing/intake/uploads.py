"""Upload sessions of the Resumable Upload API.

A session belongs to an app. When all bytes are stored, a handle identifies the file. Sessions
and handles survive a restart, and so do the stored bytes of an incomplete session.
"""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from emulator.meta.publishing.intake.hashing import Intake
from emulator.spool import Spools

TYPES = frozenset({"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"})
"""What may be uploaded (facts: Facebook section 2 (b))."""


@dataclass(slots=True)
class Upload:
    """One session. `handle`, `sha256` and `seconds` are set when it is complete."""

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
        """The size of the complete file."""
        return self.length


@dataclass(slots=True)
class Uploads:
    """All sessions by id. A session's id and handle are bearer secrets and never shown."""

    known: dict[str, Upload] = field(default_factory=dict)

    def open(self, app: str, person: str | None, length: int, type: str) -> Upload:
        """Open a session with a new id."""
        upload = Upload(secrets.token_urlsafe(24), app, person, length, type)
        self.known[upload.id] = upload
        return upload

    def of_handle(self, handle: str) -> Upload | None:
        """Return the session that a handle identifies."""
        return next((u for u in self.known.values() if u.handle == handle), None)


class PartialUploads:
    """The bytes of incomplete sessions. Only the newest request of a session may write."""

    def __init__(self, spools: Spools) -> None:
        self._spools = spools
        self._intakes: dict[str, Intake] = {}
        self._writers: dict[str, int] = {}

    def of(self, upload: Upload) -> Intake:
        """Return the bytes that are stored of an incomplete session."""
        if upload.id not in self._intakes:
            self._intakes[upload.id] = Intake(self._spools.open(_spool_of(upload)))
        return self._intakes[upload.id]

    def take_over(self, upload: Upload) -> int:
        """Return the number of a new writer; earlier writers may not write any more."""
        self._writers[upload.id] = self._writers.get(upload.id, 0) + 1
        return self._writers[upload.id]

    def writes(self, upload: Upload, writer: int) -> bool:
        """Tell whether a writer is the newest one."""
        return self._writers.get(upload.id) == writer

    def complete(self, upload: Upload) -> str:
        """Complete a session whose bytes are all stored, and return its handle."""
        intake = self._intakes.pop(upload.id)
        intake.spool.drop()
        upload.sha256, upload.seconds = intake.sha256, intake.seconds
        upload.handle = f"4:{secrets.token_urlsafe(48)}"
        return upload.handle

    def restore(self, uploads: Uploads) -> None:
        """Replace all bytes by those that the spools hold of incomplete sessions."""
        self._writers.clear()
        self._intakes = {
            upload.id: Intake.restored(self._spools.open(_spool_of(upload)))
            for upload in uploads.known.values()
            if upload.handle is None
        }

    def offset(self, upload: Upload) -> int:
        """Return how many bytes of a session are stored."""
        return upload.length if upload.handle else self.of(upload).stored

    def describe(self, uploads: Uploads, platform: str) -> list[dict[str, Any]]:
        """Return all sessions without their ids and handles, which are secrets."""
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


def _spool_of(upload: Upload) -> str:
    # The id is a secret and case-sensitive; a file name should be neither.
    return f"upload-{sha256(upload.id.encode()).hexdigest()}"
