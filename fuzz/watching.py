"""What hostile input does to the processes: memory, descriptors, restarts, and probes' bounds."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
_LOOK_SECONDS = 0.25
_PROBE = "media.probe.child"


@dataclass(frozen=True)
class Bounds:
    """What a process may take."""

    process_bytes: int = 512 * MIB
    probe_bytes: int = 256 * MIB
    probe_cpu_seconds: float = 12.0
    """A probe gets 11 seconds; the rest is the clock's."""
    growth_bytes: int = 128 * MIB
    """What a lasting process may gain after its warm-up: caches fill, leaks do not stop."""
    growth_descriptors: int = 150


BOUNDS = Bounds()


@dataclass
class Figures:
    """Of one program."""

    pid: int = 0
    first_bytes: int = 0
    """After the warm-up."""
    latest_bytes: int = 0
    most_bytes: int = 0
    first_descriptors: int = 0
    latest_descriptors: int = 0


@dataclass
class ProbeFigures:
    """Of all probe processes of all programs."""

    at_a_time: int = 0
    most_bytes: int = 0
    most_cpu_seconds: float = 0.0


class Watch:
    """Looks at processes until it is cancelled."""

    def __init__(self, programs: Iterable[str], bounds: Bounds = BOUNDS) -> None:
        self.figures = {name: Figures() for name in programs}
        self.probes = ProbeFigures()
        self._bounds = bounds
        self._findings: set[str] = set()

    async def run(self, pids: Callable[[], Mapping[str, int]]) -> None:
        """Keep looking at the processes that the programs, by name, run as now."""
        while True:
            self.look(pids())
            await asyncio.sleep(_LOOK_SECONDS)

    def warmed_up(self) -> None:
        """From here on growth counts."""
        for figures in self.figures.values():
            figures.first_bytes = figures.latest_bytes
            figures.first_descriptors = figures.latest_descriptors

    def look(self, pids: Mapping[str, int]) -> None:
        """Look once at each program, and at the probes that it has started."""
        probes = []
        for name, figures in self.figures.items():
            pid = pids[name]
            if figures.pid not in (0, pid):
                self._findings.add(f"{name} ended and was started again")
            figures.pid = pid
            figures.latest_bytes = resident_bytes(pid) or figures.latest_bytes
            figures.most_bytes = max(figures.most_bytes, figures.latest_bytes)
            figures.latest_descriptors = _descriptors(pid) or figures.latest_descriptors
            if figures.latest_bytes > self._bounds.process_bytes:
                self._findings.add(f"{name} held over {self._bounds.process_bytes // MIB} MiB")
            probes += [child for child in _children(pid) if _is_probe(child)]
        self.probes.at_a_time = max(self.probes.at_a_time, len(probes))
        for probe in probes:
            self.look_at_probe(probe)

    def look_at_probe(self, pid: int) -> None:
        """Hold one probe process to its bounds."""
        size, cpu = resident_bytes(pid), cpu_seconds(pid)
        self.probes.most_bytes = max(self.probes.most_bytes, size)
        self.probes.most_cpu_seconds = max(self.probes.most_cpu_seconds, cpu)
        if size > self._bounds.probe_bytes:
            self._findings.add(f"a probe held over {self._bounds.probe_bytes // MIB} MiB")
        if cpu > self._bounds.probe_cpu_seconds:
            self._findings.add(
                f"a probe used over {self._bounds.probe_cpu_seconds:g} seconds of CPU"
            )

    def judge(self) -> list[str]:
        """Everything that was over its bound, growth included."""
        grown = []
        for name, figures in self.figures.items():
            if not figures.first_bytes:
                continue  # the run was shorter than the warm-up
            size = figures.latest_bytes - figures.first_bytes
            if size > self._bounds.growth_bytes:
                grown.append(f"{name} grew by {size // MIB} MiB")
            descriptors = figures.latest_descriptors - figures.first_descriptors
            if descriptors > self._bounds.growth_descriptors:
                grown.append(f"{name} has {descriptors} more open descriptors")
        return sorted(self._findings) + grown


def resident_bytes(pid: int) -> int:
    """What a process holds in memory; 0 when it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def cpu_seconds(pid: int) -> float:
    """What a process has used of a processor; 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _descriptors(pid: int) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def _is_probe(pid: int) -> bool:
    """Not so between fork and exec: a child shares its parent's memory then."""
    try:
        return _PROBE in Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return found
