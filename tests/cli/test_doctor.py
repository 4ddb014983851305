"""What the doctor says of apps and connections; the rest is seen with `castline up`."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import examine
from domain.health import HEALTHY, Clocks, Health
from domain.states import ConnectionHealth, TokenLife
from settings import (
    EMULATED_APP_ID,
    EMULATED_APP_SECRET,
    EMULATED_CLIENT_ID,
    EMULATED_CLIENT_SECRET,
    Settings,
)
from store.engine import Store
from store.queries import workspaces
from store.queries.access import connections
from tests.support.emulator import Emulator

NOWHERE = "http://127.0.0.1:9"


def apps_at(emulator: str) -> dict[str, str]:
    """Credentials and addresses, as a real platform has them."""
    return {
        "google_client_id": EMULATED_CLIENT_ID,
        "google_client_secret": EMULATED_CLIENT_SECRET,
        "google_token_url": f"{emulator}/token",
        "google_api_root": f"{emulator}/",
        "meta_app_id": EMULATED_APP_ID,
        "meta_app_secret": EMULATED_APP_SECRET,
        "meta_graph_root": emulator,
    }


async def apps(folder: Path, **settings: Any) -> dict[str, str]:
    """The lines on the platforms' apps, by platform."""
    said: list[str] = []
    chosen = {"data_dir": folder, "database_url": None, "port": 9, **settings}
    await examine(Settings.model_validate(chosen), said.append)
    return {line.split()[1]: line for line in said if " app: " in line}


async def test_every_platforms_app_is_asked_for(tmp_path: Path, emulator: Emulator) -> None:
    said = await apps(tmp_path, emulator_url=emulator.url)
    assert said == {
        "youtube": "ok     youtube app: accepted",
        "facebook": "ok     facebook app: accepted",
    }
    assert (emulator.calls("oauth.token.refresh"), emulator.calls("token.app")) == (1, 1)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("youtube", {"google_client_secret": "another"}),
        ("facebook", {"meta_app_secret": "another"}),
        ("facebook", {"meta_app_id": "100000000000002"}),
    ],
)
async def test_an_app_that_is_refused_is_wrong_and_the_other_is_not(
    tmp_path: Path, emulator: Emulator, name: str, wrong: dict[str, str]
) -> None:
    said = await apps(tmp_path, **{**apps_at(emulator.url), **wrong})
    assert said[name].startswith(f"wrong  {name} app: refused: ")
    assert "Compare its id and secret" in said[name]
    assert "another" not in str(said)
    assert [line[:2] for line in said.values()].count("ok") == 1


async def test_a_platform_without_credentials_is_not_offered_and_nothing_is_wrong(
    tmp_path: Path, emulator: Emulator
) -> None:
    said = await apps(tmp_path, emulator_url=emulator.url, meta_app_id=None)
    assert said == {
        "youtube": "ok     youtube app: accepted",
        "facebook": "ok     facebook app: not set, so this platform is not offered",
    }


async def test_without_any_credentials_the_emulator_stands_in(tmp_path: Path) -> None:
    said = await apps(
        tmp_path,
        emulator_url=None,
        **dict.fromkeys(
            ("google_client_id", "google_client_secret", "meta_app_id", "meta_app_secret")
        ),
    )
    assert said.keys() == {"youtube", "facebook"}
    for line in said.values():
        assert line.endswith("app: not set: `castline up` starts the emulator instead")


async def test_behind_a_public_url_an_app_is_missing(tmp_path: Path) -> None:
    said = await apps(tmp_path, public_url="https://castline.example.com")
    for line in said.values():
        assert line.startswith("wrong")
        assert "Set CASTLINE_GOOGLE_CLIENT_ID" in line


async def test_a_platform_that_does_not_answer_is_not_called_refused(tmp_path: Path) -> None:
    said = await apps(tmp_path, emulator_url=NOWHERE)
    for line in said.values():
        assert line.startswith("wrong")
        assert "refused" not in line
        assert "Check the network" in line


def connections_of(folder: Path, clocks: list[Clocks], broken: int) -> None:
    """An installation with a connection for each of the clocks; the first ones need a person."""
    store = Store(f"sqlite:///{folder / 'castline.db'}")
    store.migrate()
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="ours")
        for number, clock in enumerate(clocks):
            connections.ensure_connection(
                session,
                workspace_id=workspace.id,
                platform="youtube",
                account_id=f"UC{number}",
                name="A channel",
                handle=None,
                thumbnail_url=None,
                scopes=[],
                clocks=clock,
                health=Health(ConnectionHealth.NEEDS_REAUTH) if number < broken else HEALTHY,
            )
    store.close()


async def line_on(folder: Path, subject: str) -> str:
    said: list[str] = []
    await examine(Settings(data_dir=folder, port=9), said.append)
    (line,) = [line for line in said if f" {subject}: " in line]
    return line


async def test_connections_that_need_a_person_are_counted(tmp_path: Path) -> None:
    assert await line_on(tmp_path, "connections") == "ok     connections: none yet"
    connections_of(tmp_path, [Clocks(TokenLife.RENEWED)] * 3, broken=1)
    line = await line_on(tmp_path, "connections")
    assert line == "ok     connections: 3, of which 1 need a person"


async def test_a_consent_screen_in_testing_is_told_with_what_to_do(tmp_path: Path) -> None:
    week = Clocks(TokenLife.RENEWED, grant_expires_at=datetime.now(UTC) + timedelta(days=7))
    connections_of(tmp_path, [Clocks(TokenLife.RENEWED), week, week], broken=0)
    line = await line_on(tmp_path, "connections")
    assert line.startswith("wrong  connections: 3, of which 0 need a person; 2 end seven days")
    assert "Publish the app" in line


async def test_files_that_others_can_read_are_named_with_the_command_that_mends_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "logs").mkdir(mode=0o700)
    log = folder / "logs" / "api.log"
    log.touch(mode=0o600)
    assert await line_on(folder, "file modes") == (
        "ok     file modes: nothing in the data folder can be read by others"
    )
    log.chmod(0o644)
    assert await line_on(folder, "file modes") == (
        "wrong  file modes: others can read data/logs/api.log\n"
        f"       chmod -R go= {folder.resolve()}"
    )
    mend = await asyncio.create_subprocess_exec("chmod", "-R", "go=", str(folder))
    assert await mend.wait() == 0
    assert (await line_on(folder, "file modes")).startswith("ok")
    for number in range(7):
        (folder / f"{number}.db").touch(mode=0o644)
    assert " and 2 more" in await line_on(folder, "file modes")
