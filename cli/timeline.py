"""An assignment's story on a terminal: how it stands, what proves it, and everything in between.

What is printed is what the API tells, sentence by sentence. All pages are read, to the end that
the last of them knows; what moves from one page to the next meanwhile is told once.
"""

from itertools import count
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.service import Service
from domain.sentences import one_line

_PAGE = 200
_PROOF = (
    ("video", "platformId"),
    ("known by", "knownBy"),
    ("sessions opened", "sessionsOpened"),
    ("finishes sent", "finishesSent"),
    ("read back", "readBacks"),
    ("account read", "reconciliations"),
    ("sha256 sent", "sha256"),
)


def show_timeline(service: Service, assignment_id: str) -> None:
    """Print it. Raises `CastlineError` when there is no such assignment."""
    path = f"/assignments/{assignment_id}/timeline"
    items: list[dict[str, Any]] = []
    for page in count(1):
        told = service.get(path, page=page, limit=_PAGE)
        items += [item for item in told["items"] if item not in items]
        if page * _PAGE >= told["total"]:
            break
    console = Console()
    _print(console, _standing(told))
    console.print(_table(items))
    _print(console, _proof(told["evidence"]))


def _print(console: Console, lines: list[str]) -> None:
    # Whole, however narrow the terminal is: addresses and hashes are there to be copied.
    for line in lines:
        console.print(one_line(line), soft_wrap=True, highlight=False, markup=False)


def _standing(told: dict[str, Any]) -> list[str]:
    waits = [f"Waits for: {told['waitingFor']}."] if told["waitingFor"] else []
    return [told["sentence"], *waits, f"To do: {told['whatToDo']}"]


def _table(items: list[dict[str, Any]]) -> Table:
    table = Table("at", "attempt", "what happened", box=box.SIMPLE_HEAD)
    for item in items:
        at = item["at"][:19].replace("T", " ")
        table.add_row(at, str(item["attempt"]), Text(one_line(item["sentence"])))
    return table


def _proof(evidence: dict[str, Any]) -> list[str]:
    said = ((name, evidence[field]) for name, field in _PROOF)
    return [f"{name:<16} {'-' if value is None else value}" for name, value in said]
