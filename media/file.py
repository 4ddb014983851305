"""A source that is a file on this machine.

The file is opened once and read by position straight into the caller's buffer. Its
version is inode and mtime, so that both a file written in place and one replaced under
its name are seen. A writer that puts the old mtime back is not.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import unquote_to_bytes

from domain.display import readable_name
from domain.errors import SourceUnreachable, SourceUnusable
from media.policy import SourcePolicy
from media.source import Pin

NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Non-blocking, because opening a pipe would wait for its writer.
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def open_file(url: str, *, policy: SourcePolicy) -> "FileSource":
    """Open the file that a `file:` URL names, as it is now.

    Raises `SourceUnusable` with `source_not_allowed` for one outside the policy's roots or in a
    place that the policy keeps out, symlinks followed, and `source_missing` for one that is not
    there; which of the two never tells what lies outside the roots.
    """
    named = file_path(url)
    if not named.is_absolute() or "\0" in str(named):
        raise SourceUnusable(
            "source_not_allowed", "A file is named by an absolute path: file:///folder/name.mp4."
        )
    try:
        path = named.resolve()
    except (OSError, RuntimeError):  # a circle of symlinks
        raise missing(_shown(named)) from None
    if not any(path.is_relative_to(root.resolve()) for root in policy.roots):
        raise SourceUnusable(
            "source_not_allowed",
            f"{_shown(named)} is not in a media root of this workspace. "
            "The operator adds one with `castline workspaces roots add`.",
        )
    return _open_resolved(path, named, _identities(policy.kept_out))


def file_path(url: str) -> Path:
    """The path that a `file:` URL names, byte for byte; it need not be absolute."""
    place = url.partition(":")[2].removeprefix("//localhost").removeprefix("//")
    return Path(os.fsdecode(unquote_to_bytes(place)))


def _open_resolved(path: Path, named: Path, kept_out: frozenset[tuple[int, int]]) -> "FileSource":
    """Walk to a resolved path, folder by folder, without following any symlink.

    A folder that was replaced by a symlink since it was resolved is not followed, and each
    folder on the way is looked at itself, so what is kept out is known by what it is.
    """
    at = os.open(path.anchor, _FOLDER)
    try:
        for part in path.parts[1:-1]:
            inner = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = inner
            _require_open(at, named, kept_out)
        source = FileSource.open(path, _shown(path), at)
    except OSError as error:
        if error.errno in NOT_THERE:
            raise missing(_shown(path)) from None
        raise unreadable(_shown(path)) from None
    finally:
        os.close(at)
    try:
        _require_open(source.descriptor, named, kept_out)
    except SourceUnusable:
        source.close()
        raise
    return source


def _require_open(descriptor: int, named: Path, kept_out: frozenset[tuple[int, int]]) -> None:
    found = os.fstat(descriptor)
    if (found.st_dev, found.st_ino) in kept_out:
        raise SourceUnusable(
            "source_not_allowed",
            f"{_shown(named)} is among Castline's own data, from which nothing is published. "
            "Copy it to another folder, or upload it.",
        )


def _identities(paths: Iterable[Path]) -> frozenset[tuple[int, int]]:
    found = set()
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.add((status.st_dev, status.st_ino))
    return frozenset(found)


class FileSource:
    """Reads one version of a file: the one found when it was opened."""

    ranges = True

    def __init__(self, descriptor: int, path: Path, name: str) -> None:
        """Take over an open file. `name` is what sentences call it."""
        self.descriptor = descriptor
        self._path = path
        self._name = name
        self._position = 0
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            self.close()
            raise SourceUnusable("source_not_a_video", f"{name} is not a regular file.")
        self.pin = _pin(found)

    @classmethod
    def open(cls, path: Path, name: str, folder: int) -> "FileSource":
        """Open `path`, whose folder is open as `folder`. A symlink in its place is not followed."""
        try:
            descriptor = os.open(path.name, _FILE, dir_fd=folder)
        except OSError as error:
            if error.errno in NOT_THERE:
                raise missing(name) from None
            raise unreadable(name) from None
        return cls(descriptor, path, name)

    def seek(self, offset: int) -> int:
        self._position = offset
        return offset

    def read_into(self, view: memoryview) -> int:
        try:
            count = os.preadv(self.descriptor, [view], self._position)
        except OSError:
            raise unreadable(self._name) from None
        if not count and self._position < self.pin.size:
            raise self._changed()
        self._position += count
        return count

    def verify(self, _: Callable[[], None], /) -> None:
        try:
            found = self._path.stat()  # while we hold it open, no other file has its inode
        except FileNotFoundError:
            raise self._changed() from None
        except OSError:
            raise unreadable(self._name) from None
        if _pin(found) != self.pin:
            raise self._changed()

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1

    def _changed(self) -> SourceUnusable:
        return SourceUnusable(
            "source_changed",
            f"{self._name} was changed, moved or replaced since it was registered.",
        )


def _shown(path: Path) -> str:
    """A path for a sentence. What is no text in it is replaced."""
    return readable_name(str(path))


def unreadable(name: str) -> SourceUnreachable:
    return SourceUnreachable("source_unreachable", f"{name} cannot be read now.")


def missing(name: str) -> SourceUnusable:
    return SourceUnusable("source_missing", f"{name} is not there.")


def _pin(found: os.stat_result) -> Pin:
    return Pin(size=found.st_size, version=f"{found.st_ino}-{found.st_mtime_ns}")
