"""Takes file system, network and other processes away from this process, for good.

Two layers of the Linux kernel, both without privileges: a seccomp filter that allows only what
computing on memory and two open descriptors needs, and Landlock, which denies files, TCP, and
signals even where a call should get past the filter. The filter alone isolates; Landlock alone does
not, because it knows no UDP.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
"""System call numbers of Landlock, the same on both machines."""
_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many kinds of access to files each version of Landlock knows; from version 5 on 16."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What is in force, as tried after it was asked for."""

    landlock: int = 0
    """The version of its interface; 0 where the kernel has none or denies it."""
    seccomp: bool = False

    @property
    def is_complete(self) -> bool:
        """True when the kernel denies files, network and other processes."""
        return self.seccomp

    def __str__(self) -> str:
        seccomp = "seccomp" if self.seccomp else "no seccomp"
        return f"{seccomp}, {f'Landlock ABI {self.landlock}' if self.landlock else 'no Landlock'}"


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int
    """Its identifier in `struct seccomp_data`."""
    allowed: tuple[int, ...]


# read write close lseek, mmap mprotect munmap mremap brk madvise, futex sched_yield getrandom,
# clock_gettime gettimeofday, getpid gettid, rt_sigreturn exit exit_group, in this order: nothing
# that names a file, an address or another process.
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        (
            *(0, 1, 3, 8, 9, 10, 11, 25, 12, 28, 202, 24, 318),
            *(228, 96, 39, 186, 15, 60, 231),
        ),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (
            *(63, 64, 57, 62, 222, 226, 215, 216, 214, 233, 98, 124, 278),
            *(113, 169, 172, 178, 139, 93, 94),
        ),
    ),
}


def isolate() -> Isolation:
    """Apply what this kernel has, and say what is in force. It cannot be undone. Never fails."""
    if sys.platform != "linux":
        return Isolation()
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        return Isolation()
    landlock = _restrict_by_landlock(libc)
    if landlock and not _is_denied(_open_folder):
        landlock = 0
    machine = _MACHINES.get(platform.machine())
    if machine is None or not install(libc, allow_only(machine.audit, machine.allowed)):
        return Isolation(landlock)
    return Isolation(landlock, _is_denied(_open_folder) and _is_denied(_open_socket))


def _restrict_by_landlock(libc: ctypes.CDLL) -> int:
    """Deny everything that Landlock knows. Return its version, 0 when it does not work."""
    version = int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    if version < 1:
        return 0
    rights = [(1 << _FS_RIGHTS.get(version, 16)) - 1]
    if version >= 4:
        rights.append(0b11)  # bind and connect by TCP
    if version >= 6:
        rights.append(0b11)  # abstract sockets and signals to processes outside
    attributes = struct.pack(f"={len(rights)}Q", *rights)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return 0
    is_restricted = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return version if is_restricted else 0


def allow_only(audit: int, allowed: Iterable[int]) -> bytes:
    """A seccomp program: these calls of this machine are allowed, all others are EPERM."""
    numbers = tuple(allowed)
    load, equal, answer = 0x20, 0x15, 0x06
    refuse, allow = 0x00050000 | errno.EPERM, 0x7FFF0000
    steps = [
        (load, 0, 0, 4),
        (equal, 0, len(numbers) + 1, audit),
        (load, 0, 0, 0),
        *((equal, len(numbers) - at, 0, number) for at, number in enumerate(numbers)),
        (answer, 0, 0, refuse),
        (answer, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def install(libc: ctypes.CDLL, program: bytes) -> bool:
    """Give the kernel a seccomp program. False where it does not take it."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    wanted = Program(len(program) // 8, program)
    mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    return bool(libc.prctl(_PR_SET_SECCOMP, mode, ctypes.byref(wanted)) == 0)


def _open_folder() -> None:
    os.close(os.open("/", os.O_RDONLY))


def _open_socket() -> None:
    socket.socket().close()


def _is_denied(call: Callable[[], None]) -> bool:
    try:
        call()
    except PermissionError:
        return True
    except OSError:
        return False
    return False
