"""Why a file or a folder cannot be used, as a sentence; and folders that survive a power cut."""

import errno
import os
import pwd
import secrets
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import BinaryIO

from domain.errors import CastlineError, InsufficientStorage

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where a file cannot grow."""

LEAST_START = 32 << 20
"""Free bytes without which a database, its logs and Temporal's state are not begun."""

_LEAST_FREE = 256 * 1024
"""Bytes below which a disk counts as full: SQLite asks for up to 32 KiB at once, and a file
system keeps some for itself."""


def is_out_of_space(path: Path) -> bool:
    """True when the disk that holds a path has no room for another file or block."""
    try:
        found = os.statvfs(_existing(path))
    except OSError:
        return False
    # A file system that counts no blocks or no files says zero of all.
    has_no_room = found.f_blocks > 0 and found.f_bavail * found.f_frsize < _LEAST_FREE
    return has_no_room or (found.f_files > 0 and found.f_favail == 0)


def explain(error: OSError) -> str:
    """What happened and what to do, in sentences for whoever runs Castline."""
    path = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else None
    where = path or "A file"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"{where} cannot be written: the disk is full. Free space, then try again."
        case errno.EROFS:
            return (
                f"{where} lies on a read-only file system. Mount it for writing, or name another "
                "place."
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"User {_user(os.geteuid())} may not use {where}{_owner_of(path)}. Run Castline as "
                "the owner, or change owner and mode."
            )
        case errno.EMFILE | errno.ENFILE:
            return "Too many files are open. Raise the limit (`ulimit -n`)."
        case errno.ENOTDIR | errno.EEXIST:
            return f"{where} is not a folder, or lies in something that is none. Name another one."
        case errno.ENOENT:
            return f"{where} is not there and cannot be made. Check the path."
    return f"{where} cannot be used: {error.strerror or type(error).__name__}. Check the disk."


def require_folder(folder: Path) -> None:
    """Make a folder (mode 0700) unless it is there.

    Raises `CastlineError` (code `folder_unusable`) when nothing can be written to it.
    """
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.absolute().parent)
        try_folder(folder)
    except OSError as error:
        raise CastlineError("folder_unusable", explain(error)) from None


def try_folder(folder: Path) -> None:
    """Make a file in the folder and remove it. Raises the `OSError` that names the folder."""
    draft = folder / f".castline-{os.getpid()}-{get_ident()}"
    try:
        draft.touch(mode=0o600)
        draft.unlink()
    except OSError as error:
        error.filename = str(folder)
        raise


def require_space(folder: Path) -> None:
    """Raise `InsufficientStorage` (code `disk_full`) where databases and logs cannot grow."""
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < LEAST_START:
        raise InsufficientStorage(
            "disk_full",
            f"The disk that holds {folder} is full: {free >> 20} MiB are free, and at least "
            f"{LEAST_START >> 20} are needed to start. Free space, or name another folder: "
            "CASTLINE_DATA_DIR.",
        )


def create_private(path: Path) -> BinaryIO:
    """Open a new file that only its owner can read, in the place of any that is there."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_private(path: Path, content: str) -> None:
    """Write a new file that only its owner can read; return when its content is on the disk."""
    with create_private(path) as file:
        file.write(content.encode())
        file.flush()
        os.fsync(file.fileno())


def replace_private(path: Path, content: str) -> None:
    """Put a file that only its owner can read in the place of another, whole and in one step.

    Raises `OSError`, and then the other one is still there.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_private(draft, content)
        draft.replace(path)
    except OSError:
        with suppress(OSError):  # where nothing can be written, nothing can be removed either
            draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return when the folder's entries are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _owner_of(path: str | None) -> str:
    if path is None:
        return ""
    # What lies in a closed folder cannot be looked at; then it is the folder's owner that counts.
    for place in (Path(path), *Path(path).absolute().parents):
        try:
            return f", which belongs to {_user(place.stat().st_uid)}"
        except OSError:
            continue
    return ""


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
