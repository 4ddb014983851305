"""`make chaos`: break everything, again and again, and see whether the promises hold.

`make chaos SEEDS="3 7" ASSIGNMENTS=200 KILLS=100 DATABASE=sqlite` runs one storm for each seed;
without a seed it takes one at random and says which. `SCENARIO=restore` restores the database from
a snapshot instead of deleting Temporal's state. `DATABASE=postgresql` brings a cluster of its own,
an address is used as it is. A disk can only be filled where this runs as root. Exit code 1 when a
promise was broken; then everything but the videos is left in the folder that is named at the end:
the databases, the log of every process, and all that the judge knew.
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from chaos import telling
from chaos.databases import Database, database
from chaos.disk import Disk, small_disk
from chaos.installation import CLIPS, installed
from chaos.judging import judge
from chaos.operator import Operator
from chaos.running import Run
from chaos.storm import Scenario, Storm, plan
from cli.local.stopping import until_stopped

_DATA = "data"
_DISK_MIB = 128
"""And one MiB for each assignment: they need less than half of it."""


def main() -> int:
    asked = _asked()
    # A mount and a cluster are taken away also when it is stopped between two runs.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console()
    results = []
    for seed in asked.seed or [secrets.randbelow(10**6)]:
        weather = _run(asked, seed, console)
        results.append(weather)
        if weather.was_stopped:
            break
    telling.show_rows([weather.told for weather in results if weather.told], console)
    return 0 if all(weather.is_green for weather in results) else 1


def _run(asked: argparse.Namespace, seed: int, console: Console) -> "_Weather":
    storm = plan(
        seed=seed,
        assignments=asked.assignments,
        kills=asked.kills,
        workers=asked.workers,
        scenario=Scenario(asked.scenario),
    )
    console.print(
        f"{storm.scenario.capitalize()} {seed}: {asked.assignments} assignments, "
        f"{asked.kills} kills, about {storm.seconds:.0f} s, and then the calm."
    )
    folder = Path(tempfile.mkdtemp(prefix="castline-chaos-"))
    weather = _Weather(storm, folder, asked, console)
    with (
        small_disk(_DISK_MIB + asked.assignments, keep=folder) as disk,
        database(asked.database, disk.folder / _DATA, disk) as used,
    ):
        try:
            weather.was_stopped = asyncio.run(until_stopped(weather.pass_over(disk, used)))
        except Exception:
            # Whatever broke: the logs are there to be read.
            console.print_exception()
    if weather.was_stopped:
        console.print("Stopped by a signal.")
    if weather.is_green and not asked.keep:
        shutil.rmtree(folder)
    else:
        shutil.rmtree(folder / CLIPS, ignore_errors=True)
        console.print(f"What is known of it is left in {folder}")
    return weather


class _Weather:
    """One storm over one installation."""

    def __init__(
        self,
        storm: Storm,
        folder: Path,
        asked: argparse.Namespace,
        console: Console,
    ) -> None:
        self._storm = storm
        self._folder = folder
        self._asked = asked
        self._console = console
        self.is_green = False
        self.was_stopped = False
        self.told: dict[str, Any] = {}

    async def pass_over(self, disk: Disk, database: Database) -> None:
        backups = self._folder / "backups"
        backups.mkdir()
        async with installed(
            self._folder,
            disk.folder / _DATA,
            workers=self._asked.workers,
            database=database.url,
        ) as installation:
            operator = Operator(installation, disk, database, backups)
            say = self._console.print
            record = await Run(self._storm, installation, operator, self._folder, say).go()
        findings = judge(record.facts)
        self.told = told = {
            "seed": self._storm.seed,
            "scenario": self._storm.scenario,
            "storm": self._storm.digest,
            "assignments": self._asked.assignments,
            "kills": self._asked.kills,
            "database": self._asked.database.partition(":")[0],
            "workers": self._asked.workers,
            "operator faults": record.struck,
            "figures": telling.figures(record, findings),
            "refused": dict(record.refused),
        }
        telling.show(told, findings, self._console)
        self._console.print(f"Kept in {telling.keep(told, findings)}")
        facts = json.dumps({**asdict(record.facts), "sessions": record.sessions}, indent=1)
        (self._folder / "facts.json").write_text(facts)
        self.is_green = not findings


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", help="one run for each")
    parser.add_argument("--scenario", choices=list(Scenario), default=Scenario.STORM)
    parser.add_argument("--assignments", type=int, default=16)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql, or an address")
    parser.add_argument("--keep", action="store_true", help="leave logs and facts in any case")
    return parser.parse_args()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A process that used Temporal's client may crash while Python finalises.
    os._exit(code)
