"""`castline workspaces roots`, as an operator types it."""

from pathlib import Path

import pytest

from tests.support.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    assert machine.run("migrate").returncode == 0
    for name in ("first", "second"):
        assert machine.run("workspaces", "create", name).returncode == 0
    return machine


def test_folders_are_added_listed_and_removed(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    roots = ("workspaces", "roots")
    added = machine.run(*roots, "add", str(folder / ".." / "films"), "-w", "second")
    assert (added.returncode, str(folder) in added.stderr) == (0, True), added.stderr
    assert str(folder) in machine.run(*roots, "list", "-w", "second").stdout
    first = machine.run(*roots, "list", "-w", "first").stdout
    assert str(folder) not in first
    assert "CASTLINE_MEDIA_ROOTS" in first
    assert machine.run(*roots, "remove", str(folder), "-w", "second").returncode == 0
    again = machine.run(*roots, "remove", str(folder), "-w", "second")
    assert (again.returncode, "is not a media root of second" in again.stderr) == (1, True)
