"""One table in the README has every name of ours that anything reads, and every command."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import app
from runtime.settings import OTHER_NAMES, Settings, known_names

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
NAME = re.compile(r"\bCASTLINE_[A-Z0-9_]*[A-Z0-9]\b")


def commands() -> list[str]:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return [
        word
        for name, command in root.commands.items()
        for word in (
            [f"{name} {inner}" for inner in command.commands]
            if isinstance(command, TyperGroup)
            else [name]
        )
    ]


def documented() -> list[str]:
    """The names in the first column of the table of settings, in their order."""
    rows = [line for line in README.read_text().splitlines() if line.startswith("| `CASTLINE_")]
    return [name for row in rows for name in NAME.findall(row.split("|")[1])]


def test_the_table_has_every_name_once_and_no_other() -> None:
    assert sorted(documented()) == sorted(known_names())


def test_every_name_anywhere_in_the_repository_is_known() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    unknown = {
        (name, file)
        for file in filter(None, listed)
        if (ROOT / file).is_file()
        for name in NAME.findall((ROOT / file).read_text(errors="ignore"))
        if name not in known_names()
    }
    assert not unknown


def test_a_name_beside_the_settings_is_none_of_them() -> None:
    assert not {name.removeprefix("CASTLINE_").lower() for name in OTHER_NAMES} & set(
        Settings.model_fields
    )


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_says_what_it_is(name: str) -> None:
    assert Settings.model_fields[name].description


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"castline {command}" in README.read_text()
