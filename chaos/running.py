"""One run: a storm over an installation, the calm after it, and all that can be known then.

The steps begin at their moments. A post goes on beside the others until it is accepted, and a
kill until its process is there and at work: a busy machine makes the storm longer, not weaker.
When the last deed is done nothing more is killed, the faults that have not struck are forgotten,
and everything gets a deadline to come to its end: first the assignments, then the webhooks.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from chaos.customer import Accepted, Customer, Refused
from chaos.installation import CLIPS, Installation
from chaos.judging import Facts, Wanted, untold
from chaos.storm import MIB, Deed, Kill, Order, Outage, Post, Storm, Trouble
from chaos.subscriber import Subscriber, listening
from chaos.watching import Moves, Watch
from domain.states import AssignmentState
from tests.support.clips import UPRIGHT, Clip, make_clip
from tests.support.emulator import Emulator

SWITCHES = {
    "upload_bytes_per_second": 2 * MIB,
    "range_bytes": MIB,  # as much as Castline is set to send to YouTube at a time
    "access_token_seconds": 360,  # renewed every minute, because Castline wants five to be left
    "uploads_per_day": 10**6,
    "units_per_day": 10**6,
    "reels_per_day": 10**6,
    "app_calls_per_hour": 10**6,
    "page_calls_per_day": 10**6,
}
SETTLING_SECONDS = 480.0
TELLING_SECONDS = 240.0
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Record:
    """What a run has brought to light."""

    facts: Facts
    accepted: Sequence[Accepted]
    refused: Mapping[str, str]
    """By key, what the API would not take, and its word for it."""
    faults: Sequence[Mapping[str, Any]]
    sessions: Sequence[Mapping[str, Any]]
    moves: Mapping[str, Moves]
    strikes: Sequence[float]
    """When a fault was seen to strike."""
    done: Sequence[tuple[Deed, float]]
    """The deeds, each with the moment of its end."""
    ended_by_themselves: Mapping[str, int]
    seconds: Mapping[str, float]


@dataclass(slots=True)
class _Log:
    """What is noted on the way."""

    clips: dict[int, Clip] = field(default_factory=dict)
    accepted: dict[int, Accepted] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    done: list[tuple[Deed, float]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Run:
    def __init__(
        self, storm: Storm, installation: Installation, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._storm = storm
        self._installation = installation
        self._folder = folder
        self._say = say
        self._subscriber = Subscriber(storm.seed)
        self._watch = Watch(installation.emulator)
        self._log = _Log()

    async def go(self) -> Record:
        """Storm, calm, and what is there then."""
        here = self._installation
        async with Customer(here.api, here.key) as customer, listening(self._subscriber) as address:
            await self._watch.order("switches", SWITCHES)
            with httpx.Client(base_url=here.emulator, timeout=30) as http:
                await customer.connect(Emulator(here.emulator, http=http))
            await customer.subscribe(address)
            looking = asyncio.create_task(self._watch.look())
            await self._timed("storm", self._blow(customer))
            faults = await self._watch.end_faults()
            self._subscriber.is_moody = False
            await self._timed("until all had ended", self._settle(customer))
            await self._timed("until all was told", self._hear(customer))
            looking.cancel()
            return await self._collect(customer, faults)

    async def _timed(self, name: str, work: Any) -> None:
        began = monotonic()
        await work
        self._log.seconds[name] = monotonic() - began
        self._say(f"{name}: {self._log.seconds[name]:.0f} s")

    # The storm ------------------------------------------------------------------------------

    async def _blow(self, customer: Customer) -> None:
        async with asyncio.TaskGroup() as deeds:
            for step in self._storm.steps:
                await asyncio.sleep(step.wait)
                deeds.create_task(self._do(step.deed, customer))

    async def _do(self, deed: Deed, customer: Customer) -> None:
        match deed:
            case Post(order):
                await self._post(customer, order)
            case Kill(program, at_work):
                await self._installation.kill(program, at_work=at_work)
            case Outage(seconds):
                await self._watch.order("outage", {"seconds": seconds})
            case Trouble(fault):
                await self._watch.order("faults", fault)
        self._log.done.append((deed, monotonic()))

    async def _post(self, customer: Customer, order: Order) -> None:
        folder, source = self._folder / CLIPS, {"source": UPRIGHT}
        clip = await asyncio.to_thread(make_clip, folder, order.size, **source)
        self._log.clips[order.number] = clip
        try:
            self._log.accepted[order.number] = await customer.post(order, clip)
        except Refused as refusal:
            self._log.refused[order.key] = str(refusal)

    # The calm -------------------------------------------------------------------------------

    async def _settle(self, customer: Customer) -> None:
        deadline = monotonic() + SETTLING_SECONDS
        while monotonic() < deadline:
            rows = await customer.assignments()
            if all(AssignmentState(row["state"]).is_settled for row in rows):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _hear(self, customer: Customer) -> None:
        deadline = monotonic() + TELLING_SECONDS
        while monotonic() < deadline:
            if not untold(await customer.events(), self._subscriber.told):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _collect(self, customer: Customer, faults: Sequence[Mapping[str, Any]]) -> Record:
        state = await self._watch.state()
        await self._watch.close()
        facts = Facts(
            wanted=[self._wanted(order) for order in self._storm.orders],
            assignments=await customer.assignments(),
            videos=state["videos"],
            events=await customer.events(),
            told=self._subscriber.told,
            connections=await customer.connections(),
        )
        return Record(
            facts=facts,
            accepted=list(self._log.accepted.values()),
            refused=self._log.refused,
            faults=faults,
            sessions=state["sessions"],
            moves=self._watch.moves,
            strikes=self._watch.strikes,
            done=self._log.done,
            ended_by_themselves=self._installation.ended_by_themselves,
            seconds=self._log.seconds,
        )

    def _wanted(self, order: Order) -> Wanted:
        accepted = self._log.accepted.get(order.number)
        return Wanted(
            title=order.title,
            key=order.key,
            platform=order.platform,
            size=order.size,
            sha256=self._log.clips[order.number].sha256,
            assignment_id=accepted.assignment_id if accepted else None,
        )
