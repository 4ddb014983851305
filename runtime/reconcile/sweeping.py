"""One sweep: everything that is compared between the database and Temporal, once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from temporalio.client import Client

from activities.access.confirming import UnconfirmedConsents
from domain.wakes import Wake
from runtime.generation import note_generation, notice_restore
from runtime.lifecycles import Lifecycles
from runtime.parts import Parts
from runtime.reconcile.assignments import AssignmentSweep
from runtime.reconcile.orphans import OrphanSweep
from runtime.reconcile.pace import Repairs
from runtime.reconcile.reauths import ReauthSweep
from runtime.reconcile.rebuilding import Rebuilder
from runtime.reconcile.restored import RestoredSweep
from runtime.reconcile.rows import ASSIGNMENT, Compared, compare
from runtime.reconcile.running import Running, attempt_of, page_running
from runtime.reconcile.tickets import TicketSweep
from runtime.reconcile.wakes import WakeSweep
from runtime.temporal import ensure_ready


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each were put right."""

    rebuilt: int = 0
    """Assignments that have a workflow again."""
    asked: int = 0
    """Connections for whose person a workflow waits again."""
    tickets: int = 0
    """Tickets that go on: with another workflow, or with a code that was stored."""
    orphans: int = 0
    """Workflows that had no row and were ended."""
    expired: int = 0
    """Tickets that had run out, and consents that nobody confirmed in time."""
    woken: int = 0
    """Workflows that were told what they may not have heard."""

    def counts(self) -> dict[str, int]:
        return asdict(self)


class Sweeper:
    """Puts right what a crash, an operator or a loss left between the database and Temporal."""

    def __init__(
        self,
        parts: Parts,
        client: Client,
        lifecycles: Lifecycles,
        wake: Callable[[Wake], Awaitable[None]],
    ) -> None:
        self._client = client
        self._settings = parts.settings
        self._store = parts.store
        rebuilder = Rebuilder(parts.store, parts.registry, lifecycles)
        self._orphans = OrphanSweep(parts.store, client)
        self._restored = RestoredSweep(parts.store, rebuilder, self._orphans)
        self._assignments = AssignmentSweep(parts.store, rebuilder)
        self._wakes = WakeSweep(parts.store, wake)
        self._tickets = TicketSweep(
            parts.store,
            lifecycles,
            UnconfirmedConsents(parts.store, parts.vault, parts.registry),
        )
        self._reauths = ReauthSweep(
            parts.store, client, wake, limit=timedelta(days=parts.settings.reauth_days)
        )

    async def sweep(self) -> tuple[Swept, Exception | None]:
        """Compare everything. What cannot be put right now is left to the next sweep.

        Returns what was done, and the first error. Raises what Temporal's client raises where
        Temporal is away.
        """
        # First, so that it needs no Temporal.
        await asyncio.to_thread(self._compare_generations)
        # A Temporal that has lost its state has lost what workflows need to start as well.
        await ensure_ready(self._client)
        repairs = Repairs()
        # Before anything is compared: what the runs of before a restore know ends with them.
        await self._restored.run(repairs)
        running: set[str] = set()
        orphans = 0
        async for page in page_running(self._client):
            compared = await asyncio.to_thread(self._compare, page)
            running.update([one.id for one in compared.needed if await self._fits(one, compared)])
            orphans += await self._orphans.run(compared.orphans, repairs)
        # First, because a person looks at a browser.
        tickets = await self._tickets.go_on(running, repairs)
        rebuilt = await self._assignments.run(running, repairs)
        asked = await self._reauths.run(running, repairs)
        expired = await self._tickets.expire(repairs)
        woken = await self._wakes.run(repairs)
        # Last, because it alone waits for platforms.
        expired += await self._tickets.end_unconfirmed(repairs)
        failure = repairs.failures[0] if repairs.failures else None
        return (
            Swept(
                rebuilt=rebuilt,
                asked=asked,
                tickets=tickets,
                orphans=orphans,
                expired=expired,
                woken=woken,
            ),
            failure,
        )

    def _compare_generations(self) -> None:
        notice_restore(self._settings, self._store)
        note_generation(self._settings, self._store)

    def _compare(self, page: Sequence[Running]) -> Compared:
        with self._store.read() as session:
            return compare(session, page)

    async def _fits(self, one: Running, compared: Compared) -> bool:
        """False for an assignment's run of another attempt than its row is at."""
        attempt = compared.attempts.get(one.id.removeprefix(f"{ASSIGNMENT}/"), 1)
        # Nothing comes before the first attempt, so only later ones are opened.
        return attempt == 1 or await attempt_of(self._client, one) == attempt
