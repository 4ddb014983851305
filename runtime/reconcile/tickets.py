"""Tickets: one without a workflow goes on, one that nobody settled ends.

A browser may be on the platform's page while the workflow of its ticket is lost, or may have come
back while no worker ran. So a ticket gets another run as long as its browser may come, and a code
that is stored is redeemed. What nobody settles, and what nobody confirms in time, is ended.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from activities.access.confirming import UnconfirmedConsents
from activities.access.connecting import ticket_input
from activities.access.consent_ends import end_ticket
from activities.contract.tickets import NOBODY_CAME_BACK
from domain.errors import Conflict
from domain.ids import ticket_workflow_id
from runtime.lifecycles import Lifecycles
from runtime.reconcile.assignments import GRACE
from runtime.reconcile.pace import Repairs
from runtime.reconcile.pages import each_row
from store.engine import Store
from store.queries.access import tickets
from store.tables import Ticket, now

TICKET_GRACE = timedelta(minutes=10)
"""Longer than the last exchange that a ticket may have begun in time can take."""

BATCH = 200


class TicketSweep:
    def __init__(
        self, store: Store, lifecycles: Lifecycles, unconfirmed: UnconfirmedConsents
    ) -> None:
        self._store = store
        self._lifecycles = lifecycles
        self._unconfirmed = unconfirmed

    async def go_on(self, running: Collection[str], repairs: Repairs) -> int:
        """Give each a run that has none among `running`, and redeem the stored codes.

        Returns how many there were.
        """
        held_up = await asyncio.to_thread(lambda: list(self._find_held_up(running)))
        return await repairs.each(held_up, self._go_on)

    async def _go_on(self, ticket: Ticket) -> bool:
        await self._lifecycles.continue_ticket(ticket_input(ticket))
        if tickets.is_claimed(ticket) and ticket.callback_digest is not None:
            with suppress(Conflict):  # it was redeemed meanwhile
                await self._lifecycles.redeem(ticket.id, ticket.callback_digest)
        return True

    def _find_held_up(self, running: Collection[str]) -> Iterator[Ticket]:
        moment = now()
        listing = partial(tickets.list_going_on, claimed_after=moment - TICKET_GRACE)
        for ticket in each_row(self._store, listing, lambda ticket: ticket.id, size=BATCH):
            is_running = ticket_workflow_id(ticket.id) in running
            is_young = ticket.created_at > moment - GRACE
            if tickets.is_claimed(ticket) or not (is_running or is_young):
                yield ticket

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
        end_ticket(self._store, ticket.id, NOBODY_CAME_BACK)
