"""The sweep that closes the gap between the database and Temporal.

An assignment is accepted by writing its row; its workflow is started right after. A crash, or
a Temporal that is away, leaves the row alone: this starts the workflow, which is idempotent by
its id, however often the sweep sees the row. Tickets that nobody settled are closed. A wake that
was lost after its commit is given again, for what the rows say that it was for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity

from activities.contract.assignments import AssignmentInput
from activities.contract.repair import Repaired, RepairSteps
from activities.publishing.jobs import input_of
from domain.states import TicketState
from domain.wakes import ConnectionSettled, PersonNeeded, Wake
from platforms.registry import Registry
from store.engine import Store
from store.queries.access import asking, tickets
from store.queries.publishing import assignments, parked
from store.queries.telling import deliveries

GRACE = timedelta(seconds=20)
"""How long a row may stand alone before it is taken for abandoned: the API starts its own."""

TICKET_GRACE = timedelta(minutes=10)
"""Longer than the last exchange that a ticket may have begun in time can take."""

DELIVERY_GRACE = timedelta(minutes=1)
"""How much longer a line of deliveries may be late: a slow endpoint holds its own up."""

BATCH = 200


class RepairActivities(RepairSteps):
    def __init__(
        self,
        store: Store,
        registry: Registry,
        start_assignment: Callable[[AssignmentInput], Awaitable[None]],
        wake: Callable[[Wake], Awaitable[None]],
    ) -> None:
        self._store = store
        self._registry = registry
        self._start_assignment = start_assignment
        self._wake = wake

    @activity.defn
    async def reconcile(self) -> Repaired:
        abandoned, expired = await asyncio.to_thread(self._sweep)
        for assignment in abandoned:
            await self._start_assignment(assignment)
            await asyncio.to_thread(self._mark_started, assignment)
        lost = await asyncio.to_thread(self._lost_wakes)
        for concerned in lost:
            await self._wake(concerned)
        return Repaired(started=len(abandoned), expired=expired, woken=len(lost))

    def _lost_wakes(self) -> list[Wake]:
        before = datetime.now(UTC) - GRACE
        with self._store.read() as session:
            unasked = asking.list_unasked(session, broken_before=before, limit=BATCH)
            unsettled = parked.list_unsettled_connections(
                session, settled_before=before, limit=BATCH
            )
            overdue = deliveries.list_overdue(
                session, due_before=before - DELIVERY_GRACE, limit=BATCH
            )
        return [*map(PersonNeeded, unasked), *map(ConnectionSettled, unsettled), *overdue]

    def _mark_started(self, started: AssignmentInput) -> None:
        with self._store.write() as session:
            assignments.mark_started(session, started.assignment_id, attempt=started.attempt)

    def _sweep(self) -> tuple[list[AssignmentInput], int]:
        now = datetime.now(UTC)
        with self._store.read() as session:
            rows = assignments.list_unstarted(session, created_before=now - GRACE, limit=BATCH)
            abandoned = [input_of(row, self._registry.get(row.platform)) for row in rows]
            stale = tickets.list_unsettled_tickets(
                session, expired_before=now - TICKET_GRACE, limit=BATCH
            )
        for ticket in stale:
            with self._store.write() as session:
                tickets.settle_ticket(
                    session,
                    ticket.id,
                    state=TicketState.EXPIRED,
                    connection_ids=[],
                    error_code="ticket_expired",
                    error="Nobody came back from the consent page within five minutes.",
                )
        return abandoned, len(stale)
