"""The database, the workspace and the Temporal that an operator's command works on."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlmodel import Session
    from temporalio.client import Client

    from runtime.settings import Settings
    from store.engine import Store
    from store.keyring import Keyring
    from store.tables import Workspace

WorkspaceName = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Its name; may be left out if there is one.")
]


def open_store() -> "Store":
    """The database of the settings.

    Raises `DatabaseUnavailable`, and `CastlineError` when its schema is not this version's.
    """
    from runtime.parts import build_store
    from runtime.settings import Settings

    store = build_store(Settings())
    store.require_current()
    return store


def choose_workspace(session: "Session", name: str | None) -> "Workspace":
    """The workspace of this name, or the only one. Raises `NotFound` and `InvalidRequest`."""
    from domain.errors import InvalidRequest, NotFound
    from store.queries import workspaces as rows

    found = rows.list_workspaces(session)
    if name is None and len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(
            "workspace_not_found", "There is no workspace: castline workspaces create NAME"
        )
    names = ", ".join(row.name for row in found)
    if name is None:
        raise InvalidRequest("workspace_missing", f"Which workspace? --workspace one of: {names}")
    workspace = rows.find_workspace_by_name(session, name)
    if workspace is None:
        raise NotFound("workspace_not_found", f"No workspace is called {name}. There is: {names}")
    return workspace


async def connect_temporal(settings: "Settings", keyring: "Keyring") -> "Client":
    """The Temporal of the processes that run here, else that of the settings.

    Raises `Unavailable` when it does not answer.
    """
    from cli.addresses import find_running
    from cli.local.environment import forget_foreign_temporal
    from cli.output import tell
    from runtime.temporal import connect

    running = find_running(settings)
    if running.brings_temporal:
        forget_foreign_temporal(tell)
    if running.temporal is not None:
        settings = settings.model_copy(update={"temporal_address": running.temporal})
    return await connect(settings, keyring)
