"""What commands print: results on standard output, everything said about them beside it.

So `KEY=$(castline keys create)` gets the key and nothing else. Nothing that was written elsewhere
(a title, a platform's sentence, a file's name) steers the terminal: it is escaped here, in the one
place that prints. JSON is exact and plain ASCII.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from domain.display import escape

if TYPE_CHECKING:
    from rich.console import Console

ERROR_PREFIX = "castline: "
"""What an error of a command begins with."""

Cell = str | Sequence[str]
"""One line, or several."""

_ENDLESS = 10_000
_COLUMN_EDGES = 3
"""A space on either side of a cell, and what the box has between two."""


def prepare_streams() -> None:
    """Let standard output and error take any text. Idempotent; to be called before all else.

    What the terminal's encoding cannot show is written as an escape. A stream that the caller
    closed swallows what is written.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # At once: the next file to be opened would get its number, and our output.
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(*lines: str) -> None:
    """Print results, a line each. Raises `OSError`, whose file is named standard output."""
    with _writing():
        sys.stdout.write(_printable(lines))
        sys.stdout.flush()


def announce(*lines: str) -> None:
    """The same for a process that runs until it is told to stop: nobody need be listening."""
    with suppress(OSError):
        sys.stdout.write(_printable(lines))
        sys.stdout.flush()


def tell(*lines: str) -> None:
    """Print remarks about a result, a line each, where there is anywhere to print them."""
    with suppress(OSError):
        sys.stderr.write(_printable(lines))
        sys.stderr.flush()


def print_json(value: Any) -> None:
    """Print a value for a program. Raises as `say`."""
    # `json` escapes all but printable ASCII, so it is exact in every encoding.
    say(*json.dumps(value, indent=2).split("\n"))


def make_console() -> "Console":
    """A console for tables and bars. Raises as `say`."""
    from rich.console import Console

    class OwnConsole(Console):
        def on_broken_pipe(self) -> None:
            raise  # rich calls this while it handles the error

    return OwnConsole(highlight=False, markup=False, emoji=False)


def print_lines(console: "Console", lines: Iterable[str]) -> None:
    """Print lines through a console, whole however narrow the terminal is."""
    with _writing():
        for line in lines:
            console.print(escape(line), soft_wrap=True)


def print_table(
    heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, console: "Console | None" = None
) -> None:
    """Print rows in columns. No word is ever cut, so an id can be copied from any terminal.

    On a terminal that is too narrow, cells wrap between their words; where even that is not
    enough, the lines are longer than the terminal. Elsewhere nothing wraps.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    console = console or make_console()
    table = Table(box=box.SIMPLE_HEAD)
    cells = [[_text_of(cell) for cell in row] for row in rows]
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
    with _writing():
        console.print(table, crop=False)


def _text_of(cell: Cell) -> str:
    return escape(cell) if isinstance(cell, str) else "\n".join(map(escape, cell))


def _printable(lines: Sequence[str]) -> str:
    return "".join(f"{escape(line)}\n" for line in lines)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = "Standard output"
        raise
