"""`castline orphans`: what Temporal held and the database did not, and was ended for it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.choosing import open_store
from cli.output import print_table, tell

app = typer.Typer()


@app.command()
def orphans(
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 100,
) -> None:
    """Show what was accepted and is missing in the database, as after a restore.

    Nothing continues it. Ask its workspace to send it again, unless the platform has the video.
    """
    from store.queries.orphans import list_orphans

    with open_store().read() as session:
        found = list_orphans(session, limit=limit)
    if not found:
        tell("None: every workflow that ran had its row.")
        return
    print_table(
        ("found", "began", "workspace", "connection", "platform", "title", "video there"),
        [
            _row(
                f"{one.found_at:%Y-%m-%d %H:%M}",
                f"{one.started_at:%Y-%m-%d %H:%M}",
                one.workspace_id,
                one.connection_id,
                one.platform,
                one.title or one.workflow_id,
                one.platform_id,
            )
            for one in found
        ],
    )


def _row(*cells: str | None) -> Sequence[str]:
    return [cell or "-" for cell in cells]
