"""A small filesystem for the databases, which can be filled.

It is a tmpfs, and mounting one needs root. Without root the databases lie in a plain folder that
cannot be filled: the run leaves that fault out and says so.
"""

import asyncio
import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

_BLOCK = bytes(1 << 20)
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Disk:
    folder: Path
    is_small: bool

    async def fill(self, seconds: float) -> int:
        """Leave no byte free for so long; return how many bytes that took, then free them.

        What others free meanwhile is taken, too. Only for a small one.
        """
        ballast = self.folder / "ballast"
        deadline = monotonic() + seconds
        with ballast.open("wb", buffering=0) as file:
            try:
                while monotonic() < deadline:
                    _take_all(file.fileno())
                    await asyncio.sleep(_LOOK_SECONDS)
                return os.fstat(file.fileno()).st_size
            finally:
                ballast.unlink()


@contextmanager
def small_disk(mib: int, keep: Path) -> Iterator[Disk]:
    """A filesystem of so many MiB; what lies on it in the end is copied to `keep`."""
    folder = Path(tempfile.mkdtemp(prefix="castline-chaos-disk-"))
    options = f"size={mib}m,mode=755"
    is_small = _run("mount", "-t", "tmpfs", "-o", options, "castline-chaos", str(folder))
    try:
        yield Disk(folder, is_small)
    finally:
        shutil.copytree(folder, keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("pg"))
        if is_small:
            # Lazy: a process that was killed just now may still hold a file for a moment.
            _run("umount", "--lazy", str(folder))
        shutil.rmtree(folder, ignore_errors=True)


def _take_all(descriptor: int) -> None:
    try:
        while True:
            os.write(descriptor, _BLOCK)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _run(program: str, *arguments: str) -> bool:
    found = shutil.which(program)
    if found is None:
        return False
    done = subprocess.run([found, *arguments], capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0
