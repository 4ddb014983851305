"""What a check found, and how a check is run: with a deadline, and never raising."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar, TypeVarTuple

import anyio.lowlevel
from anyio import CapacityLimiter, to_thread

from domain.errors import CastlineError

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

THREADS = 16
"""Threads that may be inside checks at a time. A check that hangs keeps its thread."""


class State(StrEnum):
    OK = "ok"
    SKIPPED = "skipped"  # there was nothing to check
    WARNING = "warning"  # it works, and somebody should look at it
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` says what to do; None when nothing is wrong. `figures` are for machines."""

    subject: str
    state: State
    fact: str
    remedy: str | None = None
    figures: Mapping[str, float | str | None] = field(default_factory=dict)


class Skipped(Exception):
    """A check has nothing to look at. The message says why."""


Found = Finding | Sequence[Finding]
Figure = float | str | None


def ok(subject: str, fact: str, **figures: Figure) -> Finding:
    return Finding(subject, State.OK, fact, None, figures)


def skipped(subject: str, reason: str) -> Finding:
    return Finding(subject, State.SKIPPED, reason)


def warning(subject: str, fact: str, remedy: str, **figures: Figure) -> Finding:
    return Finding(subject, State.WARNING, fact, remedy, figures)


def failed(subject: str, fact: str, remedy: str, **figures: Figure) -> Finding:
    return Finding(subject, State.FAILED, fact, remedy, figures)


def worst_of(findings: Iterable[Finding]) -> State:
    """The state of all together; a skipped check counts as ok."""
    states = {finding.state for finding in findings}
    return next((state for state in (State.FAILED, State.WARNING) if state in states), State.OK)


async def run_check(
    subject: str, check: Callable[[], Awaitable[Found]], *, seconds: float
) -> list[Finding]:
    """Run a check. It raises nothing: a check that fails or is late is a finding itself."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            found = await check()
    except Skipped as reason:
        return [skipped(subject, str(reason))]
    except CastlineError as error:
        return [failed(subject, error.sentence, "Correct this and check again.")]
    except Exception as error:
        if limit.expired():
            return [
                failed(subject, f"gave no answer within {seconds:g} s", "Check whether it hangs.")
            ]
        # Only the type: a driver's message may quote an address with its password.
        return [
            failed(
                subject,
                f"the check itself failed with {type(error).__name__}",
                "This is a fault of Castline: report it with the output of `castline doctor`.",
            )
        ]
    return [found] if isinstance(found, Finding) else list(found)


async def in_thread(call: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Run a blocking call in a thread of the checks. A cancelled call is left to itself."""
    return await to_thread.run_sync(call, *arguments, abandon_on_cancel=True, limiter=_limiter())


_threads = anyio.lowlevel.RunVar[CapacityLimiter]("castline-checks")


def _limiter() -> CapacityLimiter:
    """Apart from the threads of endpoints, which may all be taken."""
    try:
        return _threads.get()
    except LookupError:
        limiter = CapacityLimiter(THREADS)
        _threads.set(limiter)
        return limiter


class SharedLook:
    """A look that everybody who asks at the same time shares, so that a flood costs one."""

    def __init__(self) -> None:
        self._running: asyncio.Task[Any] | None = None

    async def join(self, look: Callable[[], Awaitable[T]]) -> T:
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(look())
        found: T = await asyncio.shield(self._running)
        return found
