"""`castline`: one command for every role and errand.

Each command imports what it needs when it runs, so that `castline --help` is quick and a
broken part does not take the others with it. An error is a sentence (`cli.mistakes`); `main` ends
the process itself, because a process that used a Temporal worker may crash while Python
finalises (threads of the SDK still hold Python objects) and would spoil the exit code.
"""

import os
import sys
from contextlib import suppress

import typer

from cli import admin, orphans, publishing, roles
from cli.backup import commands as backup
from cli.mistakes import FAILED, explain_error
from cli.output import prepare_streams, tell
from cli.usage import WrongUsage, show_wrong_usage

app = typer.Typer(
    name="castline",
    no_args_is_help=True,
    add_completion=False,
    # Typer's own would show local variables, and with them what must not be seen.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from runtime.version import VERSION

        typer.echo(f"castline {VERSION}")
        raise typer.Exit


@app.callback()
def castline(
    *,
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_show_version, help="Show the version."
    ),
) -> None:
    """Publish finished videos to your customers' channels and Pages, never losing one."""


for commands in (roles.app, publishing.app, admin.app, backup.app, orphans.app):
    app.registered_commands.extend(commands.registered_commands)
    app.registered_groups.extend(commands.registered_groups)


def main() -> None:
    """Run the command that was typed. Never returns."""
    # What this process and its children make is their user's alone.
    os.umask(0o077)
    prepare_streams()
    code = run()
    try:
        sys.stdout.flush()
    except OSError as error:  # what reads it has ended, or its disk is full
        code = code or _fail(error)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def run() -> int:
    """Run the command that was typed and return the exit code: 0, 1, or 2 for a wrong usage and
    for wrong settings."""
    try:
        code = app(prog_name="castline", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return 130
    except WrongUsage as error:
        return show_wrong_usage(error)
    except Exception as error:
        return _fail(error)


def _fail(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):
        return FAILED  # nobody reads it any more
    code, text = explain_error(error)
    tell(*text.rstrip("\n").split("\n"))
    return code
