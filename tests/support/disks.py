"""Disks of a test's own: a small one, and one that cannot be written."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testkit.required import unavailable


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """A disk of 1 MiB at the folder; what is yielded gives it another size in MiB."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        unavailable("a file system can only be mounted by root")

    def resize(mib: int) -> None:
        command = ["mount", "-o", f"remount,size={mib}m", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.fail("the disk keeps its size")

    try:
        yield resize
    finally:
        _run("umount", "--lazy", str(folder))


@contextmanager
def read_only_disk(folder: Path) -> Iterator[None]:
    """The folder with what lies in it, on a disk that takes nothing."""
    command = ["mount", "--bind", str(folder), str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        unavailable("a file system can only be mounted by root")
    try:
        _run("mount", "-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _run("umount", "--lazy", str(folder))


def fill(folder: Path) -> Path:
    """Leave no byte free on the folder's disk; return the file to remove."""
    filling = folder / "filling"
    with filling.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filling


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=True)
