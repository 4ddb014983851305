"""What commands print: results on standard output, everything said about them beside it.

So `KEY=$(castline keys create)` gets the key and nothing else.
"""

import sys
from collections.abc import Iterable, Sequence


def say(line: str) -> None:
    """Print a result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell(line: str) -> None:
    """Print a remark about it."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*heads, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
