"""Clients that other people wrote find Google and Meta at the emulator, under the real names.

Each runs by the recipe of docs/emulator.md, unchanged; `python -m tests.clients` runs those, too,
whose packages are not among the dependencies of the tests.
"""

import subprocess
import sys

import pytest

from tests.clients.catalog import CLIENTS, Client, Language
from tests.clients.installing import HERE, PROGRAMS
from tests.clients.real_names import RECIPE, find_missing, recipe_environment, run_client
from tests.support.required import program, unavailable

IN_SUITE = [client for client in CLIENTS.values() if client.in_suite]


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    if missing := find_missing():
        unavailable(f"The real names need a network namespace: {missing}")


def command(client: Client) -> list[str]:
    """The client's program, with what is installed here."""
    file = str(PROGRAMS / client.program)
    if client.language is Language.PYTHON:
        return [sys.executable, file]
    node = program("node")
    if not (HERE / "node_modules").is_dir():
        unavailable("npm install --no-package-lock --prefix tests/clients")
    return [node, file]


@pytest.mark.parametrize("client", IN_SUITE, ids=lambda client: client.name)
def test_a_strangers_client_logs_in_and_uploads(client: Client) -> None:
    result = run_client(client, command(client))
    assert result.satisfies(client), result.trouble


def recipe(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command by the recipe alone."""
    env = {**recipe_environment(), **environment}
    return subprocess.run([RECIPE, *words], env=env, capture_output=True, text=True, check=False)


def test_the_recipe_ends_as_its_command_ends() -> None:
    ended = recipe("sh", "-c", "exit 7")
    assert ended.returncode == 7


def test_what_is_not_a_platforms_name_is_not_reached() -> None:
    ended = recipe("curl", "--silent", "https://www.example.com/")
    assert ended.returncode == 6  # could not resolve


def test_the_machine_keeps_its_hosts_file() -> None:
    shown = recipe("cat", "/etc/hosts").stdout
    assert "127.0.0.1 graph.facebook.com" in shown
    assert "facebook" not in subprocess.check_output(["cat", "/etc/hosts"], text=True)


def test_an_emulator_that_does_not_start_says_why() -> None:
    ended = recipe("true", EMULATOR="cat /no/such/program")
    assert ended.returncode == 125
    assert "unrecognized option" in ended.stderr
