"""What a child process inherits from the environment: what it needs, and no secret beside that.

A shell that starts Castline may hold anything: keys of a cloud, tokens, Castline's own app
credentials. Temporal and the emulator get none of it; worker and API get Castline's settings and
how the network is reached.
"""

import os
from collections.abc import Callable
from pathlib import Path

from runtime.settings import Settings
from runtime.settings_rules import variable

_HOME = Path(__file__).parents[2]
"""The folder that our packages lie in: a checkout, or the packages of an environment."""

_SYSTEM = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def plain_environment() -> dict[str, str]:
    """For a program that needs no setting."""
    system = {
        name: value
        for name, value in os.environ.items()
        if name in _SYSTEM or name.startswith(("LC_", "PYTHON"))
    }
    return {**system, "PYTHONPATH": str(_HOME)}


def service_environment() -> dict[str, str]:
    """For worker and API: the settings, and how the network is reached."""
    ours = set(map(variable, Settings.model_fields))
    settings = {name.upper(): value for name, value in os.environ.items() if name.upper() in ours}
    network = {name: value for name, value in os.environ.items() if name.upper() in _NETWORK}
    return {**plain_environment(), **network, **settings}


def forget_foreign_temporal(tell: Callable[[str], None]) -> None:
    """Take Temporal's own settings out of the environment, for `castline up` brings its own."""
    # They would lead this process and its children to another one.
    foreign = [name for name in os.environ if name.startswith("TEMPORAL_")]
    for name in foreign:
        del os.environ[name]
    if foreign:
        tell(f"{', '.join(foreign)}: not used, `castline up` brings its own Temporal")
