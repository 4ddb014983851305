"""Python clients that other people wrote find Google and Meta at the emulator, unchanged.

Each runs by the recipe of docs/emulator.md. `python -m tests.clients` runs those, too, whose
packages are not among the dependencies of the tests.
"""

import sys

import pytest

from tests.clients.catalog import CLIENTS, Client, Language
from tests.clients.installing import PROGRAMS
from tests.clients.real_names import run_client

HERE = [c for c in CLIENTS.values() if c.in_suite and c.language is Language.PYTHON]


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("client", HERE, ids=lambda client: client.name)
def test_a_strangers_client_logs_in_and_uploads(client: Client) -> None:
    result = run_client(client, [sys.executable, str(PROGRAMS / client.program)])
    assert result.satisfies(client), result.trouble
