"""Probe processes whose parser is under the control of the file: one behaviour each.

They run in a real child, behind the real isolation, through the real pool.
"""

import ctypes
import errno
import os
import platform
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from media.probe.child import RemoteFile, main, receive, send
from media.probe.pool import ProbePool
from media.probe.process import probe_command
from media.probe.protocol import FOUND, READ, READ_BYTES, SPAN, Found

NOTHING = Found("", "", False, False, None, None, None)
CANARY = "/etc/passwd"
_BOOT = (
    "import sys; sys.path += sys.argv[1:]; from tests.support.hostile_probes import act; act({!r})"
)


def hostile_pool(behaviour: Callable[[RemoteFile], Found], *, seconds: float = 10) -> ProbePool:
    """One process at a time, so that one that keeps its slot is noticed."""
    command = probe_command(_BOOT.format(behaviour.__name__))
    return ProbePool(command, processes=1, ahead=0, parser_seconds=seconds)


def act(behaviour: str) -> None:
    main(globals()[behaviour])


def hangs(_: RemoteFile) -> NoReturn:
    receive(1 << 20)
    raise AssertionError


def loops(_: RemoteFile) -> NoReturn:
    while True:
        pass


def crashes(_: RemoteFile) -> NoReturn:
    ctypes.string_at(0)
    raise AssertionError


def raises(_: RemoteFile) -> NoReturn:
    raise ValueError


def ends_well(_: RemoteFile) -> NoReturn:
    os._exit(0)


def closes_its_socket(_: RemoteFile) -> NoReturn:
    os.close(0)
    while True:
        pass


def floods(_: RemoteFile) -> NoReturn:
    while True:
        send(b"\xff" * READ_BYTES)


def floods_after_its_answer(_: RemoteFile) -> NoReturn:
    send(FOUND + b"\xff" * 1_000_000)
    raise AssertionError


def asks_without_end(_: RemoteFile) -> NoReturn:
    while True:
        send(READ + SPAN.pack(1 << 60, 1))
        receive(4)


def asks_without_endything(_: RemoteFile) -> NoReturn:
    send(READ + SPAN.pack(0, (1 << 32) - 1))
    raise AssertionError


def answers_half(_: RemoteFile) -> NoReturn:
    send(FOUND + b"\1")
    os._exit(0)


def answers_letters(_: RemoteFile) -> Found:
    return Found("é<script>", "", True, False, None, None, None)


def answers_a_header(_: RemoteFile) -> Found:
    return Found("MPEG-4", "video/mp4\r\nX-Evil: 1", True, False, None, None, None)


def answers_a_negative_size(_: RemoteFile) -> Found:
    return Found("MPEG-4", "video/mp4", True, False, -5, 0, None)


def swells(_: RemoteFile) -> Found:
    """It says how many MiB it got."""
    taken = []
    try:
        while True:
            taken.append(b"x" * (1 << 20))
    except MemoryError:
        count = len(taken)
        taken.clear()
        return Found("swollen", "", True, False, None, count, None)


def reaches_out(_: RemoteFile) -> Found:
    """It says which of its attempts was not denied, by the first of them."""
    for name, attempt in _ATTEMPTS.items():
        try:
            attempt()
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EACCES):
                continue
        return Found(f"{name} was not denied", "", True, False, None, None, None)
    return Found("denied", "", True, False, None, None, None)


def tells_what_it_inherited(_: RemoteFile) -> Found:
    """The number of open descriptors beyond the first three, and of secrets in the environment."""
    descriptors = 0
    for number in range(3, 200):
        with suppress(OSError):
            os.read(number, 0)
            descriptors += 1
    secrets = sum(name.startswith("CASTLINE_") for name in os.environ)
    return Found("inherited", "", True, False, None, descriptors + 1, secrets + 1)


def _syscall(number: int, *arguments: int) -> None:
    if _LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")


_PTRACE = {"x86_64": 101, "aarch64": 117}.get(platform.machine(), 0)
_LIBC = ctypes.CDLL(None, use_errno=True)
_ATTEMPTS: dict[str, Callable[[], object]] = {
    "open": lambda: os.open(CANARY, os.O_RDONLY),
    "stat": lambda: os.stat(CANARY),  # noqa: PTH116
    "listdir": lambda: os.listdir("/"),  # noqa: PTH208
    "create": lambda: os.open("/tmp/castline-probe", os.O_CREAT | os.O_WRONLY),
    "unlink": lambda: os.unlink("/tmp/castline-probe"),  # noqa: PTH108
    "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "unix": lambda: socket.socket(socket.AF_UNIX),
    "socketpair": socket.socketpair,
    "execve": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),
    "fork": os.fork,
    "kill": lambda: os.kill(os.getppid(), 0),
    "own group": lambda: os.kill(os.getpid(), signal.SIGCONT),
    "memfd_create": lambda: os.memfd_create("x"),
    "pipe": os.pipe,
    "dup": lambda: os.dup(0),
    "setitimer": lambda: signal.setitimer(signal.ITIMER_REAL, 0),
    "ptrace": lambda: _syscall(_PTRACE, 0),
    "io_uring_setup": lambda: _syscall(425, 1, 0),
    "clone3": lambda: _syscall(435, 0, 0),
    "openat2": lambda: _syscall(437, 0, 0, 0, 0),
    "pidfd_open": lambda: _syscall(434, 1, 0),
}
