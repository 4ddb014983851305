"""The command line of Temporal's dev server."""

from pathlib import Path

import pytest

from runtime.devserver import command
from runtime.settings import Settings


@pytest.mark.parametrize("durability", ["full", "normal"])
def test_the_dev_server_waits_for_the_disk_as_the_settings_say(
    tmp_path: Path, durability: str
) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "sqlite_synchronous": durability})
    assert f"synchronous={durability.upper()}" in command(Path("temporal"), settings)
