"""What moving bytes costs: our engine beside raw pycurl, curl and googleapiclient.

All of them send the same sparse file over TLS to the same sink on loopback, one after the
other, in rounds: one transfer, then eight at once of a quarter of the size. A ratio is taken
within a round, and of the rounds the median counts: what else the machine does falls on both
sides of it. Raw pycurl stands for the limit, the least that libcurl takes from Python.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.running import GIB, send, sink, sparse, warm
from bench.senders import Cost
from bench.targets import Target, at_most, print_targets

LONG_GIB = 16
AT_ONCE = 8
NAMES = {
    "raw": "raw pycurl, one PUT",
    "ours": "Castline's engine",
    "first": "the same, first target (SHA-256)",
    "further": "the same, further target (block sums)",
    "curl": "curl, one PUT",
    "google": "googleapiclient, 100 MiB chunks",
    "hashlib": "hashlib's SHA-256 alone",
}
OURS = ("ours", "first", "further")
NOISE = 1.05
"""By so much two figures for the same thing differ on a machine that does other things, too."""

Round = Mapping[str, Cost]
"""What each contestant took, side by side in time."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of the rounds of one contestant. Each ratio is to another one's CPU per GB."""

    mb_per_s: float
    cpu_s_per_gb: float
    memory_mib: float
    to_raw: float
    to_curl: float
    to_google: float


def compare(*, gib: int, rounds: int) -> dict[str, Any]:
    """Run the rounds and return the medians, the targets and every single figure."""
    one: list[Round] = []
    eight: list[Round] = []
    with TemporaryDirectory() as folder, sink(Path(folder)) as address:
        authority = Path(folder, "ca.pem")

        def run(path: Path, count: int, turn: int) -> Round:
            # Each begins one round, so that none always follows the same one.
            names = [*NAMES][turn % len(NAMES) :] + [*NAMES][: turn % len(NAMES)]
            return {name: send(name, count, path, address, authority) for name in names}

        whole, quarter = Path(folder, "whole.bin"), Path(folder, "quarter.bin")
        with sparse(whole, gib * GIB), sparse(quarter, gib * GIB // 4):
            warm(whole)
            warm(quarter)
            for turn in range(rounds):
                one.append(run(whole, 1, turn))
                eight.append(run(quarter, AT_ONCE, turn))
        with sparse(Path(folder, "long.bin"), LONG_GIB * GIB) as path:
            long = send("ours", 1, path, address, authority)
    targets = judge(one, eight, long)
    return {
        "gib": gib,
        "rounds": rounds,
        "one": _figures(one),
        "eight": _figures(eight),
        "long_memory_mib": round(long.memory_mib, 1),
        "targets": [asdict(target) | {"held": target.held} for target in targets],
        "held": all(target.held for target in targets),
        "costs": {
            "one": [{name: asdict(cost) for name, cost in each.items()} for each in one],
            "eight": [{name: asdict(cost) for name, cost in each.items()} for each in eight],
        },
    }


def show(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report as tables."""
    console = console or Console()
    quarter = f"{AT_ONCE} at once of {report['gib'] / 4:g} GiB"
    for key, title in (("one", f"One transfer of {report['gib']} GiB"), ("eight", quarter)):
        table = Table(title=f"{title}, TLS on loopback, median of {report['rounds']}")
        heads = ("MB/s", "CPU s/GB", ": raw", ": curl", ": google", "MiB above idle")
        for head in ("client", *heads):
            table.add_column(head, justify="left" if head == "client" else "right")
        for name, figures in report[key].items():
            table.add_row(
                NAMES[name],
                f"{figures['mb_per_s']:.0f}",
                f"{figures['cpu_s_per_gb']:.3f}",
                *(f"{figures[f'to_{other}']:.2f}" for other in ("raw", "curl", "google")),
                f"{figures['memory_mib']:.1f}" + (" in all" if name == "curl" else ""),
            )
        console.print(table)
    console.print(
        f"Castline's engine, one transfer of {LONG_GIB} GiB: "
        f"{report['long_memory_mib']:.1f} MiB above idle"
    )
    print_targets(report["targets"], console)


def _figures(rounds: list[Round]) -> dict[str, dict[str, float]]:
    return {
        name: asdict(
            Figures(
                mb_per_s=median(each[name].size / 1e6 / each[name].seconds for each in rounds),
                cpu_s_per_gb=median(_per_gb(each[name]) for each in rounds),
                memory_mib=max(each[name].memory_mib for each in rounds),
                to_raw=_ratio(rounds, name, "raw"),
                to_curl=_ratio(rounds, name, "curl"),
                to_google=_ratio(rounds, name, "google"),
            )
        )
        for name in NAMES
    }


def judge(one: list[Round], eight: list[Round], long: Cost) -> list[Target]:
    """What the rounds of one transfer, of eight and the long transfer are held to."""
    targets = []
    for rounds, count in ((one, "one"), (eight, "eight")):
        for other, limit in (("raw", 1.1), ("curl", 0.95), ("google", 0.45)):
            what = f"CPU, {count}: ours without hash : {NAMES[other]}"
            targets.append(at_most(what, _ratio(rounds, "ours", other), limit))
        what = f"CPU, {count}: what a first target takes over raw pycurl : hashlib"
        targets.append(at_most(what, median(map(_over_raw, rounds)), 1.15))
        what = f"CPU, {count}: a further target : raw pycurl"
        targets.append(at_most(what, _ratio(rounds, "further", "raw"), 1.2))
    for name in OURS:
        what = f"CPU per GB, eight at once : one, {NAMES[name]}"
        ratio = median(
            _per_gb(many[name]) / _per_gb(single[name])
            for single, many in zip(one, eight, strict=True)
        )
        targets.append(at_most(what, ratio, NOISE))
    alone = _peak(one, max)
    targets += [
        at_most("memory above idle, one, MiB", alone, 24),
        at_most(
            "memory, each further one, MiB",
            (_peak(eight, max) - _peak(one, min)) / (AT_ONCE - 1),
            6,
        ),
        at_most(f"memory above idle, one of {LONG_GIB} GiB, MiB", long.memory_mib, 24),
    ]
    return targets


def _per_gb(cost: Cost) -> float:
    return cost.cpu_seconds / (cost.size / 1e9)


def _ratio(rounds: list[Round], name: str, other: str) -> float:
    return median(_per_gb(each[name]) / _per_gb(each[other]) for each in rounds)


def _over_raw(each: Round) -> float:
    return (_per_gb(each["first"]) - _per_gb(each["raw"])) / _per_gb(each["hashlib"])


def _peak(rounds: list[Round], of: Callable[[list[float]], float]) -> float:
    return of([each[name].memory_mib for each in rounds for name in OURS])
