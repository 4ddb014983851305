"""An assignment's story on a terminal: how it stands, what proves it, and everything in between.

What is printed is what the API tells, sentence by sentence. All pages are read, to the end that
the last of them knows; what moves from one page to the next meanwhile, or is seen once more, is
told once.
"""

from collections.abc import Iterable
from itertools import count
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.service import Service
from domain.sentences import one_line, repeated

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
    items: dict[tuple[Any, ...], dict[str, Any]] = {}
    for page in count(1):
        told = service.get(path, page=page, limit=_PAGE)
        items |= {_place(item): item for item in told["items"]}
        if page * _PAGE >= told["total"]:
            break
    console = Console()
    _print(console, _standing(told))
    console.print(_table(items.values()))
    _print(console, _proof(told["evidence"]))


def _place(item: dict[str, Any]) -> tuple[Any, ...]:
    # However often it was seen meanwhile, it is the same.
    return tuple(item[name] for name in ("at", "attempt", "kind", "sentence"))


def _print(console: Console, lines: list[str]) -> None:
    # Whole, however narrow the terminal is: addresses and hashes are there to be copied.
    for line in lines:
        console.print(one_line(line), soft_wrap=True, highlight=False, markup=False)


def _standing(told: dict[str, Any]) -> list[str]:
    waits = [f"Waits for: {told['waitingFor']}."] if told["waitingFor"] else []
    return [told["sentence"], *waits, f"To do: {told['whatToDo']}"]


def _table(items: Iterable[dict[str, Any]]) -> Table:
    table = Table("at", "attempt", "what happened", box=box.SIMPLE_HEAD)
    for item in items:
        said = repeated(item["sentence"], item["times"], until=_moment(item["latestAt"]))
        table.add_row(_moment(item["at"]), str(item["attempt"]), Text(one_line(said)))
    return table


def _moment(written: str) -> str:
    return written[:19].replace("T", " ")


def _proof(evidence: dict[str, Any]) -> list[str]:
    said = ((name, evidence[field]) for name, field in _PROOF)
    return [f"{name:<16} {'-' if value is None else value}" for name, value in said]
