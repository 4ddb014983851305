"""Without isolation nobody's files are parsed behind a public address, unless that is accepted."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import examine
from runtime.probing import ensure_isolation
from runtime.settings import Settings
from store.keyring import ensure_keyset_file

ROOT = Path(__file__).parents[2]
PUBLIC = "https://castline.example.com"
LOCAL = "http://127.0.0.1:8420"


def settings(folder: Path, **more: Any) -> Settings:
    return Settings.model_validate({"data_dir": folder, "database_url": None, "port": 9, **more})


def on_old_kernel(folder: Path, *command: str, **environment: str) -> tuple[int, str]:
    """Exit code and output of a command on a kernel that isolates nothing."""
    boot = (
        "import os, sys; from tests.support.old_kernel import forget_isolation;"
        "forget_isolation(); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("CASTLINE_")}
    env |= {"PYTHONPATH": str(ROOT), "CASTLINE_DATA_DIR": str(folder), "CASTLINE_PORT": "9"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", boot, "-P", *command],
        capture_output=True,
        text=True,
        env={**env, **environment},
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr


def start(folder: Path, **environment: str) -> tuple[int, str]:
    """Start the API as far as the isolation is examined."""
    program = (
        "import logging; from runtime.settings import Settings;"
        "from runtime.probing import ensure_isolation;"
        "logging.basicConfig(); ensure_isolation(Settings())"
    )
    return on_old_kernel(folder, "-c", program, **environment)


def test_a_public_api_starts_where_probes_are_isolated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        isolation = ensure_isolation(settings(tmp_path, public_url=PUBLIC))
    assert isolation.is_complete
    assert f"probe processes are isolated: {isolation}" in caplog.messages


def test_a_public_api_does_not_start_without_isolation(tmp_path: Path) -> None:
    code, said = start(tmp_path, CASTLINE_PUBLIC_URL=PUBLIC)
    assert code == 1
    assert "Probe processes are not isolated on this machine (no seccomp, no Landlock)" in said
    assert "CASTLINE_PROBE_WITHOUT_ISOLATION=true accepts the risk." in said


@pytest.mark.parametrize(
    "environment",
    [
        {"CASTLINE_PUBLIC_URL": LOCAL},
        {"CASTLINE_PUBLIC_URL": PUBLIC, "CASTLINE_PROBE_WITHOUT_ISOLATION": "true"},
    ],
)
def test_elsewhere_and_where_it_is_accepted_it_starts_with_a_warning(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    code, said = start(tmp_path, **environment)
    assert code == 0, said
    assert "WARNING:castline.probe:probe processes are not isolated" in said


def test_the_command_itself_refuses(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    ensure_keyset_file(folder / "keyset.json")
    code, said = on_old_kernel(folder, "-m", "cli", "api", CASTLINE_PUBLIC_URL=PUBLIC)
    assert code == 1
    assert "castline: Probe processes are not isolated" in said
    assert "Traceback" not in said


def test_the_doctor_says_what_is_missing(tmp_path: Path) -> None:
    code, said = on_old_kernel(tmp_path, "-m", "cli", "doctor")
    assert code == 1
    assert "fail   probe isolation: no seccomp, no Landlock\n       A crafted video file" in said


async def test_the_doctor_names_the_isolation_in_force(tmp_path: Path) -> None:
    said: list[str] = []
    await examine(settings(tmp_path), said.append)
    (line,) = [line for line in said if "probe isolation" in line]
    assert line.startswith("ok     probe isolation: seccomp, ")
