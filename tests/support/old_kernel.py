"""Turns the kernel of this process into one that knows neither Landlock nor seccomp.

A real seccomp filter answers ENOSYS to their calls, here and in all children. It cannot be undone,
so it is used in a process of its own.
"""

import ctypes
import errno
import platform
import struct

from media.probe.isolation import install

_PRCTL, _SECCOMP = {"x86_64": (157, 317), "aarch64": (167, 277)}.get(platform.machine(), (0, 0))
_LANDLOCK = (444, 445, 446)
_SET_SECCOMP = 22


def forget_isolation(*, only_landlock: bool = False) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3) == 0
    assert install(libc, _without_landlock() if only_landlock else _without_both())


def _without_landlock() -> bytes:
    equal = [(0x15, 3 - at, 0, number) for at, number in enumerate(_LANDLOCK)]
    return _program((0x20, 0, 0, 0), *equal, _ALLOW, _MISSING)


def _without_both() -> bytes:
    numbers = (*_LANDLOCK, _SECCOMP)
    equal = [(0x15, 7 - at, 0, number) for at, number in enumerate(numbers)]
    return _program(
        (0x20, 0, 0, 0),
        *equal,
        (0x15, 0, 2, _PRCTL),
        (0x20, 0, 0, 16),  # the first argument
        (0x15, 1, 0, _SET_SECCOMP),
        _ALLOW,
        _MISSING,
    )


_ALLOW = (0x06, 0, 0, 0x7FFF0000)
_MISSING = (0x06, 0, 0, 0x00050000 | errno.ENOSYS)


def _program(*steps: tuple[int, int, int, int]) -> bytes:
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
