"""How much of a slow and lossy line is used: our engine beside curl.

Both send to the same sink over 50 ms and 1 % loss, in turns. With `cubic`, the usual congestion
control, the loss is what limits a transfer; with `bbr` it is the rate of the line, and a pause
between two pieces would show. Of the rounds the median counts.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.network import Line, find_missing, line
from bench.running import send, sink, sparse
from bench.targets import at_least, print_targets

__all__ = ["compare", "find_missing", "show"]

MIB = 1024 * 1024
DELAY = 0.025
"""Seconds each way."""
LOSS = 1
"""Percent each way."""
MEGABITS = 50
SIZES = {"cubic": 6, "bbr": 64}
"""MiB that take some ten to twenty seconds, by congestion control."""
RELAY_MIB = 128


def compare(*, rounds: int) -> dict[str, Any]:
    """Run the rounds and return the medians, the targets and every single figure."""
    with TemporaryDirectory() as folder, line() as between:
        far = between.far
        with sink(Path(folder), host=far.address, prefix=far.prefix) as address:
            with sparse(Path(folder, "probe.bin"), RELAY_MIB * MIB) as path:
                relay = _rate(between, "curl", path, address)
            between.delay, between.bytes_per_second = DELAY, MEGABITS * 1e6 / 8
            between.lose(LOSS)
            crossed = {
                control: _cross(between, Path(folder), address, control, mib, rounds)
                for control, mib in SIZES.items()
                if control in _known_controls()
            }
    targets = [
        at_least(
            f"throughput with {control}, ours : curl",
            median(rates["ours"]) / median(rates["curl"]),
            0.9,
        )
        for control, rates in crossed.items()
    ]
    return {
        "rounds": rounds,
        "relay_mb_per_s": relay,
        "mb_per_s": crossed,
        "targets": [asdict(target) | {"held": target.held} for target in targets],
        "held": all(target.held for target in targets),
    }


def show(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report as a table."""
    console = console or Console()
    title = f"{1000 * 2 * DELAY:g} ms, {LOSS} % loss, {MEGABITS} Mbit/s, {report['rounds']} rounds"
    table = Table(title=title)
    for head in ("congestion control", "client", "MB/s, median", "least", "most"):
        table.add_column(head, justify="left" if "c" in head[:2] else "right")
    for control, by_name in report["mb_per_s"].items():
        for name, rates in by_name.items():
            figures = (median(rates), min(rates), max(rates))
            table.add_row(control, name, *(f"{figure:.2f}" for figure in figures))
    console.print(table)
    console.print(f"The relay alone lets {report['relay_mb_per_s']:.0f} MB/s pass.")
    print_targets(report["targets"], console)


def _cross(
    between: Line, folder: Path, address: str, control: str, mib: int, rounds: int
) -> dict[str, list[float]]:
    between.set_congestion_control(control)
    rates: dict[str, list[float]] = {"ours": [], "curl": []}
    with sparse(folder / "video.bin", mib * MIB) as path:
        for turn in range(rounds):
            for name in sorted(rates, reverse=turn % 2 == 0):
                rates[name].append(_rate(between, name, path, address))
    return rates


def _rate(between: Line, name: str, path: Path, address: str) -> float:
    authority = path.with_name("ca.pem")
    cost = send(name, 1, path, address, authority, prefix=between.near.prefix)
    return cost.size / 1e6 / cost.seconds


def _known_controls() -> list[str]:
    return Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()
