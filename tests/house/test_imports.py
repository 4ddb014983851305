"""The import direction, as the contracts in pyproject.toml state it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("googleapiclient", "google.auth", "sqlmodel", "sqlalchemy", "httpx2", "pydantic", "tink")


def test_imports_point_one_way() -> None:
    # A process of its own: it disables every logger that there is.
    code = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"
    linted = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


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
    assert not {*HEAVY, "temporalio", "uvicorn", "runtime"} & set(loaded)
