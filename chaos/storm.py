"""What is to happen, and when: a pure function of the seed.

A storm is a list of steps, each a wait and then one deed: an order is posted, a process is
killed, the platforms go away for some seconds, or a fault waits for the next call that it
fits. Orders and trouble are spread over the same time, so that whatever is accepted meets
some of it; every kind of fault comes up before one comes up again. What the deeds strike is
decided by the running processes, so a seed repeats the plan and not each outcome.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.faults import DECISIVE, PASSING, PERMANENT

MIB = 1 << 20
SECONDS_PER_KILL = 3.5
"""As long as a process is mostly at work again before its next turn, on two idle cores."""
ACCOUNTS = 4
"""Channels, and as many Pages."""

_SMALLEST, _USUAL, _LARGEST = 2, 5, 20
_OUTAGE_SECONDS = (1.0, 5.0)
_AT_WORK_SECONDS = (0.0, 5.0)
_POSTS_END, _PERMANENT_END = 0.9, 0.6


@dataclass(frozen=True, slots=True)
class Order:
    """One assignment that is wanted. No two have the same title or size."""

    number: int
    platform: str
    type: str
    account: int
    size: int

    @property
    def title(self) -> str:
        return f"Broadcast {self.number}"

    @property
    def key(self) -> str:
        return f"broadcast-{self.number}"


@dataclass(frozen=True, slots=True)
class Post:
    order: Order


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL to a process that has been at work for so many seconds since it came up."""

    program: str
    at_work: float


@dataclass(frozen=True, slots=True)
class Outage:
    """Both platforms hang up on everybody and answer nobody."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault, in the emulator's words."""

    fault: Mapping[str, Any]


Deed = Post | Kill | Outage | Trouble


@dataclass(frozen=True, slots=True)
class Step:
    wait: float
    """Seconds since the step before."""
    deed: Deed


@dataclass(frozen=True, slots=True)
class Storm:
    seed: int
    steps: Sequence[Step]

    @property
    def orders(self) -> list[Order]:
        return [step.deed.order for step in self.steps if isinstance(step.deed, Post)]

    @property
    def seconds(self) -> float:
        """What the waits come to; that what is killed has to come up first takes time, too."""
        return sum(step.wait for step in self.steps)

    @property
    def digest(self) -> str:
        """The same for the same storm, whoever plans it."""
        return hashlib.sha256(repr(self.steps).encode()).hexdigest()


def plan(*, seed: int, assignments: int, kills: int, workers: int) -> Storm:
    """Make the storm of a seed. Pure."""
    chance = random.Random(seed)  # noqa: S311  # it is to be repeated, not to be secret
    span = kills * SECONDS_PER_KILL
    moments: list[tuple[float, Deed]] = []
    for order in _orders(chance, assignments):
        moments.append((chance.uniform(0, _POSTS_END * span), Post(order)))
    for number in range(kills):
        moment = (number + chance.random()) * SECONDS_PER_KILL
        at_work = round(chance.uniform(*_AT_WORK_SECONDS), 1)
        moments.append((moment, Kill(_victim(chance, workers), at_work)))
    for _ in range(max(1, kills // 8)):
        seconds = round(chance.uniform(*_OUTAGE_SECONDS), 1)
        moments.append((chance.uniform(0, span), Outage(seconds)))
    for fault in _dealt(chance, PASSING, kills):
        moments.append((chance.uniform(0, span), Trouble(fault)))
    for fault in _dealt(chance, DECISIVE, kills // 2):
        moments.append((chance.uniform(0, span), Trouble(fault)))
    for fault in _dealt(chance, PERMANENT, max(2, assignments // 40)):
        moments.append((chance.uniform(0, _PERMANENT_END * span), Trouble(fault)))
    moments.sort(key=lambda each: each[0])
    steps, before = [], 0.0
    for moment, deed in moments:
        steps.append(Step(round(moment - before, 3), deed))
        before = moment
    return Storm(seed, steps)


def _orders(chance: random.Random, count: int) -> list[Order]:
    """Half to YouTube, a quarter each as a Page's videos and as its Reels."""
    routes = [
        ("youtube", "video"),
        ("facebook", "video"),
        ("youtube", "video"),
        ("facebook", "reel"),
    ]
    sizes: set[int] = set()
    while len(sizes) < count:
        sizes.add(round(chance.triangular(_SMALLEST, _LARGEST, _USUAL) * MIB))
    orders = []
    for number, size in enumerate(chance.sample(sorted(sizes), count), 1):
        platform, type_ = routes[number % len(routes)]
        orders.append(Order(number, platform, type_, chance.randrange(ACCOUNTS), size))
    return orders


def _victim(chance: random.Random, workers: int) -> str:
    """Mostly a worker, for these hold the bytes."""
    (program,) = chance.choices(("worker", "api", "temporal"), weights=(7, 2, 1))
    return f"worker-{chance.randint(1, workers)}" if program == "worker" else program


def _dealt(
    chance: random.Random, faults: Sequence[Mapping[str, Any]], count: int
) -> list[Mapping[str, Any]]:
    """So many of them, each once before any twice, as cards are dealt."""
    dealt: list[Mapping[str, Any]] = []
    while len(dealt) < count:
        dealt += chance.sample(faults, len(faults))
    return dealt[:count]
