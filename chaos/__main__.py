"""`make chaos`: kill everything, again and again, and see whether the promises hold.

`make chaos SEED=7 ASSIGNMENTS=200 KILLS=100 DATABASE=sqlite` runs one storm; without a seed it
takes one at random and says which. `DATABASE=postgresql` brings a cluster of its own, an address
is used as it is. Exit code 1 when a promise was broken; then everything but the videos is left in
the folder that is named at the end: the log of every process, and all that the judge knew.
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from chaos import telling
from chaos.installation import CLIPS, installed
from chaos.judging import judge
from chaos.running import Run
from chaos.storm import Storm, plan
from cli.local.stopping import until_stopped
from tests.support.database import postgres_cluster


def main() -> int:
    asked = _asked()
    console = Console()
    storm = plan(
        seed=asked.seed, assignments=asked.assignments, kills=asked.kills, workers=asked.workers
    )
    console.print(
        f"Storm {storm.seed}: {asked.assignments} assignments, {asked.kills} kills, "
        f"about {storm.seconds:.0f} s, and then the calm."
    )
    folder = Path(tempfile.mkdtemp(prefix="castline-chaos-"))
    with _database(asked.database) as url:
        weather = _Weather(storm, folder, asked, url, console)
        try:
            if asyncio.run(until_stopped(weather.pass_over())):
                console.print("Stopped by a signal.")
        except Exception:
            # Whatever broke: the logs are there to be read.
            console.print_exception()
    if weather.is_green and not asked.keep:
        shutil.rmtree(folder)
    else:
        shutil.rmtree(folder / CLIPS, ignore_errors=True)
        console.print(f"What is known of it is left in {folder}")
    return 0 if weather.is_green else 1


class _Weather:
    """One storm over one installation."""

    def __init__(
        self,
        storm: Storm,
        folder: Path,
        asked: argparse.Namespace,
        database: str | None,
        console: Console,
    ) -> None:
        self._storm = storm
        self._folder = folder
        self._asked = asked
        self._database = database
        self._console = console
        self.is_green = False

    async def pass_over(self) -> None:
        async with installed(
            self._folder, workers=self._asked.workers, database=self._database
        ) as installation:
            record = await Run(self._storm, installation, self._folder, self._console.print).go()
        findings = judge(record.facts)
        told = {
            "seed": self._storm.seed,
            "storm": self._storm.digest,
            "database": self._asked.database.partition(":")[0],
            "workers": self._asked.workers,
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
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--assignments", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql, or an address")
    parser.add_argument("--keep", action="store_true", help="leave logs and facts in any case")
    return parser.parse_args()


@contextmanager
def _database(asked: str) -> Iterator[str | None]:
    match asked:
        case "sqlite":
            yield None
        case "postgresql":
            with postgres_cluster() as cluster:
                yield cluster.create_database()
        case address:
            yield address


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A process that used Temporal's client may crash while Python finalises.
    os._exit(code)
