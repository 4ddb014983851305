"""`castline emulator` and `python -m emulator`: serve until told to stop."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from emulator.server import run
from emulator.tls import REAL_NAMES, Identity, ensure_identity


def main() -> None:
    """Read the command line and serve; print one line when ready."""
    # The state file, its draft and the certificate's key are their user's alone.
    os.umask(0o077)
    options = _parser().parse_args()
    identity = None
    if options.tls:
        try:
            identity = ensure_identity(options.tls_folder, host=options.host)
        except OSError as error:
            raise SystemExit(
                f"emulator: The folder {options.tls_folder} cannot hold a certificate "
                f"({error.strerror}). Name another --tls-folder."
            ) from None
    tls = identity.context() if identity else None
    ready = _announce(identity)
    asyncio.run(run(options.host, options.port, state=options.state, tls=tls, ready=ready))


def _parser() -> argparse.ArgumentParser:
    # The only declaration of these options: `castline emulator` hands its own down as they are.
    parser = argparse.ArgumentParser(
        prog="castline emulator",
        description="Google's OAuth and the YouTube Data API, Facebook Login and Pages, "
        "emulated over real HTTP.",
        epilog="docs/emulator.md says how clients find it under the platforms' real names.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address it listens on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="keep the world in this file")
    parser.add_argument(
        "--tls",
        action="store_true",
        help="serve https under the platforms' real names, with a certificate that is made here",
    )
    parser.add_argument(
        "--tls-folder",
        type=Path,
        default=Path("emulator-tls"),
        help="keep the certificate and its authority in this folder",
    )
    return parser


def _announce(identity: Identity | None) -> Callable[[str], None]:
    def announce(address: str) -> None:
        lines = [f"emulator is ready: {address}"]
        if identity:
            lines += [
                f"It has a certificate for localhost and {len(REAL_NAMES)} names of the "
                f"platforms, signed by {identity.authority}.",
                "These lines make clients trust it:",
                *identity.trust_lines(),
                f"{identity.hosts} is a hosts file with the names.",
            ]
        # One write: who starts it may read the first line and close the pipe.
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()

    return announce


if __name__ == "__main__":
    main()
