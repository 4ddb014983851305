"""What docker-compose.yml promises, read as a file; checked by the program where it is there."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.settings import Settings
from runtime.settings_rules import variable
from testkit.required import program

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
OURS = ("api", "worker", "emulator", "migrate")
SERVICES: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
SECRET = re.compile("PASSWORD|PWD|SECRET|KEYSET|DATABASE_URL")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return SERVICES


def volumes(service: dict[str, Any]) -> set[str]:
    return {mount.partition(":")[0] for mount in service.get("volumes", [])}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_privilege_and_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["mem_limit"]
    assert service["pids_limit"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_memory_for_temporary_files_is_limited_too(name: str) -> None:
    for folder in SERVICES[name]["tmpfs"]:
        assert ":size=" in folder


def test_the_emulator_has_nothing_of_the_others(services: dict[str, Any]) -> None:
    emulator = services["emulator"]
    assert not emulator.get("environment")
    assert "env_file" not in emulator
    others = {name: service for name, service in services.items() if name != "emulator"}
    for other in others.values():
        assert not volumes(emulator) & volumes(other)
    assert emulator["networks"] == ["platforms"]
    reachable = {name for name, other in others.items() if "platforms" in other["networks"]}
    assert reachable == {"api", "worker"}


def test_the_key_set_is_where_it_is_needed(services: dict[str, Any]) -> None:
    holders = {name for name, service in services.items() if "castline-data" in volumes(service)}
    assert holders == {"api", "worker", "migrate"}


def test_the_migration_has_no_credentials_of_platforms(services: dict[str, Any]) -> None:
    assert not [name for name in services["migrate"]["environment"] if "_APP_" in name]
    assert not [name for name in services["migrate"]["environment"] if "_CLIENT_" in name]


def test_castline_and_temporal_have_users_of_their_own(services: dict[str, Any]) -> None:
    for name, service in services.items():
        environment = service.get("environment", {})
        given = {
            user
            for user in ("", "CASTLINE_", "TEMPORAL_")
            if f"POSTGRES_{user}PASSWORD:?" in str(environment)
        }
        expected = {
            "postgresql": {"", "CASTLINE_", "TEMPORAL_"},
            "temporal-schema": {"TEMPORAL_"},
            "temporal": {"TEMPORAL_"},
            "migrate": {"CASTLINE_"},
            "worker": {"CASTLINE_"},
            "api": {"CASTLINE_"},
        }
        assert given == expected.get(name, set()), name
    assert services["temporal"]["environment"]["POSTGRES_USER"] == "temporal"
    assert services["temporal-schema"]["environment"]["POSTGRES_USER"] == "temporal"
    url = services["api"]["environment"]["CASTLINE_DATABASE_URL"]
    assert url.startswith("postgresql+psycopg://castline:")


def test_every_password_is_in_the_example(services: dict[str, Any]) -> None:
    needed = set(re.findall(r"\$\{(\w+):\?", FILE.read_text()))
    example = (ROOT / "deploy" / "env.example").read_text()
    assert needed
    assert needed <= set(re.findall(r"^(\w+)=$", example, re.MULTILINE))


def test_everything_needed_is_there(services: dict[str, Any]) -> None:
    assert {*OURS, "postgresql", "temporal", "temporal-ui"} <= set(services)
    assert services["postgresql"]["image"] == "postgres:16"
    assert services["emulator"]["profiles"] == ["emulator"]


def test_ports_are_published_to_this_machine_alone(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_only_real_settings_are_set(services: dict[str, Any]) -> None:
    known = set(map(variable, Settings.model_fields))
    for name in set(OURS) - {"emulator"}:
        given = {key for key in services[name]["environment"] if key.startswith("CASTLINE_")}
        assert given <= known
        assert given


def test_no_secret_is_written_down(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key):
                assert re.search(r"(?:^|castline:)\$\{", str(value)), f"{name}: {key}"


def test_who_serves_tells_its_health(services: dict[str, Any]) -> None:
    for name in ("postgresql", "temporal", "api", "worker", "emulator"):
        assert services[name]["healthcheck"]["test"]
    assert services["api"]["healthcheck"] == services["worker"]["healthcheck"]
    assert int(services["worker"]["environment"]["CASTLINE_WORKER_HEALTH_PORT"])


def test_a_worker_has_time_to_reach_a_safe_point(services: dict[str, Any]) -> None:
    grace = int(services["worker"]["environment"]["CASTLINE_GRACEFUL_SECONDS"])
    assert int(services["worker"]["stop_grace_period"].removesuffix("s")) > grace


def test_mounted_files_are_there(services: dict[str, Any]) -> None:
    mounts = {
        mount.split(":")[0]
        for service in services.values()
        for mount in service.get("volumes", [])
        if mount.startswith("./")
    }
    assert mounts
    assert all((ROOT / mount).is_dir() for mount in mounts)


def test_a_proxy_can_be_named_in_the_env_file(services: dict[str, Any]) -> None:
    given = services["api"]["environment"]["CASTLINE_TRUSTED_PROXIES"]
    assert given == "${CASTLINE_TRUSTED_PROXIES:-}"
    assert "\nCASTLINE_TRUSTED_PROXIES=\n" in (ROOT / "deploy" / "env.example").read_text()


@pytest.mark.parametrize(
    "name",
    [
        "PLATFORM_PROXY",
        "SOURCE_PROXY",
        "WEBHOOK_PROXY",
        "NO_PROXY",
        "SOURCE_PROXY_ENFORCES_POLICY",
        "WEBHOOK_PROXY_ENFORCES_POLICY",
    ],
)
def test_the_proxies_on_the_ways_out_can_be_named_in_the_env_file(
    services: dict[str, Any], name: str
) -> None:
    for service in ("api", "worker"):
        environment = services[service]["environment"]
        assert environment[f"CASTLINE_{name}"] == f"${{CASTLINE_{name}:-}}"
    assert f"\nCASTLINE_{name}=\n" in (ROOT / "deploy" / "env.example").read_text()


PASSWORDS = {f"POSTGRES_{user}PASSWORD": "irrelevant" for user in ("", "CASTLINE_", "TEMPORAL_")}


def rendered(**environment: str) -> dict[str, Any]:
    """The services as docker-compose reads the file with these values in .env."""
    inherited = {name: value for name, value in os.environ.items() if "CASTLINE_" not in name}
    checked = subprocess.run(
        [program("docker-compose"), "--profile", "emulator", "config"],
        cwd=ROOT,
        env={**inherited, **PASSWORDS, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    services: dict[str, Any] = yaml.safe_load(checked.stdout)["services"]
    return services


@pytest.mark.parametrize(
    "chosen",
    [
        {"CASTLINE_GOOGLE_CLIENT_ID": "an-id", "CASTLINE_GOOGLE_CLIENT_SECRET": "GOCSPX-1"},
        {
            "CASTLINE_EMULATOR_URL": "http://emulator:8421",
            "CASTLINE_GOOGLE_AUTH_URL": "http://127.0.0.1:8421/o/oauth2/v2/auth",
            "CASTLINE_META_DIALOG_ROOT": "http://127.0.0.1:8421",
        },
    ],
    ids=["real", "emulator"],
)
def test_castline_takes_the_settings_it_is_given(
    monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str]
) -> None:
    services = rendered(**chosen)
    for name in OURS:
        for given in [given for given in os.environ if given.startswith("CASTLINE_")]:
            monkeypatch.delenv(given)
        for key, value in services[name].get("environment", {}).items():
            monkeypatch.setenv(key, str(value))
        assert Settings().has_app_credentials == (name in ("api", "worker"))


def test_a_missing_password_is_refused() -> None:
    for missing in PASSWORDS:
        with pytest.raises(AssertionError, match=r"put one into \.env"):
            rendered(**{missing: ""})
