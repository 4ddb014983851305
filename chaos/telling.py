"""What is told of a run: its figures, as a table and as JSON in `chaos/results/`.

The JSON has the seed and the digest of its storm, so that whoever repeats the run can see that it
is the same storm; each finding comes with the assignment it is about.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from chaos.deeds import Deed, Kill, Outage
from chaos.facts import Broken, Finding
from chaos.record import Record
from chaos.storm import MIB
from chaos.watching import Moves, interruptions, recoveries
from domain.states import KnownBy

RESULTS = Path(__file__).parent / "results"


def figures(record: Record, findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything that is counted and measured."""
    kills = [deed.program for deed, _ in record.done if isinstance(deed, Kill)]
    broken = Counter(finding.broken for finding in findings)
    told = record.facts.told
    return {
        "kills": len(kills),
        "killed": dict(Counter(program.partition("-")[0] for program in kills)),
        "operator faults": dict(Counter(struck["fault"] for struck in record.struck)),
        "outages": sum(isinstance(deed, Outage) for deed, _ in record.done),
        "faults": sum(fault["fired"] for fault in record.faults),
        "assignments": len(record.accepted),
        "ends": dict(Counter(row["state"] for row in record.facts.assignments)),
        **{promise.value: broken[promise] for promise in Broken},
        **_of_the_gap(record),
        "posts repeated": sum(post.tries > 1 for post in record.accepted),
        "posts answered with": dict(record.refusals),
        "known by": dict(Counter(row["knownBy"] for row in record.facts.assignments)),
        "webhooks": len(told),
        "webhooks again": len(told) - len({event["id"] for event in told}),
        "longest wait for a start, s": _longest_start(record.facts.events),
        **_of_bytes(record),
        **_of_recovery(record),
        "ended by themselves": dict(record.ended_by_themselves),
        "seconds": {name: round(seconds) for name, seconds in record.seconds.items()},
    }


def _of_the_gap(record: Record) -> dict[str, Any]:
    """What a restore took back, and what became of it. Nothing where nothing was restored."""
    facts = record.facts
    if not facts.is_restored:
        return {}
    forgotten = [wanted for wanted in facts.wanted if wanted.forgotten]
    titles = Counter(video["title"] for video in facts.videos)
    return {
        "restored over": len(forgotten),
        "accepted again": sum(wanted.assignment_id is not None for wanted in forgotten),
        "accepted again, published twice": sum(titles[wanted.title] > 1 for wanted in forgotten),
        "listed as orphans": len(facts.orphans),
    }


def _longest_start(events: Sequence[Mapping[str, Any]]) -> float | None:
    """From an assignment's first event, its acceptance, to its second: the line for a worker's
    slot included."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for event in events:
        moments[event["subjectId"]].append(datetime.fromisoformat(event["timestamp"]))
    begun = [told for told in moments.values() if len(told) > 1]
    waits = [(second - first).total_seconds() for first, second, *_ in begun]
    return round(max(waits), 1) if waits else None


def _of_bytes(record: Record) -> dict[str, Any]:
    again = [session["received"] - session["stored"] for session in record.sessions]
    received = sum(session["received"] for session in record.sessions)
    troubles = [*record.strikes, *(moment for deed, moment in record.done if _breaks_off(deed))]
    allowed = [
        _piece(session) * interruptions(record.moves.get(session["id"], Moves()), troubles)
        for session in record.sessions
    ]
    return {
        "MiB received": round(received / MIB, 1),
        "MiB sent again": round(sum(again) / MIB, 1),
        "most MiB again in a session": round(max(again, default=0) / MIB, 1),
        "sessions with more than a piece an interruption": sum(
            bytes > most for bytes, most in zip(again, allowed, strict=True)
        ),
    }


def _piece(session: Mapping[str, Any]) -> int:
    """What an interruption may cost: a chunk; of a Reel, whose bytes are one request, all of it."""
    return (_size_of(session) or 0) if session.get("kind") == "reel" else MIB


def _breaks_off(deed: Deed) -> bool:
    """True for what may end a transfer: the API is none of them."""
    return isinstance(deed, Outage) or (isinstance(deed, Kill) and deed.program != "api")


def _of_recovery(record: Record) -> dict[str, Any]:
    kills = [
        moment
        for deed, moment in record.done
        if isinstance(deed, Kill) and deed.program.startswith("worker")
    ]
    subjects = {wanted.size: wanted.assignment_id for wanted in record.facts.wanted}
    found = sorted(
        (round(seconds, 1), subjects.get(_size_of(session) or 0) or session["id"])
        for session in record.sessions
        for seconds in recoveries(record.moves.get(session["id"], Moves()), kills)
    )
    return {
        "recoveries": len(found),
        "median recovery, s": round(median(seconds for seconds, _ in found), 1) if found else None,
        "longest recovery, s": found[-1][0] if found else None,
        "the longest was of": found[-1][1] if found else None,
    }


def _size_of(session: Mapping[str, Any]) -> int | None:
    """The two platforms each have a word of their own for it."""
    size: int | None = session.get("size", session.get("total"))
    return size


def show(told: Mapping[str, Any], findings: Sequence[Finding], console: Console) -> None:
    """Print the figures, and every finding under them."""
    table = Table(
        title=f"{told['scenario'].capitalize()} {told['seed']}, {told['database']}",
        show_header=False,
    )
    for name, value in told["figures"].items():
        shown = (
            ", ".join(f"{value[key]} {key}" for key in value) if isinstance(value, dict) else value
        )
        table.add_row(name, str(shown))
    console.print(table)
    for finding in findings:
        console.print(f"[red]{finding.broken}[/]  {finding.subject}  {finding.sentence}")
    console.print("[green]held[/]" if not findings else f"[red]{len(findings)} promises broken[/]")


def show_rows(results: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print one row of the README's table for each run."""
    for told in results:
        figures = told["figures"]
        killed, known = figures["killed"], figures["known by"]
        recovery = (figures["median recovery, s"], figures["longest recovery, s"])
        cells = [
            told["scenario"],
            told["seed"],
            {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(told["database"], "other"),
            ", ".join(str(killed.get(name, 0)) for name in ("worker", "api", "temporal")),
            figures["operator faults"].get("TerminateWorkflow", 0),
            figures["outages"],
            figures["faults"],
            *(figures[promise] for promise in (Broken.DUPLICATE, Broken.LOST, Broken.STUCK)),
            figures[Broken.UNTOLD],
            f"{figures['MiB received']:,.0f}",
            f"{figures['MiB sent again']:,.0f}",
            ", ".join(str(known.get(way, 0)) for way in KnownBy),
            ", ".join("-" if seconds is None else f"{seconds:.0f}" for seconds in recovery) + " s",
        ]
        console.print(f"| {' | '.join(map(str, cells))} |", soft_wrap=True)


def keep(told: Mapping[str, Any], findings: Sequence[Finding]) -> Path:
    """Write the JSON of a run; return where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{told['scenario']}-{told['seed']}-{told['database']}.json"
    whole = {**told, "findings": [asdict(finding) for finding in findings]}
    path.write_text(json.dumps(whole, indent=2) + "\n")
    return path
