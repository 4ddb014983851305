"""What docker-compose.yml promises, read as a file; checked by the program where it is there."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings
from tests.support.required import program

ROOT = Path(__file__).parents[2]
OURS = ("api", "worker", "emulator", "migrate")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return read


def test_everything_needed_is_there(services: dict[str, Any]) -> None:
    assert {*OURS, "postgresql", "temporal", "temporal-ui"} <= set(services)
    assert services["postgresql"]["image"] == "postgres:16"
    assert services["emulator"]["profiles"] == ["emulator"]


def test_ports_are_published_to_this_machine_alone(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_only_real_settings_are_set(services: dict[str, Any]) -> None:
    known = {f"CASTLINE_{name.upper()}" for name in Settings.model_fields}
    for name in OURS:
        given = {key for key in services[name]["environment"] if key.startswith("CASTLINE_")}
        assert given <= known
        assert given


def test_no_secret_is_written_down(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if any(word in key for word in ("PASSWORD", "PWD", "SECRET", "KEYSET")):
                assert str(value).startswith("${"), f"{name}: {key}"


def test_who_serves_tells_its_health(services: dict[str, Any]) -> None:
    for name in ("postgresql", "temporal", "api", "emulator"):
        assert services[name]["healthcheck"]["test"]


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


def test_docker_compose_takes_it() -> None:
    checked = subprocess.run(
        [program("docker-compose"), "--profile", "emulator", "config", "--quiet"],
        cwd=ROOT,
        env={**os.environ, "POSTGRES_PASSWORD": "irrelevant"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
