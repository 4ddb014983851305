"""An assignment's story on a terminal: how it stands, what proves it, and everything in between.

What is printed is what the API tells, sentence by sentence. All pages are read, to the end that
the last of them knows; what moves from one page to the next meanwhile, or is seen once more, is
told once.
"""

from itertools import count
from typing import Any

from cli.output import make_console, print_lines, print_table
from cli.service import Service
from domain.sentences import repeated

_PAGE = 200
_PROOF = (
    ("video", "platformId"),
    ("known by", "knownBy"),
    ("sessions opened", "sessionsOpened"),
    ("finishes sent", "finishesSent"),
    ("read back", "readBacks"),
    ("account read", "reconciliations"),
    ("proof", "proof"),
    ("sha256 sent", "sha256"),
)


def read_timeline(service: Service, assignment_id: str) -> dict[str, Any]:
    """All of it, in the shape of one page. Raises `CastlineError` for an unknown assignment."""
    items: dict[tuple[Any, ...], dict[str, Any]] = {}
    for page in count(1):
        told = service.get("assignments", assignment_id, "timeline", page=page, limit=_PAGE)
        items |= {_place(item): item for item in told["items"]}
        if page * _PAGE >= told["total"]:
            break
    return {**told, "items": [*items.values()], "page": 1, "limit": len(items)}


def show_timeline(told: dict[str, Any]) -> None:
    """Print it."""
    console = make_console()
    print_lines(console, _standing(told))
    print_table(("at", "attempt", "what happened"), map(_row, told["items"]))
    print_lines(console, _proof(told["evidence"]))


def _place(item: dict[str, Any]) -> tuple[Any, ...]:
    # However often it was seen meanwhile, it is the same.
    return tuple(item[name] for name in ("at", "attempt", "kind", "sentence"))


def _standing(told: dict[str, Any]) -> list[str]:
    waits = [f"Waits for: {told['waitingFor']}."] if told["waitingFor"] else []
    return [told["sentence"], *waits, f"To do: {told['whatToDo']}"]


def _row(item: dict[str, Any]) -> tuple[str, str, str]:
    said = repeated(item["sentence"], item["times"], until=_moment(item["latestAt"]))
    return _moment(item["at"]), str(item["attempt"]), said


def _moment(written: str) -> str:
    return written[:19].replace("T", " ")


def _proof(evidence: dict[str, Any]) -> list[str]:
    said = ((name, evidence[field]) for name, field in _PROOF)
    return [f"{name:<16} {'-' if value is None else value}" for name, value in said]
