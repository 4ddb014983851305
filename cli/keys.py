"""`castline keys`: API keys, on the database directly."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.choosing import WorkspaceName, choose_workspace, open_store
from cli.options import AsJson
from cli.output import print_json, print_table, say, tell

if TYPE_CHECKING:
    from datetime import datetime

keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@keys.command("create")
def create_key(
    workspace: WorkspaceName = None,
    operator: Annotated[
        bool, typer.Option("--operator", help="A key for the codec endpoint and no workspace.")
    ] = False,
    label: Annotated[str, typer.Option(help="To tell keys apart.")] = "",
    save: Annotated[
        bool, typer.Option("--save", help="Keep it where connect, publish and watch look.")
    ] = False,
) -> None:
    """Make a key and show it, this once."""
    from cli.service import save_key
    from runtime.settings import Settings
    from store.queries import workspaces as rows

    with open_store().write() as session:
        owner = None if operator else choose_workspace(session, workspace).id
        row, key = rows.create_key(session, workspace_id=owner, label=label)
    if save:
        path = save_key(Settings(), key)
        tell(f"{row.id} is kept in {path}")
    else:
        say(key.reveal())
        tell(f"{row.id}: this is the only time that it is shown.")


@keys.command("list")
def list_keys(
    workspace: WorkspaceName = None,
    operator: Annotated[bool, typer.Option("--operator", help="The operators' keys.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the keys by id and last characters."""
    from store.queries import workspaces as rows
    from store.queries.telling.events import written

    with open_store().read() as session:
        owner = None if operator else choose_workspace(session, workspace).id
        found = rows.list_keys(session, owner)
    if as_json:
        print_json(
            [
                {
                    "id": row.id,
                    "endsWith": row.hint,
                    "label": row.label,
                    "createdAt": written(row.created_at),
                    "revokedAt": written(row.revoked_at),
                }
                for row in found
            ]
        )
        return
    print_table(
        ("id", "ends with", "label", "made", "revoked"),
        [
            (row.id, row.hint, row.label, _day(row.created_at), _day(row.revoked_at))
            for row in found
        ],
    )


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="Its id, or the end of its id or of the key itself.")],
) -> None:
    """End a key. It stays in the list."""
    from store.queries import workspaces as rows

    with open_store().write() as session:
        row = rows.revoke_key(session, rows.find_key_by_ending(session, key).id)
    tell(f"{row.id} opens nothing any more.")


def _day(moment: "datetime | None") -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
