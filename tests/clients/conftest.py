import pytest

from testkit.required import unavailable
from tests.clients.real_names import find_missing


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Namespaces are there, in which the real names lead to the emulator."""
    if missing := find_missing():
        unavailable(f"The real names need a network namespace: {missing}")
