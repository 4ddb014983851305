"""What is to happen, and when: a pure function of the seed.

A storm is a list of steps, each a wait and then one deed of `chaos.deeds`. Orders and trouble are
spread over the same time, so that whatever is accepted meets some of it; every kind of fault comes
up before one comes up again. What the deeds strike is decided by the running processes, so a seed
repeats the plan and not each outcome.

Both scenarios kill processes and terminate workflows. `storm` also fills the disk, deletes
Temporal's state and stops all workers, once each, in this order, and lets owners of channels remove
the app, so that tickets and re-authorizations run. `restore` takes a snapshot of the
database and restores it later, after uploads have finished that the snapshot does not know.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chaos.deeds import (
    Deed,
    FillDisk,
    Kill,
    LoseTemporal,
    Order,
    Outage,
    Post,
    RemoveApp,
    Restore,
    RestoreBy,
    Snapshot,
    StopWorkers,
    TerminateWorkflow,
    Trouble,
)
from chaos.faults import DECISIVE, PASSING, PERMANENT

MIB = 1 << 20
SECONDS_PER_KILL = 3.5
"""As long as a process is mostly at work again before its next turn, on two idle cores."""
ACCOUNTS = 4
"""Channels, and as many Pages."""

_FEWEST_TERMINATIONS = 4
_OPEN_AT_SNAPSHOT = 0.6
_JUST_BEFORE_SECONDS = 3.0
"""So many orders are posted just before a snapshot: more than there are places for transfers, so
that some have a session in it and some have none, and both end after it."""
_SHORTEST_WITH_RESTORE = 120.0
"""Seconds. Sweeps have to run between the snapshot and its restore, which is noticed by their
number where it is made without the command; a sweep whose process is killed costs 30 s."""

_SMALLEST, _USUAL, _LARGEST = 2, 5, 20
_OUTAGE_SECONDS = (1.0, 5.0)
_AT_WORK_SECONDS = (0.0, 5.0)
_POSTS_END, _PERMANENT_END = 0.9, 0.6
_FULL_DISK_SECONDS = (4.0, 10.0)
_NO_WORKER_SECONDS = (5.0, 15.0)
_REMOVED_SECONDS = (5.0, 15.0)
_REMOVALS_END = 0.6
_FULL_DISK, _TEMPORAL_LOST, _NO_WORKERS = (0.15, 0.3), (0.4, 0.6), (0.7, 0.85)
_SNAPSHOT, _RESTORE = (0.25, 0.35), (0.7, 0.8)
"""When these happen, in parts of the whole."""


class Scenario(StrEnum):
    STORM = "storm"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Step:
    wait: float
    """Seconds since the step before."""
    deed: Deed


@dataclass(frozen=True, slots=True)
class Storm:
    seed: int
    steps: Sequence[Step]
    scenario: Scenario = Scenario.STORM

    @property
    def orders(self) -> list[Order]:
        return [step.deed.order for step in self.steps if isinstance(step.deed, Post)]

    @property
    def is_restored(self) -> bool:
        """True when the database goes back to an earlier state."""
        return self.scenario is Scenario.RESTORE

    @property
    def seconds(self) -> float:
        """What the waits come to; that what is killed has to come up first takes time, too."""
        return sum(step.wait for step in self.steps)

    @property
    def digest(self) -> str:
        """The same for the same storm, whoever plans it."""
        return hashlib.sha256(repr(self.steps).encode()).hexdigest()


def plan(
    *,
    seed: int,
    assignments: int,
    kills: int,
    workers: int,
    scenario: Scenario = Scenario.STORM,
) -> Storm:
    """Make the storm of a seed. Pure."""
    chance = random.Random(seed)  # noqa: S311  # it is to be repeated, not to be secret
    span = kills * SECONDS_PER_KILL
    if scenario is Scenario.RESTORE:
        span = max(span, _SHORTEST_WITH_RESTORE)
    moments = list(_operator_faults(chance, span, kills, scenario))
    snapshot = next((at for at, deed in moments if isinstance(deed, Snapshot)), None)
    for order in _orders(chance, assignments):
        moment = chance.uniform(0, _POSTS_END * span)
        if snapshot is not None and chance.random() < _OPEN_AT_SNAPSHOT:
            moment = snapshot - chance.uniform(0, _JUST_BEFORE_SECONDS)
        moments.append((moment, Post(order)))
    for number in range(kills):
        moment = (number + chance.random()) * span / kills
        at_work = round(chance.uniform(*_AT_WORK_SECONDS), 1)
        moments.append((moment, Kill(_victim(chance, workers), at_work)))
    outages = max(1, kills // 8)
    for number in range(outages):
        moment = (number + chance.random()) * span / outages
        moments.append((moment, Outage(round(chance.uniform(*_OUTAGE_SECONDS), 1))))
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
    return Storm(seed, steps, scenario)


def _operator_faults(
    chance: random.Random, span: float, kills: int, scenario: Scenario
) -> Iterator[tuple[float, Deed]]:
    for _ in range(max(_FEWEST_TERMINATIONS, kills // 2)):
        fault = TerminateWorkflow(round(chance.random(), 3), round(chance.random(), 3))
        yield chance.uniform(0, span), fault

    def within(part: tuple[float, float]) -> float:
        return span * chance.uniform(*part)

    if scenario is Scenario.RESTORE:
        by = chance.choice(list(RestoreBy))
        yield within(_SNAPSHOT), Snapshot(by)
        yield within(_RESTORE), Restore(by, loses_temporal=chance.random() < 1 / 2)
        return
    for account in chance.sample(range(ACCOUNTS), min(ACCOUNTS, max(1, kills // 25))):
        seconds = round(chance.uniform(*_REMOVED_SECONDS), 1)
        yield chance.uniform(0, _REMOVALS_END * span), RemoveApp(account, seconds)
    yield within(_FULL_DISK), FillDisk(round(chance.uniform(*_FULL_DISK_SECONDS), 1))
    yield within(_TEMPORAL_LOST), LoseTemporal()
    yield within(_NO_WORKERS), StopWorkers(round(chance.uniform(*_NO_WORKER_SECONDS), 1))


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
