"""Run a program that ends when its starter does, however that one ends.

`python tether.py <pid of the starter> program argument…` asks Linux to kill this process
when the starter is gone, and becomes the program, which keeps the promise. Other systems
offer nothing of the kind: there a starter killed with SIGKILL leaves its children behind,
and the next start says which port is taken. It is run as a file, without site packages,
so that it costs milliseconds.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(starter: int, program: list[str]) -> None:
    """Tie this process to `starter` and become `program`. Never returns."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != starter:  # it died before the tie was made
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
