"""`castline workspaces roots`: the folders from which a workspace may publish files.

A change holds from the next request on. Running processes need no restart.
"""

from pathlib import Path
from typing import Annotated

import typer

from cli.choosing import WorkspaceName, choose_workspace, open_store
from cli.options import AsJson
from cli.output import print_json, say, tell

roots = typer.Typer(
    help="Add, list and remove the folders that a workspace publishes files from.",
    no_args_is_help=True,
)
Folder = Annotated[Path, typer.Argument(help="A folder on the machine of API and worker.")]


@roots.command("add")
def add_root(folder: Folder, workspace: WorkspaceName = None) -> None:
    """Let a workspace publish what lies in a folder, subfolders included.

    Castline's own data folder stays closed wherever it lies.
    """
    from store.queries import workspaces as rows

    absolute = folder.resolve()
    with open_store().write() as session:
        chosen = choose_workspace(session, workspace)
        row = rows.add_media_root(session, chosen.id, folder=absolute)
    tell(f"{row.name} may now publish files in {absolute}")
    if not absolute.is_dir():
        tell("There is no such folder on this machine.")


@roots.command("list")
def list_roots(workspace: WorkspaceName = None, as_json: AsJson = False) -> None:
    """Show a workspace's folders, those of CASTLINE_MEDIA_ROOTS included."""
    from runtime.settings import Settings
    from store.queries import workspaces as rows

    with open_store().read() as session:
        row = choose_workspace(session, workspace)
        found = rows.find_media_roots(session, row.id, of_the_oldest=Settings().media_roots)
        own = len(row.media_roots)
    if as_json:
        print_json(
            [
                {"folder": str(root), "isOfSettings": number >= own}
                for number, root in enumerate(found)
            ]
        )
        return
    for number, root in enumerate(found):
        # One a line and never cut: `remove` wants the whole of it.
        say(str(root) if number < own else f"{root}  (CASTLINE_MEDIA_ROOTS)")


@roots.command("remove")
def remove_root(folder: Folder, workspace: WorkspaceName = None) -> None:
    """Take a folder from a workspace. What was accepted and not yet sent fails then."""
    from store.queries import workspaces as rows

    with open_store().write() as session:
        chosen = choose_workspace(session, workspace)
        row = rows.remove_media_root(session, chosen.id, folder=folder.resolve())
    tell(f"{row.name} may no longer publish files in {folder.resolve()}")
