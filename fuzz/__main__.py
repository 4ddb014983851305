"""`make fuzz`: hostile input against everything that a stranger can reach, for a given time.

`make fuzz SECONDS=600 SEED=7` starts an installation of its own (Temporal, emulator, worker and
API), attacks the API several at a time, and watches the processes meanwhile. Exit
code 1 when anything was found: a server error other than 503 and 507, a request that took too
long, a process over its bounds or one that grows, an error in a log, a file opened or a host
called that only content names, a source accepted that is another workspace's, or an API that
did not answer others. The seed repeats the input, not its interleaving.
"""

import argparse
import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from fuzz.attacks import ATTACKS
from fuzz.installing import keep_only_logs, target_in
from fuzz.reporting import show
from fuzz.running import Outcome, Plan, attack


def main() -> int:
    plan = _asked()
    console = Console(width=max(Console().width, 120))
    length = "until all are sent" if plan.seconds is None else f"for {plan.seconds:.0f} s"
    console.print(f"Fuzzing {length}, seed {plan.seed}")
    folder = Path(tempfile.mkdtemp(prefix="castline-fuzz-"))
    try:
        outcome = asyncio.run(_run(folder, plan))
    except Exception:
        # Whatever broke: the logs are there to be read.
        console.print_exception()
    else:
        show(outcome, console)
        if not outcome.findings:
            shutil.rmtree(folder)
            console.print("Nothing was found.")
            return 0
    keep_only_logs(folder)
    console.print(f"The logs are in {folder / 'logs'}")
    return 1


async def _run(folder: Path, plan: Plan) -> Outcome:
    async with target_in(folder) as (here, target, keys):
        return await attack(target, here, keys, folder / "logs", plan)


def _asked() -> Plan:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, help="60, unless there is a count")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--only", nargs="+", choices=list(ATTACKS), default=list(ATTACKS))
    parser.add_argument("--first", type=int, default=0, help="the number of the first attack")
    parser.add_argument("--count", type=int, help="how many attacks, at most")
    asked = parser.parse_args()
    seconds = asked.seconds or (None if asked.count else 60.0)
    return Plan(asked.seed, seconds, first=asked.first, count=asked.count, only=tuple(asked.only))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A process that used Temporal's client may crash while Python finalises.
    os._exit(code)
