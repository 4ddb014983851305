"""API and worker in a network namespace that has a loopback interface and no route.

What they reach are the Unix sockets of those outside that are passed in, each on a port in there.
The API is reached through a Unix socket, too. Run as a program, this module is the namespace's
first process; it ends, with all that it has started, when its standard input does.
"""

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from testkit.emulator import ROOT
from testkit.required import unavailable
from tests.support.connect_proxy import join

_SIOCSIFFLAGS = 0x8914
_UP = 1
API_PORT = 8420
"""In there."""

Connect = Callable[[], socket.socket]


def require_namespaces() -> None:
    """Skip where this user may not make a network namespace."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-n", "true"], check=False).returncode:
        unavailable("a network namespace needs Linux, unshare and root")


@contextmanager
def sealed(
    api: Path, ways: Mapping[int, Path], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run both roles; `ways` are the sockets that a port in there leads to, `api` is its own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CASTLINE_", "TEMPORAL_")) and not name.lower().endswith("_proxy")
    }
    told = json.dumps({"api": str(api), "ways": {port: str(path) for port, path in ways.items()}})
    with subprocess.Popen(
        ["unshare", "-n", sys.executable, "-P", "-m", "tests.support.sealed", told],
        stdin=subprocess.PIPE,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(30)


@contextmanager
def passed_in(path: Path, host: str, port: int) -> Iterator[None]:
    """A Unix socket that leads to an address out here."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    _serve(listener, lambda: socket.create_connection((host, port)))
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(listener: socket.socket, connect: Connect) -> None:
    listener.listen()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_pass, args=(client, connect), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _pass(client: socket.socket, connect: Connect) -> None:
    with client:
        try:
            there = connect()
        except OSError:
            return
        with there:
            join(client, there)


def _connect_unix(path: str) -> socket.socket:
    there = socket.socket(socket.AF_UNIX)
    there.connect(path)
    return there


def main() -> None:
    told = json.loads(sys.argv[1])
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _UP))
    for port, path in told["ways"].items():
        listener = socket.socket()
        listener.bind(("127.0.0.1", int(port)))
        _serve(listener, partial(_connect_unix, path))
    into = socket.socket(socket.AF_UNIX)
    into.bind(told["api"])
    _serve(into, lambda: socket.create_connection(("127.0.0.1", API_PORT)))
    roles = [
        subprocess.Popen([sys.executable, "-P", "-m", "cli", role], stdin=subprocess.DEVNULL)
        for role in ("api", "worker")
    ]
    sys.stdin.read()
    for role in roles:
        role.kill()
        role.wait()


if __name__ == "__main__":
    main()
