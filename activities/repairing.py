"""The sweep that closes the gap between the database and Temporal.

An assignment is accepted by writing its row; its workflow is started right after. A crash, or
a Temporal that is away, leaves the row alone: this starts the workflow, which is idempotent by
its id, however often the sweep sees the row. Tickets that nobody settled are closed, and consents
that nobody confirmed in time are removed. A wake that
was lost after its commit is given again, for what the rows say that it was for. Each is mended on
its own, several at a time: one that cannot be, or that takes long, holds up none of the others.
The sweep beats all the while, so that the next one need not wait for one whose worker is dead.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from temporalio import activity

from activities.access.confirming import UnconfirmedConsents
from activities.contract.assignments import AssignmentInput
from activities.contract.repair import Repaired, RepairSteps
from activities.publishing.jobs import input_of
from domain.errors import CastlineError
from domain.states import TicketState
from domain.wakes import ConnectionSettled, PersonNeeded, RetryForced, Wake
from platforms.registry import Registry
from store.engine import Store
from store.queries.access import asking, tickets
from store.queries.publishing import assignments, lanes, parked
from store.queries.publishing.evidence import is_forced
from store.queries.telling import deliveries
from store.tables import Assignment, Ticket

T = TypeVar("T")

_log = logging.getLogger("castline.repair")

GRACE = timedelta(seconds=10)
"""How long a row may stand alone before it is taken for abandoned: the API starts its own, and
gives up after five seconds. With the pause between two sweeps it stays below a minute."""

TICKET_GRACE = timedelta(minutes=10)
"""Longer than the last exchange that a ticket may have begun in time can take."""

DELIVERY_GRACE = timedelta(minutes=1)
"""How much longer a line of deliveries may be late: a slow endpoint holds its own up."""

BATCH = 200

_AT_ONCE = 8
_BEAT_SECONDS = 1.0


class RepairActivities(RepairSteps):
    def __init__(
        self,
        store: Store,
        registry: Registry,
        start_assignment: Callable[[AssignmentInput], Awaitable[None]],
        wake: Callable[[Wake], Awaitable[None]],
        unconfirmed: UnconfirmedConsents,
    ) -> None:
        self._store = store
        self._registry = registry
        self._start_assignment = start_assignment
        self._wake = wake
        self._unconfirmed = unconfirmed

    @activity.defn
    async def reconcile(self) -> Repaired:
        failures: list[Exception] = []
        async with _beating():
            started = await self._start_abandoned(failures)
            expired = await _each(await asyncio.to_thread(self._stale), self._expire, failures)
            woken = await _each(await asyncio.to_thread(self._lost_wakes), self._wake, failures)
            # Last, because it alone waits for platforms.
            unconfirmed = await asyncio.to_thread(self._unconfirmed.list_due)
            expired += await _each(unconfirmed, self._end_unconfirmed, failures)
        if failures and not (started or expired or woken):
            raise failures[0]
        return Repaired(started=started, expired=expired, woken=woken)

    async def _start_abandoned(self, failures: list[Exception]) -> int:
        """Page by page to the end: whoever cannot be started stands before the others for good."""
        before, started = datetime.now(UTC) - GRACE, 0
        page = await asyncio.to_thread(self._abandoned, before, None)
        while page:
            started += await _each(page, self._start, failures)
            page = await asyncio.to_thread(self._abandoned, before, page[-1])
        return started

    def _abandoned(self, before: datetime, after: Assignment | None) -> Sequence[Assignment]:
        with self._store.read() as session:
            return assignments.list_unstarted(
                session, created_before=before, limit=BATCH, after=after
            )

    def _stale(self) -> Sequence[Ticket]:
        before = datetime.now(UTC) - TICKET_GRACE
        with self._store.read() as session:
            return tickets.list_unsettled_tickets(session, expired_before=before, limit=BATCH)

    def _lost_wakes(self) -> list[Wake]:
        before = datetime.now(UTC) - GRACE
        with self._store.read() as session:
            unasked = asking.list_unasked(session, broken_before=before, limit=BATCH)
            unsettled = parked.list_unsettled_connections(
                session, settled_before=before, limit=BATCH
            )
            in_vain = asking.list_waited_in_vain(session, settled_before=before, limit=BATCH)
            overdue = deliveries.list_overdue(
                session, due_before=before - DELIVERY_GRACE, limit=BATCH
            )
            queues = lanes.list_queues(session, queued_before=before)
        settled = dict.fromkeys([*unsettled, *in_vain])
        return [
            *map(PersonNeeded, unasked),
            *map(ConnectionSettled, settled),
            *overdue,
            *queues,
        ]

    async def _start(self, row: Assignment) -> None:
        await self._start_assignment(input_of(row, self._registry.get(row.platform)))
        if await asyncio.to_thread(self._is_forced, row):
            # Its workflow was running before, so that starting it tells it nothing.
            await self._wake(RetryForced(row.id))
        await asyncio.to_thread(self._mark_started, row)

    def _is_forced(self, row: Assignment) -> bool:
        with self._store.read() as session:
            return is_forced(session, row)

    def _mark_started(self, row: Assignment) -> None:
        with self._store.write() as session:
            assignments.mark_started(session, row.id, attempt=row.attempt)

    async def _expire(self, ticket: Ticket) -> None:
        await asyncio.to_thread(self._settle, ticket)

    async def _end_unconfirmed(self, ticket: Ticket) -> None:
        await asyncio.to_thread(self._unconfirmed.end, ticket)

    def _settle(self, ticket: Ticket) -> None:
        with self._store.write() as session:
            tickets.settle_ticket(
                session,
                ticket.id,
                state=TicketState.EXPIRED,
                connection_ids=[],
                error_code="ticket_expired",
                error="Nobody came back from the consent page within five minutes.",
            )


async def _each(
    found: Sequence[T], mend: Callable[[T], Awaitable[None]], failures: list[Exception]
) -> int:
    """Mend each on its own, and return how many were; what failed is left to the next sweep."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def is_mended(each: T) -> bool:
        async with slots:
            try:
                await mend(each)
            except Exception as error:  # whatever it was, the others need to be mended no less
                reason = error.code if isinstance(error, CastlineError) else type(error).__name__
                _log.warning("%s is left to the next sweep: %s", _name(each), reason)
                failures.append(error)
                return False
            return True

    return sum(await asyncio.gather(*map(is_mended, found)))


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_BEAT_SECONDS)

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()


def _name(found: object) -> str:
    """A row by its id; a wake says itself what it is for."""
    return found.id if isinstance(found, Assignment | Ticket) else str(found)
