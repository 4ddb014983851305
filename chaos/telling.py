"""What is told of a run: its figures, as a table and as JSON in `chaos/results/`.

The JSON has the seed and the digest of its storm, so that whoever repeats the run can see that it
is the same storm; each finding comes with the assignment it is about.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from chaos.judging import Broken, Finding
from chaos.running import Record
from chaos.storm import MIB, Outage, Storm
from chaos.watching import recoveries

RESULTS = Path(__file__).parent / "results"


def figures(storm: Storm, record: Record, findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything that is counted and measured."""
    kills = Counter(program.partition("-")[0] for program, _ in record.killed)
    broken = Counter(finding.broken for finding in findings)
    told = record.facts.told
    return {
        "kills": len(record.killed),
        "killed": dict(kills),
        "outages": sum(isinstance(step.deed, Outage) for step in storm.steps),
        "faults": sum(fault["fired"] for fault in record.faults),
        "assignments": len(record.accepted),
        "ends": dict(Counter(row["state"] for row in record.facts.assignments)),
        **{promise.value: broken[promise] for promise in Broken},
        "posts repeated": sum(post.tries > 1 for post in record.accepted),
        "known by": dict(Counter(row["knownBy"] for row in record.facts.assignments)),
        "webhooks": len(told),
        "webhooks again": len(told) - len({event["id"] for event in told}),
        **_of_bytes(record),
        **_of_recovery(record),
        "ended by themselves": dict(record.ended_by_themselves),
        "seconds": {name: round(seconds) for name, seconds in record.seconds.items()},
    }


def _of_bytes(record: Record) -> dict[str, Any]:
    again = [session["received"] - session["stored"] for session in record.sessions]
    received = sum(session["received"] for session in record.sessions)
    return {
        "MiB received": round(received / MIB, 1),
        "MiB sent again": round(sum(again) / MIB, 1),
        "most MiB again in a session": round(max(again, default=0) / MIB, 2),
    }


def _of_recovery(record: Record) -> dict[str, Any]:
    kills = [moment for program, moment in record.killed if program.startswith("worker")]
    seconds = recoveries(list(record.moves.values()), kills)
    return {
        "recoveries": len(seconds),
        "median recovery, s": round(median(seconds), 1) if seconds else None,
        "longest recovery, s": round(max(seconds), 1) if seconds else None,
    }


def show(told: Mapping[str, Any], findings: Sequence[Finding], console: Console) -> None:
    """Print the figures, and every finding under them."""
    table = Table(title=f"Storm {told['seed']}, {told['database']}", show_header=False)
    for name, value in told["figures"].items():
        shown = (
            ", ".join(f"{value[key]} {key}" for key in value) if isinstance(value, dict) else value
        )
        table.add_row(name, str(shown))
    console.print(table)
    for finding in findings:
        console.print(f"[red]{finding.broken}[/]  {finding.subject}  {finding.sentence}")
    console.print("[green]held[/]" if not findings else f"[red]{len(findings)} promises broken[/]")


def keep(told: Mapping[str, Any], findings: Sequence[Finding]) -> Path:
    """Write the JSON of a run; return where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{told['seed']}-{told['database']}.json"
    whole = {**told, "findings": [asdict(finding) for finding in findings]}
    path.write_text(json.dumps(whole, indent=2) + "\n")
    return path
