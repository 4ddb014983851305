"""`python -m tests.clients [NAME...]`: strangers' clients against the emulator, each installed
into a folder of its own that is thrown away. Without a name: all of them."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.clients.catalog import CLIENTS
from tests.clients.installing import NotInstalled, install
from tests.clients.real_names import run_client


def main() -> int:
    """Run the clients that are named; return 0 where every one did all it can do."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CLIENTS))
    names = parser.parse_args().names or list(CLIENTS)
    if unknown := [name for name in names if name not in CLIENTS]:
        parser.error(f"There is no client {', '.join(unknown)}.")
    with tempfile.TemporaryDirectory(prefix="clients-") as folder:
        failed = [name for name in names if not _run(name, Path(folder))]
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _run(name: str, folder: Path) -> bool:
    client = CLIENTS[name]
    try:
        result = run_client(client, install(client, folder))
    except NotInstalled as missing:
        print(f"{name:<28} not run: {missing}", flush=True)
        return False
    if result.satisfies(client):
        did = f"logged in as {result.logged_in}"
        print(f"{name:<28} {did}{', uploaded' if client.uploads else ''}", flush=True)
        return True
    print(f"{name:<28} failed: {result.trouble[-1500:]}", flush=True)
    return False


if __name__ == "__main__":
    sys.exit(main())
