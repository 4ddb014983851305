"""The health check of the image: exit code 0 when the role in this container is ready.

It asks the ports of all roles, since a container does not say which role it runs. It runs every
few seconds, so it imports nothing but the standard library and reads the three ports itself.
"""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

PATHS = (
    ("CASTLINE_PORT", "8420", "/readyz"),
    ("CASTLINE_WORKER_HEALTH_PORT", "0", "/readyz"),
    ("CASTLINE_EMULATOR_PORT", "8421", "/_emulator/state"),
)
"""The setting of each role's port, its default, and what is asked there."""

_SECONDS = 8


def is_ready(environment: Mapping[str, str]) -> bool:
    """Whether a role on this machine answers that it is ready."""
    return any(
        _answers(int(environment.get(name) or default), path) for name, default, path in PATHS
    )


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_ready(os.environ) else 1)
