"""`castline`: one command for every role and errand.

Each command imports what it needs when it runs, so that `castline --help` is quick and a
broken part does not take the others with it. Errors are told as sentences; `main` ends the
process itself, because a process that used a Temporal worker may crash while Python
finalises (threads of the SDK still hold Python objects) and would spoil the exit code.
"""

import os
import sys
import traceback

import typer

from cli import admin, orphans, publishing, roles
from cli.backup import commands as backup
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
for commands in (roles.app, publishing.app, admin.app, backup.app, orphans.app):
    app.registered_commands.extend(commands.registered_commands)
    app.registered_groups.extend(commands.registered_groups)


def main() -> None:
    """Run the command that was typed. Never returns."""
    # What this process and its children make is their user's alone.
    os.umask(0o077)
    code = run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run() -> int:
    """Run the command that was typed and return the exit code: 0, 1, or 2 for a wrong usage."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except CastlineError as error:
        sys.stderr.write(f"castline: {error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception:
        traceback.print_exc()
        return 1
    return 0
