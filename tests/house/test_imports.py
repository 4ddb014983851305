"""The import direction, as the contracts in pyproject.toml state it."""

import subprocess
import sys
from pathlib import Path

import pytest
from importlinter import cli as importlinter

ROOT = Path(__file__).parents[2]
HEAVY = ("googleapiclient", "google.auth", "sqlmodel", "sqlalchemy", "httpx", "pydantic", "tink")


def test_imports_point_one_way() -> None:
    assert importlinter.lint_imports(
        config_filename=str(ROOT / "pyproject.toml"), no_cache=True
    ) == (importlinter.EXIT_STATUS_SUCCESS)


@pytest.mark.parametrize("module", ["workflows", "activities.contract", "domain"])
def test_what_a_workflow_loads_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert module in loaded
    assert not set(HEAVY) & set(loaded)


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, cli.main; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {*HEAVY, "temporalio", "uvicorn", "settings"} & set(loaded)
