"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program.")]
Url = Annotated[
    str | None,
    typer.Option(help="Where the API is. Default: CASTLINE_URL, or the one that runs here."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="A file with the key. Default: CASTLINE_KEY, or the one that was saved."),
]
