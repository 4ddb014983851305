"""What hostile input does to the processes: memory, lifetimes, files opened, hosts called."""

import asyncio
import ctypes
import os
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

PROCESS_BYTES = 512 << 20
"""No process may ever hold more."""
GROWTH_BYTES = 192 << 20
"""What a lasting process may gain after its warm-up: caches fill, leaks do not stop."""
CHILD_SECONDS = 60.0
"""How long a process that looks at one file may live, waiting for a slow origin included."""
_LOOK_SECONDS = 0.25
_IN_OPEN = 0x20


@dataclass
class Canary:
    """A file that no request may name and an address that only file contents name."""

    file: Path
    url: str = ""
    found: list[str] = field(default_factory=list)
    """What was opened or called, and by what request it was recognised."""


@asynccontextmanager
async def canary(file: Path) -> AsyncIterator[Canary]:
    """Watch a file for being opened, and listen at an address of this machine."""
    here = Canary(file)
    loop = asyncio.get_running_loop()
    watch = _inotify(file)
    loop.add_reader(watch, _note_opened, here, watch)

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here.found.append(f"a host was called: {(await reader.read(200))!r}")
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    here.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/canary.mp4"
    try:
        yield here
    finally:
        loop.remove_reader(watch)
        os.close(watch)
        server.close()


def _inotify(file: Path) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if watch < 0 or libc.inotify_add_watch(watch, os.fsencode(file), _IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "inotify is not available")
    return int(watch)


def _note_opened(here: Canary, watch: int) -> None:
    count = len(os.read(watch, 4096)) // struct.calcsize("iIII")
    here.found.append(f"{here.file.name} was opened {count} times")


@dataclass
class Figures:
    """Of one program, its children counted each by itself."""

    first_bytes: int = 0
    latest_bytes: int = 0
    largest_child_bytes: int = 0
    longest_child_seconds: float = 0.0
    children: int = 0
    """The largest number of them at a time."""


class Watch:
    """Looks at processes until it is cancelled; `findings` tells what was over its bound."""

    def __init__(self, programs: Iterable[str]) -> None:
        self.figures = {name: Figures() for name in programs}
        self.findings: set[str] = set()
        self._born: dict[int, float] = {}

    async def run(self, pids: dict[str, int], *, children_of: str) -> None:
        """`pids` by program. Children of a program live for one file each, in `children_of`."""
        while True:
            for name in self.figures:
                self._look(name, pids[name], has_children=name == children_of)
            await asyncio.sleep(_LOOK_SECONDS)

    def warmed_up(self) -> None:
        """From here on growth counts."""
        for figures in self.figures.values():
            figures.first_bytes = figures.latest_bytes

    def judge(self) -> list[str]:
        """Everything that was over its bound, growth included."""
        grown = [
            f"{name} grew by {figures.latest_bytes - figures.first_bytes >> 20} MiB"
            for name, figures in self.figures.items()
            if figures.latest_bytes - figures.first_bytes > GROWTH_BYTES
        ]
        return sorted(self.findings) + grown

    def _look(self, name: str, pid: int, *, has_children: bool) -> None:
        figures = self.figures[name]
        figures.latest_bytes = resident_bytes(pid) or figures.latest_bytes
        self._check_size(name, figures.latest_bytes)
        if not has_children:
            return
        children = _children(pid)
        figures.children = max(figures.children, len(children))
        for child in children:
            size = resident_bytes(child)
            figures.largest_child_bytes = max(figures.largest_child_bytes, size)
            self._check_size(f"a child of {name}", size)
            # One that waits for its first file may be as old as it likes.
            if _cpu_seconds(child) > CHILD_SECONDS:
                self.findings.add(f"a child of {name} used {CHILD_SECONDS:.0f} s of CPU")
            self._born.setdefault(child, monotonic())
            age = monotonic() - self._born[child]
            figures.longest_child_seconds = max(figures.longest_child_seconds, age)

    def _check_size(self, name: str, size: int) -> None:
        if size > PROCESS_BYTES:
            self.findings.add(f"{name} held over {PROCESS_BYTES >> 20} MiB")


def resident_bytes(pid: int) -> int:
    """What a process holds in memory; 0 when it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return found
