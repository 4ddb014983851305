"""What a test needs from the machine, and may be missing on a user's."""

import os
import shutil
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip with the reason, or fail where CASTLINE_REQUIRE_ALL=1 asks for everything."""
    if os.environ.get("CASTLINE_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def program(*names: str) -> str:
    """The path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    unavailable(f"{names[0]} is not installed")
