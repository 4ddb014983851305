"""`make bench`: all parts, one after the other, as tables and as JSON in `bench/results/`.

`make bench ARGS="transfer"` runs one part, `ARGS=--quick` smaller ones whose figures are only
good for a look, `ARGS="transfer --gib 16 --rounds 1"` transfers of that size. `line` needs root,
and is skipped without. Exit code 1 when a target was missed.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import care, line, publishes, transfer

RESULTS = Path(__file__).parent / "results"
PARTS = ("transfer", "line", "publishes", "care")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="a fraction of the time")
    parser.add_argument("--gib", type=int, help="size of a transfer")
    parser.add_argument("--rounds", type=int, help="of transfers, and of the line")
    asked = parser.parse_args()
    held = True
    if "transfer" in asked.parts:
        moved = transfer.compare(
            gib=asked.gib or (1 if asked.quick else 2),
            rounds=asked.rounds or (3 if asked.quick else 7),
        )
        transfer.show(moved)
        keep("transfer", moved)
        held &= moved["held"]
    if "line" in asked.parts:
        if missing := line.find_missing():
            print(f"line: skipped. {missing}")
        else:
            crossed = line.compare(rounds=asked.rounds or (1 if asked.quick else 7))
            line.show(crossed)
            keep("line", crossed)
            held &= crossed["held"]
    if "publishes" in asked.parts:
        count = 50 if asked.quick else 200
        published = asyncio.run(publishes.compare(count=count, rounds=3))
        publishes.show(published)
        keep("publishes", published)
        held &= published["held"]
    if "care" in asked.parts:
        sizes = care.SIZES[:2] if asked.quick else care.SIZES
        swept = asyncio.run(care.compare(sizes=sizes))
        care.show(swept)
        keep("care", swept)
        held &= swept["held"]
    return 0 if held else 1


def keep(name: str, report: Mapping[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A process that used a Temporal worker may crash while Python finalises.
    os._exit(code)
