"""`castline`: one command for every role and errand.

Each command imports what it needs when it runs, so that `castline --help` is quick and a
broken part does not take the others with it. Errors are told as sentences; `main` ends the
process itself, because a process that used a Temporal worker may crash while Python
finalises (threads of the SDK still hold Python objects) and would spoil the exit code.
"""

import os
import sys
import traceback
from contextlib import suppress

import typer

from cli import admin, publishing, roles
from cli.output import prepare_streams, tell
from cli.usage import WrongUsage, find_undecoded, show_wrong_usage
from domain.errors import CastlineError

app = typer.Typer(
    name="castline",
    help="Publish finished videos to your customers' channels and Pages, never losing one.",
    no_args_is_help=True,
    add_completion=False,
    # Typer's own would show local variables, and with them what must not be seen.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (roles.app, publishing.app, admin.app):
    app.registered_commands.extend(commands.registered_commands)
    app.registered_groups.extend(commands.registered_groups)


def main() -> None:
    """Run the command that was typed. Never returns."""
    # What this process and its children make is their user's alone.
    os.umask(0o077)
    prepare_streams()
    code = run()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # what it still holds was refused before
            stream.flush()
    os._exit(code)


def run() -> int:
    """Run the command that was typed and return the exit code: 0, 1, or 2 for a wrong usage."""
    try:
        code = app(prog_name="castline", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except WrongUsage as error:
        return show_wrong_usage(error)
    except CastlineError as error:
        tell(*f"castline: {error.sentence}".split("\n"))
        return 1
    except UnicodeEncodeError:
        if (argument := find_undecoded(sys.argv)) is None:
            traceback.print_exc()
        else:
            tell(f"castline: {argument} is no text in this terminal's encoding.")
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception:
        traceback.print_exc()
        return 1
