"""`castline backup` and `castline restore`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.choosing import open_store
from cli.output import say, tell

app = typer.Typer()
Folder = Annotated[Path, typer.Argument(help="A folder of its own for each backup.")]


@app.command()
def backup(
    folder: Folder,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Copy the key set into this other folder.")
    ] = None,
) -> None:
    """Write the database into a folder while everything runs.

    The key set is not in it, and neither are uploaded files. See docs/backup.md.
    """
    from cli.backup.taking import back_up
    from runtime.settings import Settings

    settings = Settings()
    marker = back_up(settings, open_store(), folder, keys)
    say(str(folder / marker.file))
    if keys is not None:
        tell(f"The key set is in {keys}. Keep that folder apart from this one.")
    elif settings.keyset is not None:
        tell("The key set comes from CASTLINE_KEYSET and is not in it. Keep a copy apart.")
    else:
        tell(f"The key set {settings.keyset_file} is not in it. Keep a copy apart: --keys FOLDER.")


@app.command()
def restore(
    folder: Folder,
    other_installation: Annotated[
        bool,
        typer.Option("--other-installation", help="This installation is to become another one."),
    ] = False,
) -> None:
    """Put a backup in the place of the database. Stop API and workers first.

    Every open assignment is read back on its platform before anything is sent for it.
    """
    from cli.backup.restoring import restore as restore_backup
    from runtime.settings import Settings

    restored = restore_backup(Settings(), folder, other_installation=other_installation)
    say(f"The database is as it was at {restored.marker.taken_at:%Y-%m-%d %H:%M:%S} UTC.")
    if restored.kept is not None:
        tell(f"The database of before is kept: {restored.kept}")
    tell(
        f"{restored.open_assignments} assignments are open. Each is read back on its platform "
        "before anything is sent for it. What cannot be decided becomes unconfirmed."
    )
    tell(
        "Next: start everything (`castline up`), then look at `castline doctor` and docs/backup.md."
    )
