"""Node clients that other people wrote find Google and Meta at the emulator, unchanged.

Each runs by the recipe of docs/emulator.md.
"""

import pytest

from testkit.required import program, unavailable
from tests.clients.catalog import CLIENTS, Client, Language
from tests.clients.installing import HERE, PROGRAMS
from tests.clients.real_names import run_client


@pytest.fixture
def node(namespaces: None) -> str:
    node = program("node")
    if not (HERE / "node_modules").is_dir():
        unavailable("The Node clients are not installed: make tests/clients/node_modules")
    return node


@pytest.mark.parametrize(
    "client",
    [client for client in CLIENTS.values() if client.language is Language.NODE],
    ids=lambda client: client.name,
)
def test_a_strangers_client_logs_in_and_uploads(client: Client, node: str) -> None:
    result = run_client(client, [node, str(PROGRAMS / client.program)])
    assert result.satisfies(client), result.trouble
