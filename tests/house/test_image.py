"""What the image is made of, read from the Dockerfile and from what is kept out of its build."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().splitlines()
KEPT_OUT = (ROOT / ".dockerignore").read_text().splitlines()


def test_every_base_has_a_version() -> None:
    bases = [line.split()[1] for line in LINES if line.startswith("FROM")]
    assert bases
    for base in bases:
        assert re.fullmatch(r"python:3\.\d+-slim.*", base), base


def test_it_runs_as_nobody_in_particular() -> None:
    (user,) = [line.split()[1] for line in LINES if line.startswith("USER")]
    assert user.isdigit()
    assert int(user) > 0


def test_the_image_knows_whether_its_role_is_ready() -> None:
    text = "\n".join(LINES)
    (check,) = re.findall(r"HEALTHCHECK [^\n]*\\\n *CMD (\[.*\])", text)
    module = json.loads(check)[-1]
    assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    assert re.search(r"CASTLINE_WORKER_HEALTH_PORT=[1-9]", text)


def test_no_installer_is_left() -> None:
    text = "\n".join(LINES)
    assert "pip uninstall --yes setuptools pip" in text
    assert "apt-get" not in text


@pytest.mark.parametrize(
    "folder", ["tests", "testkit", "bench", "chaos", "fuzz", "docs", "deploy", ".env", ".venv"]
)
def test_what_no_role_needs_is_kept_out(folder: str) -> None:
    assert folder in KEPT_OUT


def test_what_the_roles_need_is_not_kept_out() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    packages = {name.split("/")[0] for name in listed if name.endswith("/__init__.py")}
    needed = packages - {"tests", "testkit", "bench", "chaos", "fuzz"} | {
        "requirements.txt",
        "README.md",
        "LICENSE",
    }
    assert {"api", "emulator", "store"} <= needed
    assert not needed & set(KEPT_OUT)
