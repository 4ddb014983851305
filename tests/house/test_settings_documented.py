"""The README speaks of every setting and every command."""

from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import app
from settings import Settings

README = Path(__file__).parents[2] / "README.md"


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


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"CASTLINE_{name.upper()}" in README.read_text()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_says_what_it_is(name: str) -> None:
    assert Settings.model_fields[name].description


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"castline {command}" in README.read_text()
