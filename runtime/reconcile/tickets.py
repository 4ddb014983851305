"""Tickets that nobody settled, and consents that nobody confirmed in time."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from activities.access.confirming import UnconfirmedConsents
from domain.states import TicketState
from runtime.reconcile.pace import Repairs
from store.engine import Store
from store.queries.access import tickets
from store.tables import Ticket, now

TICKET_GRACE = timedelta(minutes=10)
"""Longer than the last exchange that a ticket may have begun in time can take."""

BATCH = 200


class TicketSweep:
    def __init__(self, store: Store, unconfirmed: UnconfirmedConsents) -> None:
        self._store = store
        self._unconfirmed = unconfirmed

    async def expire(self, repairs: Repairs) -> int:
        """Close what has run out; return how many."""
        return await repairs.each(await asyncio.to_thread(self._stale), self._expire)

    async def end_unconfirmed(self, repairs: Repairs) -> int:
        """Remove the consents that nobody confirmed. It waits for platforms."""
        due = await asyncio.to_thread(self._unconfirmed.list_due)
        return await repairs.each(due, self._end)

    def _stale(self) -> Sequence[Ticket]:
        before = now() - TICKET_GRACE
        with self._store.read() as session:
            return tickets.list_unsettled_tickets(session, expired_before=before, limit=BATCH)

    async def _expire(self, ticket: Ticket) -> None:
        await asyncio.to_thread(self._settle, ticket)

    async def _end(self, ticket: Ticket) -> None:
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
