"""Runs a client's program by the recipe of docs/emulator.md, where the real names lead to us."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.clients.catalog import Client

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "deploy" / "with_real_names.sh"


@dataclass(frozen=True, slots=True)
class Result:
    """What the program did, and whether the emulator agrees."""

    logged_in: str | None
    """The name, address or channel that the client read after its login."""
    uploaded: str | None
    same_bytes: bool | None
    """Whether the emulator has exactly this file, once; None where nothing was uploaded."""
    trouble: str
    """What was on standard error, and where the browser came to grief."""

    def satisfies(self, client: Client) -> bool:
        """Whether the client did all that it can do."""
        return bool(self.logged_in) and (self.same_bytes is True or not client.uploads)


def run_client(client: Client, command: list[str]) -> Result:
    """Run the program to its end, with an emulator of its own."""
    session = [sys.executable, "-P", "-m", "tests.clients.session", client.platform]
    done = subprocess.run(
        [str(RECIPE), *session, *command],
        env={**recipe_environment(), "PYTHONWARNINGS": "ignore"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout.strip().splitlines()[-1]) if done.stdout.strip() else {}
    trouble = "\n".join([*said.get("troubles", []), done.stderr.strip()])
    ended_well = said.get("exit_code") == 0
    return Result(
        logged_in=said.get("logged_in") if ended_well else None,
        uploaded=said.get("uploaded") if ended_well else None,
        same_bytes=said.get("same_bytes") if ended_well else None,
        trouble=trouble,
    )


def recipe_environment() -> dict[str, str]:
    """The environment of the recipe: the emulator of this checkout, whatever is installed."""
    emulator = f"{sys.executable} -P -m emulator"
    return {**os.environ, "PYTHONPATH": str(ROOT), "EMULATOR": emulator}


def find_missing() -> str | None:
    """Why the recipe cannot be followed on this machine, or None."""
    tried = subprocess.run(
        [str(RECIPE), "true"], env=recipe_environment(), capture_output=True, text=True, check=False
    )
    return tried.stderr.strip() or "unshare failed" if tried.returncode else None
