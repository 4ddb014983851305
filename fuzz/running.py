"""One run: attacks from several sides at once, while the processes are watched."""

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx2

from chaos.installation import Installation
from fuzz.attacks import ATTACKS
from fuzz.client import Answers, Client, hostile_http, without_ids
from fuzz.installing import Keys
from fuzz.target import Target
from fuzz.watching import Watch

AT_A_TIME = 8
WARM_UP_SECONDS = 15.0
ANSWER_SECONDS = 10.0
"""How long `/livez`, and a list of another workspace, may take at any moment."""
SETTLE_SECONDS = 5.0
"""After the last attack, before the last look at the processes."""
_PROGRAMS = ("api", "worker-1", "emulator")
_STOPPED = re.compile(r"a probe was ended: (.*)")
_ERROR = re.compile(
    r"^(?:\S+ )?((?:ERROR|CRITICAL) .*|Exception in thread .*|Fatal Python .*)$", re.MULTILINE
)
"""What the API and the worker log of an error of their own. A failed activity is a warning."""


@dataclass(frozen=True)
class Plan:
    """What is sent. Attack number n of a seed is always the same, whatever ran before it."""

    seed: int
    seconds: float | None
    """None: until all attacks were sent."""
    first: int = 0
    count: int | None = None
    only: Sequence[str] = tuple(ATTACKS)

    def numbers(self) -> Iterator[int]:
        until = None if self.seconds is None else monotonic() + self.seconds
        for number in itertools.count(self.first):
            if number - self.first == self.count or (until and monotonic() > until):
                return
            yield number

    def attack(self, number: int) -> tuple[str, random.Random]:
        """The name of an attack, and what makes its input."""
        rng = random.Random(f"{self.seed} {number}")  # noqa: S311  # input, not a secret
        return rng.choice(self.only), rng


@dataclass
class Outcome:
    answers: Answers = field(default_factory=Answers)
    attacks: Counter[str] = field(default_factory=Counter)
    watch: Watch = field(default_factory=lambda: Watch(_PROGRAMS))
    pings: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of each look from outside, by path."""
    probes_stopped: Counter[str] = field(default_factory=Counter)
    """By why, as the API's log says."""
    findings: list[str] = field(default_factory=list)
    """Each once, with how often it was found and by which attack first."""


async def attack(target: Target, here: Installation, keys: Keys, logs: Path, plan: Plan) -> Outcome:
    """Carry a plan out and judge what came of it."""
    outcome = Outcome()
    numbers = plan.numbers()
    async with hostile_http(target.api, AT_A_TIME) as http:

        async def attacker() -> None:
            # The iterator is shared, so every number is taken once.
            for number in numbers:
                name, rng = plan.attack(number)
                outcome.attacks[name] += 1
                await ATTACKS[name](Client(http, target, outcome.answers, name, number), rng)

        async with asyncio.TaskGroup() as group:
            # What looks on fails the run when it fails itself.
            onlookers = [
                group.create_task(outcome.watch.run(lambda: here.pids)),
                group.create_task(_ping(target.api, "/livez", "", outcome)),
                group.create_task(_ping(target.api, "/api/v1/videos", keys.neighbour, outcome)),
                group.create_task(_warm_up(outcome.watch)),
            ]
            await asyncio.gather(*(attacker() for _ in range(AT_A_TIME)))
            await asyncio.sleep(SETTLE_SECONDS)
            for task in onlookers:
                task.cancel()
    read_logs(logs, outcome)
    seen = Counter(target.canaries.found) + Counter(here.ended_by_themselves)
    outcome.findings += outcome.watch.judge()
    outcome.findings += [f"{what} ({times} times)" for what, times in seen.items()]
    for what, times in outcome.answers.findings.most_common():
        by = outcome.answers.first_attack[what]
        outcome.findings.append(f"{what} ({times} times, first by {by})")
    return outcome


async def _ping(api: str, path: str, key: str, outcome: Outcome) -> None:
    """Whether the API answers others, whatever else it has to do."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    times = outcome.pings.setdefault(path, [])
    async with httpx2.AsyncClient(
        base_url=api, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
    ) as http:
        while True:
            began = monotonic()
            try:
                status = (await http.get(path)).status_code
                if status != 200:
                    outcome.answers.find(f"GET {path} of another workspace: {status}", "a look")
            except httpx2.TransportError as error:
                found = f"GET {path} of another workspace: {type(error).__name__}"
                outcome.answers.find(found, "a look")
            times.append(monotonic() - began)
            await asyncio.sleep(0.5)


async def _warm_up(watch: Watch) -> None:
    await asyncio.sleep(WARM_UP_SECONDS)
    watch.warmed_up()


def read_logs(logs: Path, outcome: Outcome) -> None:
    """Take in what the programs logged: errors of their own, and probes that were ended."""
    for program in ("api", "worker-1"):
        text = (logs / f"{program}.log").read_text(errors="replace")
        outcome.probes_stopped.update(_STOPPED.findall(text))
        for line in _ERROR.findall(text):
            outcome.answers.find(f"in the log of {program}: {without_ids(line)[:200]}", "a line")
