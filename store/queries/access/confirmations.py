"""Consents that await the confirmation of the tenant's backend.

Until then the new credentials lie sealed in the ticket, and in no connection: an existing
connection keeps what it has, and one that is new is a row without a credential. A ticket can be
confirmed before its `confirm_by`; after it the sweep alone ends it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.errors import Conflict
from domain.secrets import Secret
from domain.states import TicketState
from store.queries.access.tickets import erase_secrets, lock_ticket
from store.queries.telling.events import note_ticket
from store.tables import Ticket, now
from store.vault import Place, Vault


def await_confirmation(
    session: Session,
    vault: Vault,
    ticket_id: str,
    *,
    accounts: Secret,
    connection_ids: Sequence[str],
    left_out: Sequence[Mapping[str, str]],
    confirm_by: datetime,
) -> Ticket:
    """End the consent and keep what it gave until it is confirmed. Idempotent."""
    ticket = lock_ticket(session, ticket_id)
    if TicketState(ticket.state).has_outcome:
        return ticket
    ticket.state = TicketState.CONFIRMING
    ticket.connection_ids = list(connection_ids)
    ticket.left_out = [dict(account) for account in left_out]
    ticket.confirm_by = confirm_by
    erase_secrets(ticket)
    ticket.sealed_accounts = vault.seal(accounts, _place(ticket))
    return ticket


def is_in_time(ticket: Ticket) -> bool:
    """True for one that can still be confirmed."""
    in_time = ticket.confirm_by is not None and ticket.confirm_by > now()
    return ticket.state == TicketState.CONFIRMING and in_time


def open_accounts(vault: Vault, ticket: Ticket) -> Secret:
    """What the consent gave. Raises `Conflict` (code `ticket_used`) when it is erased."""
    if ticket.sealed_accounts is None:
        raise Conflict("ticket_used", "The confirmation of this ticket has ended.")
    return vault.open(ticket.sealed_accounts, _place(ticket))


def end_confirmation(
    session: Session,
    ticket_id: str,
    *,
    state: TicketState,
    connection_ids: Sequence[str] = (),
    error_code: str | None = None,
    error: str | None = None,
    error_detail: str | None = None,
) -> Ticket:
    """Write how it ended, and erase what the consent gave. The first end stands."""
    ticket = lock_ticket(session, ticket_id)
    if ticket.state != TicketState.CONFIRMING:
        return ticket
    ticket.state = state
    ticket.connection_ids = list(connection_ids)
    ticket.error_code = error_code
    ticket.error = error
    ticket.error_detail = error_detail
    erase_secrets(ticket)
    note_ticket(session, ticket)
    return ticket


def list_unconfirmed(session: Session, *, limit: int) -> Sequence[Ticket]:
    """Tickets whose time to be confirmed is over.

    In no order, so that some whose platform does not answer never stand before all others.
    """
    query = (
        select(Ticket)
        .where(Ticket.state == TicketState.CONFIRMING, col(Ticket.confirm_by) <= now())
        .order_by(func.random())
        .limit(limit)
    )
    return session.exec(query).all()


def _place(ticket: Ticket) -> Place:
    return Place("ticket", "sealed_accounts", ticket.id)
