"""One run: a storm over an installation, the calm after it, and all that can be known then.

The steps begin at their moments. A post goes on beside the others until it is accepted, and a
kill until its process is there and at work: a busy machine makes the storm longer, not weaker.
After a restore the customer asks for everything that was accepted (`chaos.gap`). When the last deed
is done nothing more is killed, the faults that have not struck are forgotten, and everything gets a
deadline to come to its end: first the assignments, then the webhooks, then Temporal.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2

from chaos.customer import Accepted, Customer, Refused, owner_of
from chaos.deeds import (
    Deed,
    Kill,
    OperatorFault,
    Order,
    Outage,
    Post,
    RemoveApp,
    Restore,
    TerminateWorkflow,
    Trouble,
    describe_fault,
)
from chaos.facts import Facts, Wanted
from chaos.gap import Gap, absent
from chaos.installation import CLIPS, Installation
from chaos.judging import has_ended
from chaos.operator import Operator
from chaos.record import Record
from chaos.sequence import untold
from chaos.storm import MIB, Storm
from chaos.subscriber import Subscriber, listening
from chaos.watching import Watch
from testkit.clips import UPRIGHT, Clip, make_clip
from testkit.emulator import Emulator

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
TIDYING_SECONDS = 120.0
_LOOK_SECONDS = 1.0


@dataclass(slots=True)
class _Log:
    """What is noted on the way."""

    clips: dict[int, Clip] = field(default_factory=dict)
    accepted: dict[int, Accepted] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    done: list[tuple[Deed, float]] = field(default_factory=list)
    struck: list[dict[str, Any]] = field(default_factory=list)
    forgotten: list[tuple[int, str]] = field(default_factory=list)
    """Orders, and the ids under which they were accepted before a restore that took them back."""
    began: float = field(default_factory=monotonic)
    seconds: dict[str, float] = field(default_factory=dict)


class Run:
    def __init__(
        self,
        storm: Storm,
        installation: Installation,
        operator: Operator,
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        self._storm = storm
        self._installation = installation
        self._operator = operator
        self._folder = folder
        self._say = say
        self._subscriber = Subscriber(storm.seed)
        self._watch = Watch(installation.emulator)
        # Its controls may be away in an outage; the caller tries again.
        http = httpx2.Client(base_url=installation.emulator, timeout=30, trust_env=False)
        self._emulator = Emulator(installation.emulator, http=http)
        self._log = _Log()

    async def go(self) -> Record:
        """Storm, calm, and what is there then."""
        here = self._installation
        async with Customer(here.api, here.key) as customer, listening(self._subscriber) as address:
            await self._watch.order("switches", SWITCHES)
            await customer.connect(self._emulator)
            await customer.subscribe(address)
            looking = asyncio.create_task(self._watch.look())
            await self._timed("storm", self._blow(customer))
            faults = await self._watch.end_faults()
            self._subscriber.is_moody = False
            await self._timed("until all had ended", self._settle(customer))
            await self._timed("until all was told", self._hear(customer))
            await self._timed("until Temporal was in order", self._tidy())
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
        began = monotonic()
        match deed:
            case Post(order):
                await self._post(customer, order)
            case Kill(program, at_work):
                await self._installation.kill(program, at_work=at_work)
            case Outage(seconds):
                await self._watch.order("outage", {"seconds": seconds})
            case Trouble(fault):
                await self._watch.order("faults", fault)
            case RemoveApp(account, seconds):
                body = {"platform": "youtube", "email": owner_of(account), "remove_app": True}
                await self._watch.order("accounts", body)
                await asyncio.sleep(seconds)
                await customer.reconnect(self._emulator, account)
                await self._note(deed, began, "connected again", customer)
            case _:
                outcome = await self._operator.do(deed)
                await self._note(deed, began, outcome, customer)
        self._log.done.append((deed, monotonic()))

    async def _post(self, customer: Customer, order: Order) -> None:
        folder, source = self._folder / CLIPS, {"source": UPRIGHT}
        clip = await asyncio.to_thread(make_clip, folder, order.size, **source)
        self._log.clips[order.number] = clip
        try:
            self._log.accepted[order.number] = await customer.post(order, clip)
        except Refused as refusal:
            self._log.refused[order.key] = str(refusal)

    async def _note(
        self, fault: OperatorFault | RemoveApp, began: float, outcome: str, customer: Customer
    ) -> None:
        seconds = round(began - self._log.began, 1)
        self._log.struck.append({"at": seconds, **describe_fault(fault), "outcome": outcome})
        if not isinstance(fault, TerminateWorkflow):
            self._say(f"{seconds:.0f} s: {outcome}")
        if isinstance(fault, Restore):
            await self._ask_again(customer)

    async def _ask_again(self, customer: Customer) -> None:
        gap = Gap(customer, self._subscriber.told, self._operator.rows.list_orphans)
        orders = {order.number: order for order in self._storm.orders}
        for number, before in list(self._log.accepted.items()):
            now = await gap.ask(orders[number], before, self._log.clips[number])
            if now is not before:
                self._log.forgotten.append((number, before.assignment_id))
            if now is None:
                del self._log.accepted[number]
            else:
                self._log.accepted[number] = now

    # The calm -------------------------------------------------------------------------------

    async def _settle(self, customer: Customer) -> None:
        deadline = monotonic() + SETTLING_SECONDS
        while monotonic() < deadline:
            rows = await customer.assignments()
            if all(has_ended(row, is_restored=self._storm.is_restored) for row in rows):
                return
            if self._storm.is_restored:
                titles = {order.key: order.title for order in self._storm.orders}
                for id_ in absent(rows, titles, (await self._watch.state())["videos"]):
                    await customer.force_retry(id_)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _hear(self, customer: Customer) -> None:
        deadline = monotonic() + TELLING_SECONDS
        while monotonic() < deadline:
            if not untold(await customer.events(), self._subscriber.told):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _tidy(self) -> None:
        deadline = monotonic() + TIDYING_SECONDS
        while monotonic() < deadline:
            if not await self._operator.find_lacking() and not await self._operator.find_running():
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
            is_restored=self._storm.is_restored,
            is_noticed=await self._operator.rows.is_restore_noticed(),
            orphans=await self._operator.rows.list_orphans(),
            lacking=await self._operator.find_lacking(),
            running=await self._operator.find_running(),
        )
        return Record(
            facts=facts,
            accepted=list(self._log.accepted.values()),
            refusals=customer.refusals,
            refused=self._log.refused,
            faults=faults,
            sessions=state["sessions"],
            moves=self._watch.moves,
            strikes=self._watch.strikes,
            done=self._log.done,
            struck=self._log.struck,
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
            forgotten=[id_ for number, id_ in self._log.forgotten if number == order.number],
        )
