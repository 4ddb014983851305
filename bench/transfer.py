"""What moving bytes costs: our engine beside googleapiclient and curl.

All three send the same sparse file over TLS to the same sink on loopback, one after the
other, in rounds; of the rounds the median counts. What is compared hashes nothing, because
the others do not; a row beside it shows what the hash costs that a worker takes. A second run
of ours with 16 GiB shows that memory does not grow with the file.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.senders import Cost

GIB = 1024**3
LONG_GIB = 16
NAMES = {
    "ours": "Castline's engine",
    "hashed": "the same, with the sha256 of what is sent",
    "google": "googleapiclient, 100 MiB chunks",
    "curl": "curl, one PUT",
}


def compare(*, gib: int, rounds: int) -> dict[str, Any]:
    """Run the rounds and return the medians, the targets and every single figure."""
    costs: dict[str, list[Cost]] = {name: [] for name in NAMES}
    with TemporaryDirectory() as folder, _sink(Path(folder)) as address:
        here = Path(folder)
        with _sparse(here / "video.bin", gib * GIB) as path:
            _warm(path)
            for _ in range(rounds):
                for name, taken in costs.items():
                    taken.append(_send(name, path, address, here / "ca.pem"))
        with _sparse(here / "long.bin", LONG_GIB * GIB) as path:
            long = _send("ours", path, address, here / "ca.pem")
    figures = {name: _figures(taken) for name, taken in costs.items()}
    targets = _targets(figures, long)
    return {
        "gib": gib,
        "rounds": rounds,
        "figures": figures,
        "long_memory_mib": round(long.memory_mib, 1),
        "targets": targets,
        "held": all(target["held"] for target in targets),
        "costs": {name: [asdict(cost) for cost in taken] for name, taken in costs.items()},
    }


def show(report: Mapping[str, object], console: Console | None = None) -> None:
    """Print a report as tables."""
    console = console or Console()
    table = Table(title=f"{report['gib']} GiB over TLS on loopback, median of {report['rounds']}")
    for heading in ("client", "MB/s", "CPU s/GB", "memory above idle, MiB"):
        table.add_column(heading, justify="left" if heading == "client" else "right")
    figures = report["figures"]
    assert isinstance(figures, dict)
    for name, figure in figures.items():
        memory = f"{figure['memory_mib']:.1f}" + (" in all" if name == "curl" else "")
        table.add_row(
            NAMES[name], f"{figure['mb_per_s']:.0f}", f"{figure['cpu_s_per_gb']:.2f}", memory
        )
    table.add_row(f"Castline's engine, {LONG_GIB} GiB", "", "", f"{report['long_memory_mib']:.1f}")
    console.print(table)
    targets = report["targets"]
    assert isinstance(targets, list)
    for target in targets:
        verdict = "[green]held[/]" if target["held"] else "[red]missed[/]"
        console.print(f"{verdict}  {target['what']}: {target['is']} (target {target['target']})")


def _figures(taken: list[Cost]) -> dict[str, float]:
    return {
        "mb_per_s": median(cost.size / 1e6 / cost.seconds for cost in taken),
        "cpu_s_per_gb": median(cost.cpu_seconds / (cost.size / 1e9) for cost in taken),
        "memory_mib": max(cost.memory_mib for cost in taken),
    }


def _targets(figures: Mapping[str, Mapping[str, float]], long: Cost) -> list[dict[str, object]]:
    ours, google, curl = (figures[name] for name in ("ours", "google", "curl"))

    def at_most(what: str, value: float, limit: float) -> dict[str, object]:
        return {
            "what": what,
            "is": round(value, 2),
            "target": f"at most {limit}",
            "held": value <= limit,
        }

    speed = ours["mb_per_s"] / google["mb_per_s"]
    return [
        at_most("CPU, ours : googleapiclient", ours["cpu_s_per_gb"] / google["cpu_s_per_gb"], 0.5),
        at_most("CPU, ours : curl", ours["cpu_s_per_gb"] / curl["cpu_s_per_gb"], 1.25),
        {
            "what": "speed, ours : googleapiclient",
            "is": round(speed, 2),
            "target": "at least 1.7",
            "held": speed >= 1.7,
        },
        at_most("memory above idle, MiB", ours["memory_mib"], 32),
        at_most(f"memory above idle at {LONG_GIB} GiB, MiB", long.memory_mib, 32),
    ]


def _send(name: str, path: Path, address: str, authority: Path) -> Cost:
    if name == "curl":
        return _send_by_curl(path, address, authority)
    trust = {"SSL_CERT_FILE": str(authority), "HTTPLIB2_CA_CERTS": str(authority)}
    command = [sys.executable, "-m", "bench.senders", name, str(path), address]
    done = subprocess.run(command, env=os.environ | trust, stdout=subprocess.PIPE, check=True)  # noqa: S603
    return Cost(**json.loads(done.stdout))


def _send_by_curl(path: Path, address: str, authority: Path) -> Cost:
    command = ["curl", "--silent", "--show-error", "--fail", "--output", os.devnull]
    command += ["--cacert", str(authority), "--upload-file", str(path), f"{address}/plain"]
    begun = time.perf_counter()
    child = subprocess.Popen(command)  # noqa: S603
    peak = 0.0
    while (ended := os.wait4(child.pid, os.WNOHANG))[0] == 0:
        # Asked of the living process: what the kernel reports of a dead child began with our own.
        with suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{child.pid}/status").read_text())
            peak = int(found[1]) / 1024 if found else peak
        time.sleep(0.02)
    _pid, status, usage = ended
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"curl ended with {child.returncode}")
    return Cost(
        size=path.stat().st_size,
        seconds=time.perf_counter() - begun,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        memory_mib=peak,
    )


@contextmanager
def _sink(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.sink", str(folder)]
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        yield f"https://localhost:{process.stdout.readline().strip()}"
        process.communicate()


@contextmanager
def _sparse(path: Path, size: int) -> Iterator[Path]:
    with path.open("wb") as file:
        file.truncate(size)
    yield path
    path.unlink()


def _warm(path: Path) -> None:
    """Read the file once, so that none of the contestants pays for the first look at it."""
    buffer = bytearray(1024 * 1024)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
