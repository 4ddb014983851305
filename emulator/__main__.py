"""`python -m emulator`: serve until told to stop."""

import argparse
import asyncio
import os
from pathlib import Path

from emulator.server import load_tls, run


def main() -> None:
    """Read the command line and serve; print one line when ready."""
    # The state file and its draft are their user's alone.
    os.umask(0o077)
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Google's OAuth and the YouTube Data API, Facebook Login and Pages, "
        "emulated over real HTTP.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="keep the world in this file")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain, PEM")
    parser.add_argument("--tls-key", type=Path, help="its private key, PEM")
    options = parser.parse_args()

    tls = None
    if options.tls_cert:
        tls = load_tls(options.tls_cert, options.tls_key)
    asyncio.run(run(options.host, options.port, state=options.state, tls=tls, ready=_announce))


def _announce(address: str) -> None:
    print(f"emulator is ready: {address}", flush=True)


if __name__ == "__main__":
    main()
