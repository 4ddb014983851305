"""`make fuzz`: hostile input against everything that a stranger can reach, for a given time.

`make fuzz SECONDS=600 SEED=7` starts an installation of its own (Temporal, emulator, worker and
API), attacks the API from several sides at once, and looks at the processes meanwhile. Exit
code 1 when anything was found: a server error other than 503 and 507, a request that took too
long, a process over its memory, a file opened or a host called that only a file's content names,
or an API that stopped to answer. The seed repeats the input, not its interleaving.
"""

import argparse
import asyncio
import os
import random
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import monotonic

import httpx
from rich.console import Console

from chaos.customer import Customer
from chaos.installation import CLIPS, Installation, installed
from fuzz.attacks import ATTACKS
from fuzz.origin import hostile_origin
from fuzz.target import Target
from fuzz.watching import Watch, canary
from tests.support.emulator import ROOT, Emulator

AT_A_TIME = 6
WARM_UP_SECONDS = 10.0
ANSWER_SECONDS = 10.0
"""How long `/livez` may take at any moment."""
_DATA = ROOT / "tests" / "data"
_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc00000030101004c6bd0250000000049454e44ae426082"
)
SETTINGS = {"CASTLINE_ALLOW_PRIVATE_SOURCES": "true", "CASTLINE_YOUTUBE_MANAGES": "true"}


def main() -> int:
    asked = _asked()
    console = Console()
    console.print(f"Fuzzing for {asked.seconds:.0f} s, seed {asked.seed}")
    folder = Path(tempfile.mkdtemp(prefix="castline-fuzz-"))
    findings = asyncio.run(_run(folder, asked, console))
    for finding, times in Counter(findings).most_common(50):
        console.print(f"found {times} times: {finding}", markup=False)
    if findings:
        console.print(f"The logs are in {folder / 'logs'}")
        return 1
    shutil.rmtree(folder)
    console.print("Nothing was found.")
    return 0


async def _run(folder: Path, asked: argparse.Namespace, console: Console) -> list[str]:
    os.environ |= SETTINGS
    outside = folder / "outside"
    outside.mkdir()
    shutil.copy(_DATA / "clip.mp4", outside / "canary.mp4")
    async with (
        installed(folder, workers=1, database=None, **SETTINGS) as here,
        canary(outside / "canary.mp4") as bird,
        hostile_origin() as origin,
        Customer(here.api, here.key) as customer,
        httpx.AsyncClient(
            base_url=f"{here.api}/api/v1",
            headers={"Authorization": f"Bearer {here.key}"},
            timeout=90,
            limits=httpx.Limits(max_connections=4 * AT_A_TIME),
        ) as http,
    ):
        with httpx.Client(base_url=here.emulator, timeout=30) as plain:
            await customer.connect(Emulator(here.emulator, http=plain))
        media = folder / CLIPS
        shutil.copy(_DATA / "clip.mp4", media)
        target = Target(
            api=here.api,
            http=http,
            connections=[row["id"] for row in await customer.connections()],
            media=media,
            clips=[path.read_bytes() for path in sorted(_DATA.glob("*.mp4"))],
            picture=_PICTURE,
            canary=bird,
            origin=origin,
            forbidden=[folder / "keyset.json", folder / "castline.db", Path("/etc/passwd")],
        )
        return await _attack(target, here, asked, console)


async def _attack(
    target: Target, here: Installation, asked: argparse.Namespace, console: Console
) -> list[str]:
    watch = Watch(("api", "worker-1"))
    counts: Counter[str] = Counter()
    until = monotonic() + asked.seconds
    rng = random.Random(asked.seed)  # noqa: S311  # input, not a secret
    async with asyncio.TaskGroup() as group:
        # What looks on fails the run when it fails itself.
        onlookers = [
            group.create_task(watch.run(here.pids, children_of="api")),
            group.create_task(_ping(target)),
            group.create_task(_warm_up(watch)),
        ]
        await asyncio.gather(
            *(
                _attacker(target, random.Random(rng.random()), until, counts)  # noqa: S311
                for _ in range(AT_A_TIME)
            )
        )
        for task in onlookers:
            task.cancel()
    console.print(f"{counts.total()} attacks: {dict(counts)}", markup=False)
    console.print(f"answers: {dict(sorted(target.statuses.items()))}", markup=False)
    console.print(f"slowest answer: {target.slowest:.1f} s")
    for name, figures in watch.figures.items():
        console.print(
            f"{name}: {figures.first_bytes >> 20} MiB after the warm-up, "
            f"{figures.latest_bytes >> 20} MiB at the end; children: {figures.children} at a time, "
            f"{figures.largest_child_bytes >> 20} MiB at most"
        )
    ended = [f"{how}: {times} times" for how, times in here.ended_by_themselves.items()]
    return target.findings + target.canary.found + watch.judge() + ended


async def _attacker(target: Target, rng: random.Random, until: float, counts: Counter[str]) -> None:
    while monotonic() < until:
        name = rng.choice(list(ATTACKS))
        await ATTACKS[name](target, rng)
        counts[name] += 1


async def _ping(target: Target) -> None:
    """Whether the API answers, whatever else it has to do."""
    async with httpx.AsyncClient(base_url=target.api, timeout=ANSWER_SECONDS) as http:
        while True:
            try:
                await http.get("/livez")
            except httpx.TransportError as error:
                target.findings.append(f"/livez: {type(error).__name__}")
            await asyncio.sleep(0.5)


async def _warm_up(watch: Watch) -> None:
    await asyncio.sleep(WARM_UP_SECONDS)
    watch.warmed_up()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    return parser.parse_args()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A process that used Temporal's client may crash while Python finalises.
    os._exit(code)
