"""What commands print: results on standard output, everything said about them beside it.

So `KEY=$(castline keys create)` gets the key and nothing else.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_ENDLESS = 10_000
_COLUMN_EDGES = 3
"""A space on either side of a cell, and what the box has between two."""


def say(line: str) -> None:
    """Print a result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell(line: str) -> None:
    """Print a remark about it."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def print_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, console: "Console | None" = None
) -> None:
    """Print rows in columns. No word is ever cut, so an id can be copied from any terminal.

    On a terminal that is too narrow, cells wrap between their words; where even that is not
    enough, the lines are longer than the terminal. Elsewhere nothing wraps.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console()
    table = Table(box=box.SIMPLE_HEAD)
    cells = [[str(cell) for cell in row] for row in rows]
    needed = 1
    for number, head in enumerate(heads):
        texts = [row[number] for row in cells]
        longest = max(cell_len(word) for text in (head, *texts) for word in text.split())
        is_of_words = all(len(text.split()) < 2 for text in texts)
        table.add_column(head, min_width=longest, no_wrap=is_of_words)
        needed += longest + _COLUMN_EDGES
    for row in cells:
        table.add_row(*map(Text, row))
    console.width = max(console.width, needed) if console.is_terminal else _ENDLESS
    console.print(table, crop=False)
