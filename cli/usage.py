"""What is wrong with a command as it was typed."""

from collections.abc import Iterable, Iterator
from typing import Any

import typer

from cli.output import ERROR_PREFIX, tell

WrongUsage: Any = typer.BadParameter.__mro__[1]
"""The base of Typer's errors about the command line, which it does not export itself."""


def show_wrong_usage(error: Any) -> int:
    """Say what is wrong and where the help is. Returns the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return int(error.exit_code)  # the help was shown already
    if error.ctx is not None:
        tell(error.ctx.get_usage(), f"Help: {error.ctx.command_path} --help")
    tell(f"{ERROR_PREFIX}{error.format_message()}")
    return int(error.exit_code)


def find_undecoded(arguments: Iterable[str], text: str = "") -> str | None:
    """An argument with a byte that is no text in the encoding of this terminal.

    The one that `text` is, or holds between quotes, else the first of all: the name
    of a file may hold any byte, so it is seldom what could not be sent.
    """
    undecoded = list(_find_undecoded(arguments))
    for argument in undecoded:
        if text == argument or f'"{argument}"' in text:
            return argument
    return undecoded[0] if undecoded else None


def _find_undecoded(arguments: Iterable[str]) -> Iterator[str]:
    for argument in arguments:
        if any("\ud800" <= character <= "\udfff" for character in argument):
            yield argument
