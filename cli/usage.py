"""What is wrong with a command as it was typed."""

from collections.abc import Iterable
from typing import Any

import typer

from cli.output import tell

WrongUsage: Any = typer.BadParameter.__mro__[1]
"""The base of Typer's errors about the command line, which it does not export itself."""


def show_wrong_usage(error: Any) -> int:
    """Say what is wrong and where the help is. Returns the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return int(error.exit_code)  # the help was shown already
    if error.ctx is not None:
        tell(error.ctx.get_usage(), f"Help: {error.ctx.command_path} --help")
    tell(f"castline: {error.format_message()}")
    return int(error.exit_code)


def find_undecoded(arguments: Iterable[str]) -> str | None:
    """The first argument with a byte that is no text in the encoding of this terminal."""
    for argument in arguments:
        if any("\ud800" <= character <= "\udfff" for character in argument):
            return argument
    return None
