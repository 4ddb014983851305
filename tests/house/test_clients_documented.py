"""docs/emulator.md names every client that is run here, with its version."""

import json
import re
from pathlib import Path

import pytest

from emulator.tls import REAL_NAMES, TRUST_VARIABLES
from tests.clients.catalog import CLIENTS, Language

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "emulator.md").read_text()
NPM = json.loads((ROOT / "tests" / "clients" / "package.json").read_text())["dependencies"]


@pytest.mark.parametrize("client", CLIENTS.values(), ids=lambda client: client.name)
def test_a_client_is_in_the_table(client: object) -> None:
    assert f"| `{client.name}` |" in PAGE  # type: ignore[attr-defined]


def test_versions_are_those_that_are_run() -> None:
    for client in CLIENTS.values():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{client.name}` |")]
        for package in client.packages:
            name, _, version = re.sub(r"\[.+\]", "", package).partition("==")
            assert f"{name} {version}" in row
        if client.language is Language.NODE:
            assert any(f"{name} {version}" in row for name, version in NPM.items()), row


def test_npm_installs_exact_versions() -> None:
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in NPM.values())


def test_every_real_name_and_variable_is_listed() -> None:
    for word in (*REAL_NAMES, *TRUST_VARIABLES):
        assert f"`{word}`" in PAGE, word
