"""The way in, of `castline` and of `python -m cli`.

Our packages have plain names. Another package of such a name may be found before ours: by
PYTHONPATH, or in the folder that Python was started in. That is refused before anything is loaded.
"""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGES = (
    *("domain", "transport", "media", "platforms", "store", "activities", "workflows"),
    *("runtime", "api", "cli", "emulator"),
)
_HOME = Path(__file__).parents[1]


def main() -> None:
    """Run the command that was typed. Never returns."""
    for name, place in _foreign_packages():
        sys.exit(
            f"castline: the package {name} would be loaded from {place}, and Castline's own is in "
            f"{_HOME}. Install Castline into an environment of its own, and take the other "
            "package out of PYTHONPATH."
        )
    from cli.main import main as run

    run()


def _foreign_packages() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        found = find_spec(name)
        places = (found.submodule_search_locations if found else None) or ["nowhere"]
        if Path(places[0]) != _HOME / name:
            yield name, places[0]


if __name__ == "__main__":
    main()
