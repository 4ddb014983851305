"""One role of an installation as a process of its own, told by its environment alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.settings import Settings
from testkit.emulator import ROOT


@contextmanager
def role(name: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`castline <name>`, just started; killed at the end if it still runs."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CASTLINE_", "TEMPORAL_"))
    }
    told = {
        "CASTLINE_DATA_DIR": str(settings.data_dir),
        "CASTLINE_DATABASE_URL": settings.database,
        "CASTLINE_PORT": str(settings.port),
        "CASTLINE_SQLITE_SYNCHRONOUS": settings.sqlite_synchronous,
        "CASTLINE_TEMPORAL_ADDRESS": settings.temporal_address,
        "CASTLINE_EMULATOR_URL": str(settings.emulator_url),
        "CASTLINE_PROBES_PER_WORKSPACE": str(settings.probes_per_workspace),
        "CASTLINE_TRANSFERS_PER_WORKSPACE": str(settings.transfers_per_workspace),
        "CASTLINE_ALLOW_PRIVATE_SOURCES": str(settings.allow_private_sources),
        "CASTLINE_MEDIA_ROOTS": os.pathsep.join(map(str, settings.media_roots)),
        "PYTHONPATH": str(ROOT),
    }
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", name], env={**inherited, **told}
    ) as process:
        try:
            yield process
        finally:
            process.kill()
