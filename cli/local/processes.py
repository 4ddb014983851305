"""A program as a process of its own: how it is started, signalled and read after its end.

It gets a session, so that Ctrl-C reaches only whoever started it, and a tether, so that it dies
with its starter even when that one is killed (on Linux). It writes to its log itself, so that its
words survive the starter. Whether it is started again is the starter's to decide.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cli.local import tether
from cli.local.environment import plain_environment
from cli.output import ERROR_PREFIX

_PREFIXES = (ERROR_PREFIX, "emulator: ")
"""How the last line of one of our own commands begins when it is its sentence."""


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    argv: tuple[str, ...]
    is_ready: Callable[[int], Awaitable[bool]]
    """Asked with its process id until it says yes. What it raises counts as no."""
    env: Mapping[str, str] = field(default_factory=plain_environment)
    """All of its environment: nothing else is inherited."""
    remedy: str = ""
    """What to do when it does not come up, where its own log does not say so."""


def spawn(program: Program, log: Path) -> subprocess.Popen[bytes]:
    """Start it; what it says is added to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *program.argv],
            env=program.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the program's whole session, as far as any of it is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def reason_of(code: int) -> str:
    """How a process ended, by its return code."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, or nothing."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def find_sentence(log: Path, code: int) -> str | None:
    """The sentence that one of our own commands ended with. None: it ended in another way."""
    last = tail(log, lines=1)
    # After a signal the last line may be of an earlier run.
    known = [prefix for prefix in _PREFIXES if code > 0 and last.startswith(prefix)]
    return last.removeprefix(known[0]) if known else None
