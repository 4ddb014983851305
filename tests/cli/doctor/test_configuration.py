"""What the doctor says of key set, public URL, emulator and the platforms' apps."""

from pathlib import Path
from typing import Any

import pytest

from domain.states import PlatformName
from runtime.health.finding import Finding, State
from runtime.settings import (
    EMULATED_APP_ID,
    EMULATED_APP_SECRET,
    EMULATED_CLIENT_ID,
    EMULATED_CLIENT_SECRET,
    Settings,
)
from store.keyring import ensure_keyset_file
from testkit.emulator import Emulator
from tests.support.doctor import look_at

NOWHERE = "http://127.0.0.1:9"


def chosen(folder: Path, **settings: Any) -> Settings:
    return Settings.model_validate(
        {"data_dir": folder, "database_url": None, "port": 9, "emulator_port": 9, **settings}
    )


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


async def apps(folder: Path, **settings: Any) -> dict[str, Finding]:
    """The findings on the platforms' apps, by platform."""
    settings_of_all = chosen(folder, **settings)
    return {name: await look_at(settings_of_all, f"{name} app") for name in PlatformName}


async def test_every_platforms_app_is_asked_for(tmp_path: Path, emulator: Emulator) -> None:
    said = await apps(tmp_path, emulator_url=emulator.url)
    assert [(one.state, one.fact) for one in said.values()] == [(State.OK, "accepted")] * 2
    assert (emulator.calls("oauth.token.refresh"), emulator.calls("token.app")) == (1, 1)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("youtube", {"google_client_secret": "another"}),
        ("facebook", {"meta_app_secret": "another"}),
        ("facebook", {"meta_app_id": "100000000000002"}),
    ],
)
async def test_an_app_that_is_refused_has_failed_and_the_other_has_not(
    tmp_path: Path, emulator: Emulator, name: str, wrong: dict[str, str]
) -> None:
    said = await apps(tmp_path, **{**apps_at(emulator.url), **wrong})
    refused = said.pop(name)
    assert refused.state is State.FAILED
    assert refused.fact.startswith("refused: ")
    assert "Compare its id and secret" in (refused.remedy or "")
    assert "another" not in str(refused)
    assert [other.state for other in said.values()] == [State.OK]


async def test_a_platform_without_credentials_is_not_offered_and_nothing_is_wrong(
    tmp_path: Path, emulator: Emulator
) -> None:
    said = await apps(tmp_path, emulator_url=emulator.url, meta_app_id=None)
    assert [(one.state, one.fact) for one in said.values()] == [
        (State.OK, "accepted"),
        (State.OK, "not set, so this platform is not offered"),
    ]


async def test_without_any_credentials_the_emulator_stands_in(tmp_path: Path) -> None:
    said = await apps(
        tmp_path,
        emulator_url=None,
        **dict.fromkeys(
            ("google_client_id", "google_client_secret", "meta_app_id", "meta_app_secret")
        ),
    )
    for finding in said.values():
        assert finding.state is State.OK
        assert finding.fact == "not set: `castline up` starts the emulator instead"


async def test_behind_a_public_url_an_app_is_missing(tmp_path: Path) -> None:
    for finding in (await apps(tmp_path, public_url="https://castline.example.com")).values():
        assert finding.state is State.FAILED
        assert "Set CASTLINE_GOOGLE_CLIENT_ID" in (finding.remedy or "")


async def test_a_platform_that_does_not_answer_is_not_called_refused(tmp_path: Path) -> None:
    for finding in (await apps(tmp_path, emulator_url=NOWHERE)).values():
        assert finding.state is State.FAILED
        assert "refused" not in finding.fact
        assert "Check the network" in (finding.remedy or "")


async def test_the_emulator_in_use_is_a_warning(tmp_path: Path, emulator: Emulator) -> None:
    unused = await look_at(chosen(tmp_path), "emulator")
    assert (unused.state, unused.fact) == (State.OK, "not used")
    named = await look_at(chosen(tmp_path, emulator_url=NOWHERE), "emulator")
    assert named.state is State.WARNING
    assert NOWHERE in named.fact
    port = int(emulator.url.rpartition(":")[2])
    unasked = await look_at(chosen(tmp_path, emulator_port=port), "emulator")
    assert unasked.state is State.WARNING
    assert emulator.url in unasked.fact


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({}, State.OK),
        ({"public_url": "https://castline.example.com"}, State.OK),
        ({"public_url": "http://castline.example.com"}, State.WARNING),
        ({"host": "192.0.2.7"}, State.WARNING),
    ],
)
async def test_a_public_url_in_clear_is_a_warning(
    tmp_path: Path, settings: dict[str, str], state: State
) -> None:
    finding = await look_at(chosen(tmp_path, **settings), "public URL")
    assert finding.state is state
    assert ("plain http" in finding.fact) == (state is State.WARNING)


async def test_the_key_set_is_opened(tmp_path: Path) -> None:
    settings = chosen(tmp_path)
    missing = await look_at(settings, "key set")
    assert missing.state is State.FAILED
    ensure_keyset_file(settings.keyset_file)
    assert (await look_at(settings, "key set")).fact.startswith("opens, key ")
    settings.keyset_file.chmod(0o644)
    exposed = await look_at(settings, "key set")
    assert (exposed.state, exposed.remedy) == (State.FAILED, f"chmod 600 {settings.keyset_file}")
    settings.keyset_file.chmod(0o600)
    settings.keyset_file.write_text("{}")
    assert (await look_at(settings, "key set")).remedy == "Restore the right one."
