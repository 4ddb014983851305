"""A source that is a file on this machine.

The file is opened once and read by position straight into the caller's buffer. Its
version is inode and mtime, so that both a file written in place and one replaced under
its name are seen. A writer that puts the old mtime back is not.
"""

import errno
import os
import stat
from pathlib import Path
from urllib.parse import unquote

from domain.errors import SourceUnreachable, SourceUnusable
from media.policy import SourcePolicy
from media.source import Pin

_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})


def open_file(url: str, *, policy: SourcePolicy) -> "FileSource":
    """Open the file that a `file:` URL names, as it is now.

    Raises `SourceUnusable` with `source_not_allowed` for one outside the policy's roots,
    symlinks followed, and `source_missing` for one that is not there; which of the two
    never tells what lies outside the roots.
    """
    place = url.partition(":")[2]
    named = Path(unquote(place.removeprefix("//localhost").removeprefix("//")))
    if not named.is_absolute() or "\0" in str(named):
        raise SourceUnusable(
            "source_not_allowed", "A file is named by an absolute path: file:///folder/name.mp4."
        )
    try:
        path = named.resolve()
    except (OSError, RuntimeError):  # a circle of symlinks
        raise _missing(named) from None
    if not any(path.is_relative_to(root.resolve()) for root in policy.roots):
        raise SourceUnusable(
            "source_not_allowed",
            f"{named} is not in a folder from which files may be published. "
            "The operator names those in CASTLINE_MEDIA_ROOTS.",
        )
    return FileSource(path)


class FileSource:
    """Reads one version of a file: the one found when it was opened."""

    ranges = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        try:
            # Non-blocking, because opening a pipe would wait for its writer.
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in _NOT_THERE:
                raise _missing(path) from None
            raise self._unreadable() from None
        found = os.fstat(self._fd)
        if not stat.S_ISREG(found.st_mode):
            self.close()
            raise SourceUnusable("source_not_a_video", f"{path} is not a regular file.")
        self.pin = _pin(found)

    def seek(self, offset: int) -> int:
        self._position = offset
        return offset

    def read_into(self, view: memoryview) -> int:
        try:
            count = os.preadv(self._fd, [view], self._position)
        except OSError:
            raise self._unreadable() from None
        if not count and self._position < self.pin.size:
            raise self._changed()
        self._position += count
        return count

    def verify(self) -> None:
        try:
            found = self._path.stat()  # while we hold it open, no other file has its inode
        except FileNotFoundError:
            raise self._changed() from None
        except OSError:
            raise self._unreadable() from None
        if _pin(found) != self.pin:
            raise self._changed()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _changed(self) -> SourceUnusable:
        return SourceUnusable(
            "source_changed",
            f"{self._path} was changed, moved or replaced since it was registered.",
        )

    def _unreadable(self) -> SourceUnreachable:
        return SourceUnreachable("source_unreachable", f"{self._path} cannot be read now.")


def _missing(path: Path) -> SourceUnusable:
    return SourceUnusable("source_missing", f"There is no file {path}.")


def _pin(found: os.stat_result) -> Pin:
    return Pin(size=found.st_size, version=f"{found.st_ino}-{found.st_mtime_ns}")
