"""The file of one upload: one writer at a time, and nothing is counted before it is on the disk.

A file is made by the first byte, after its row, so a failed announcement leaves nothing behind.
"""

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from domain.errors import Conflict, InsufficientStorage, Unavailable
from store.files import FULL, sync_folder

log = logging.getLogger("castline.api")


class UploadFile:
    """Open for one writer, until it is closed.

    Every method may raise `InsufficientStorage` (code `disk_full`) and `Unavailable` (code
    `storage_failed`); what was synced before stays.
    """

    def __init__(self, path: Path, *, floor: int) -> None:
        """Open or make the file. `floor`: bytes of the disk that are left to others.

        Raises `Conflict` (code `upload_busy`) while another writer has it.
        """
        self._path = path
        self._floor = floor
        self._position = self._synced = 0
        with storage_errors():
            _ensure_folder(path.parent)
            is_new = not path.exists()
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._fd = os.open(path, flags, 0o600)
        try:
            with storage_errors():
                _lock(self._fd)
                if is_new:
                    sync_folder(path.parent)
        except Exception:
            self.close()
            raise

    def begin_at(self, offset: int) -> int:
        """Cut off what lies beyond `offset`; return where the file ends now, which may be before.

        What is beyond was written and never acknowledged.
        """
        with storage_errors():
            size = os.fstat(self._fd).st_size
            if size > offset:
                os.ftruncate(self._fd, offset)
        self._position = self._synced = min(size, offset)
        return self._position

    def write(self, block: bytes | bytearray) -> None:
        """Write all of it, or raise; what was written of it before an error may be synced."""
        require_space(self._path.parent, len(block), floor=self._floor)
        rest = memoryview(block)
        with storage_errors():
            while rest:
                count = os.pwrite(self._fd, rest, self._position)
                if not count:
                    raise OSError(errno.EIO, "nothing was written")
                self._position += count
                rest = rest[count:]

    def sync(self) -> int:
        """Return how many bytes are on the disk. After an error they are as many as before."""
        try:
            with storage_errors():
                os.fsync(self._fd)
        except Exception:
            # The system may have let go of the pages, and would call the next sync a success.
            with suppress(OSError):
                os.ftruncate(self._fd, self._synced)
            self._position = self._synced
            raise
        self._synced = self._position
        return self._synced

    def unlink(self) -> None:
        remove(self._path)

    def close(self) -> None:
        os.close(self._fd)


def require_space(folder: Path, wanted: int, *, floor: int) -> None:
    """Raise `InsufficientStorage` where `wanted` bytes more would leave less than `floor` free.

    Without a floor the disk itself says when it is full.
    """
    if not floor:
        return
    while not folder.exists():
        folder = folder.parent
    with storage_errors():
        found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize - wanted < floor:
        raise _disk_full()


def remove(path: Path) -> None:
    """Delete the file of an upload whose row is gone. One that stays is deleted by the sweeper."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the file of upload %s is left to the sweeper: %s", path.name, _name(error))


@contextmanager
def storage_errors() -> Iterator[None]:
    """What the disk says, as our own errors."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise _disk_full() from error
        log.error("the folder of the uploads cannot be used: %s", _name(error))
        raise Unavailable(
            "storage_failed",
            "The disk that keeps the uploads cannot be used. Try again; if it lasts, the operator "
            "has to look at it.",
        ) from error


def _disk_full() -> InsufficientStorage:
    return InsufficientStorage(
        "disk_full",
        "The disk that keeps the uploads is full. What was acknowledged is kept. "
        "The operator has to free space; then the upload can be resumed.",
    )


def _lock(fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict("upload_busy", "Another request adds to this upload.") from None


def _ensure_folder(folder: Path) -> None:
    """The workspace's folder, which no other user of the machine may look into."""
    if folder.exists():
        return
    media = folder.parent
    media.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for made in (media, folder):
        made.mkdir(mode=0o700, exist_ok=True)
        sync_folder(made.parent)


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
