"""What a figure must not exceed, or fall below, and whether it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and its limit, which is the most it may be, or the least."""

    what: str
    value: float
    limit: float
    is_most: bool = True

    @property
    def held(self) -> bool:
        return self.value <= self.limit if self.is_most else self.value >= self.limit


def at_most(what: str, value: float, limit: float) -> Target:
    return Target(what, round(value, 3), limit)


def at_least(what: str, value: float, limit: float) -> Target:
    return Target(what, round(value, 3), limit, is_most=False)


def print_targets(targets: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print targets as a report holds them: the fields of `Target` and `held`."""
    table = Table(title="Targets")
    for head in ("what", "is", "target", ""):
        table.add_column(head, justify="right" if head == "is" else "left")
    for each in targets:
        limit = f"at {'most' if each['is_most'] else 'least'} {each['limit']:g}"
        verdict = "[green]ok[/]" if each["held"] else "[red]MISSED[/]"
        table.add_row(each["what"], f"{each['value']:.2f}", limit, verdict)
    console.print(table)
