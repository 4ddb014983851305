"""Errands of an operator: workspaces, migrations, key set, care, doctor.

They work on the database directly, or through Temporal, and therefore on the machine that has
their addresses and the key set; nothing here goes through the API.
"""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choosing import WorkspaceName, choose_workspace, connect_temporal, open_store
from cli.keys import keys
from cli.options import AsJson
from cli.output import print_json, print_table, say, tell
from cli.roots import roots
from domain.errors import InvalidRequest

if TYPE_CHECKING:
    from activities.contract.care import Cared
    from runtime.settings import Settings
    from store.engine import Store

app = typer.Typer()
workspaces = typer.Typer(help="Make and list workspaces.", no_args_is_help=True)
workspaces.add_typer(roots, name="roots")
app.add_typer(keys, name="keys")
app.add_typer(workspaces, name="workspaces")


@workspaces.command("create")
def create_workspace(
    name: Annotated[str, typer.Argument(help="What it is called in these commands.")],
) -> None:
    """Make a workspace: a tenant with its own keys, connections and videos."""
    from store.queries import workspaces as rows

    with open_store().write() as session:
        workspace = rows.create_workspace(session, name=name)
    say(workspace.id)
    tell(f"Next: castline keys create --workspace {name} --save")


@workspaces.command("list")
def list_workspaces(as_json: AsJson = False) -> None:
    """Show the workspaces and where they may send browsers."""
    from store.queries import workspaces as rows

    with open_store().read() as session:
        found = rows.list_workspaces(session)
    if as_json:
        print_json(
            [
                {"id": row.id, "name": row.name, "redirectPrefixes": row.redirect_prefixes}
                for row in found
            ]
        )
        return
    print_table(
        ("name", "id", "redirects allowed to"),
        [(row.name, row.id, row.redirect_prefixes) for row in found],
    )


@workspaces.command("allow")
def allow_redirect(
    prefix: Annotated[str, typer.Argument(help="Scheme, host, port and leading path.")],
    workspace: WorkspaceName = None,
) -> None:
    """Let OAuth results be sent to addresses that begin like this."""
    from store.queries import workspaces as rows

    if "#" in prefix:
        raise InvalidRequest(
            "prefix_has_fragment",
            "A prefix has no fragment: no server sees it, so it cannot be compared. Leave out "
            "the `#` and what follows; a redirectUrl may have any fragment.",
        )
    with open_store().write() as session:
        row = rows.allow_redirect(session, choose_workspace(session, workspace).id, prefix=prefix)
    tell(f"{row.name} may now send browsers to {prefix}")


@workspaces.command("quota")
def set_quota(
    gib: Annotated[
        float | None, typer.Argument(min=0, help="GiB; left out for the setting's default.")
    ] = None,
    workspace: WorkspaceName = None,
) -> None:
    """Set how much a workspace may upload and keep."""
    from store.queries import workspaces as rows

    quota = None if gib is None else int(gib * 2**30)
    with open_store().write() as session:
        row = rows.set_storage_quota(session, choose_workspace(session, workspace).id, quota=quota)
    words = "as much as CASTLINE_STORAGE_QUOTA_GIB says" if gib is None else f"{gib:g} GiB"
    tell(f"{row.name} may keep {words} of uploads.")


@app.command()
def migrate() -> None:
    """Bring the database to this version, and make the key set where there is none yet.

    `castline up` does both by itself.
    """
    from runtime.parts import build_store, ensure_keyset
    from runtime.settings import Settings
    from store.files import require_folder

    settings = Settings()
    if settings.database_url is None or settings.keyset is None:
        require_folder(settings.data_dir)
    store = build_store(settings)
    store.migrate()
    ensure_keyset(settings, store)
    tell("The database is up to date.")


@app.command()
def rotate_keys(
    reseal: Annotated[
        bool,
        typer.Option("--reseal", help="Only bring everything under the key set's primary key."),
    ] = False,
    retire: Annotated[
        str | None,
        typer.Option("--retire", metavar="KEY_ID", help="Remove a replaced key."),
    ] = None,
) -> None:
    """Give the key set a fresh key and seal everything stored with it.

    API and workers may run: they read the key set again before the new key seals anything. Old
    keys stay in the set, because Temporal's histories need them; --retire removes one when
    neither the database nor Temporal needs it. Interrupted anywhere, it may be run again. Where
    the key set comes from CASTLINE_KEYSET, change it there in two steps (add the key, restart
    everything, make it primary, restart everything) and run this with --reseal.
    """
    from cli.rotation import rotate
    from runtime.settings import Settings

    if retire is not None:
        tell(asyncio.run(_retire(Settings(), open_store(), retire)))
    else:
        tell(rotate(Settings(), open_store(), only_reseal=reseal))


async def _retire(settings: "Settings", store: "Store", key_id: str) -> str:
    from cli.retirement import retire
    from runtime.parts import load_keyring

    return await retire(
        settings, store, await connect_temporal(settings, load_keyring(settings)), key_id
    )


@app.command()
def care(as_json: AsJson = False) -> None:
    """Have a worker check every connection now, and say how they are."""
    from domain.health import BROKEN
    from runtime.caring import care_for_everything
    from runtime.parts import load_keyring
    from runtime.settings import Settings
    from store.queries.access.care import count_by_health

    settings = Settings()
    with open_store().read() as session:
        health = count_by_health(session)
    before = sum(health.get(state, 0) for state in BROKEN)

    async def ask() -> "Cared":
        return await care_for_everything(await connect_temporal(settings, load_keyring(settings)))

    tell("A worker checks every connection; to stop waiting does not stop it.")
    found = asyncio.run(ask())
    if as_json:
        print_json({**asdict(found), "brokenBefore": before})
        return
    say(
        f"{found.checked} checked: {found.broken} need a person, {found.expiring} will soon; "
        f"{found.postponed} could not be checked now; {before} needed one before"
    )


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong and what to do. Exit code 1 when something failed, 0 on warnings alone."""
    from cli.doctor import run_doctor

    raise typer.Exit(asyncio.run(run_doctor(say, as_json=as_json)))
