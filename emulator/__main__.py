"""`castline emulator` and `python -m emulator`: serve until told to stop."""

import argparse
import asyncio
import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from emulator.server import run
from emulator.tls import REAL_NAMES, Identity, ensure_identity


def main() -> None:
    """Read the command line and serve; print one line when ready."""
    # The state file, its draft and the certificate's key are their user's alone.
    os.umask(0o077)
    options = _parser().parse_args()
    try:
        identity = ensure_identity(options.tls_folder, host=options.host) if options.tls else None
        asyncio.run(
            run(
                options.host,
                options.port,
                state=options.state,
                tls=identity.context() if identity else None,
                ready=_announce(identity),
            )
        )
    except (OSError, ValueError) as error:
        raise SystemExit(f"emulator: {_explain(error, options.host, options.port)}") from None


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
        print(f"emulator is ready: {address}", flush=True)
        if identity is None:
            return
        print(
            f"It has a certificate for localhost and {len(REAL_NAMES)} names of the platforms, "
            f"signed by {identity.authority}.",
            "These lines make clients trust it:",
            *identity.trust_lines(),
            f"{identity.hosts} is a hosts file with the names.",
            sep="\n",
            flush=True,
        )

    return announce


def _explain(error: Exception, host: str, port: int) -> str:
    """What happened and what to do."""
    if isinstance(error, socket.gaierror) or _number(error) == errno.EADDRNOTAVAIL:
        return (
            f"--host={host} is not an address of this machine. Name one of its own, or 0.0.0.0 "
            "for all of them."
        )
    if _number(error) == errno.EADDRINUSE:
        return (
            f"Port {port} of the emulator is taken by another program. Stop that one, or choose "
            "another port with --port."
        )
    if isinstance(error, OSError) and error.filename is None:
        return f"{host}:{port} cannot be used: {error.strerror}. Choose another one with --port."
    return f"{error} Check --state and --tls-folder." if _number(error) else str(error)


def _number(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None


if __name__ == "__main__":
    main()
