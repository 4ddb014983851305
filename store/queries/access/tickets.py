"""Tickets: one consent, one callback, one exchange.

Any number of consent pages may be open for a ticket, in any browser: nothing of them is stored.
The first callback that claims the ticket holds it, and none does after it is settled. The
winner's browser is kept as a digest, its verifier, code and grant sealed; settling erases what is
sealed and keeps the digests, so that a repeated callback still finds how it ended.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from domain.errors import Conflict
from domain.secrets import Secret
from domain.states import TicketState
from store.queries.access.connections import get_connection
from store.queries.rows import found, lock_row
from store.queries.telling.events import note_ticket
from store.queries.workspaces import get_organization, get_workspace
from store.tables import Connection, Ticket, now
from store.vault import Place, Vault

_ENDED = tuple(state for state in TicketState if state.has_outcome)
_BEFORE_REDEMPTION = (TicketState.OPEN, TicketState.CONSENTING)


def create_ticket(
    session: Session,
    *,
    workspace_id: str,
    platform: str,
    redirect_url: str | None,
    callback_url: str,
    expires_at: datetime,
    connection_id: str | None = None,
    organization_id: str | None = None,
    is_from_link: bool = False,
    requires_confirmation: bool = False,
) -> Ticket:
    """Raises `NotFound` for a connection or organization that is not the workspace's own."""
    get_workspace(session, workspace_id)
    if connection_id is not None:
        get_connection(session, workspace_id, connection_id)
    if organization_id is not None:
        get_organization(session, workspace_id, organization_id)
    ticket = Ticket(
        workspace_id=workspace_id,
        platform=platform,
        redirect_url=redirect_url,
        callback_url=callback_url,
        connection_id=connection_id,
        organization_id=organization_id,
        is_from_link=is_from_link,
        requires_confirmation=requires_confirmation,
        expires_at=expires_at,
    )
    session.add(ticket)
    session.flush()
    return ticket


def get_ticket(session: Session, ticket_id: str, workspace_id: str | None = None) -> Ticket:
    """The ticket; with a workspace given, only if it is its own."""
    query = select(Ticket).where(Ticket.id == ticket_id)
    if workspace_id is not None:
        query = query.where(Ticket.workspace_id == workspace_id)
    return found(session.exec(query).one_or_none(), code="ticket_not_found")


def find_ticket(session: Session, ticket_id: str) -> Ticket | None:
    """The ticket, for a page that says no more of it than whoever has its id may know."""
    return session.get(Ticket, ticket_id)


def lock_ticket(session: Session, ticket_id: str) -> Ticket:
    """The ticket, held against other writers. Connections are held before it."""
    return lock_row(session, Ticket, ticket_id, code="ticket_not_found")


def find_expected(session: Session, ticket: Ticket) -> Connection | None:
    """The connection whose account alone may use this ticket; None where any may."""
    if ticket.connection_id is None:
        return None
    return get_connection(session, ticket.workspace_id, ticket.connection_id)


def list_connected(session: Session, ticket: Ticket) -> Sequence[Connection]:
    """The connections that the ticket made, in their order. One that is gone is left out."""
    found = session.exec(
        select(Connection).where(
            Connection.workspace_id == ticket.workspace_id,
            col(Connection.id).in_(ticket.connection_ids),
        )
    ).all()
    by_id = {connection.id: connection for connection in found}
    return [by_id[id] for id in ticket.connection_ids if id in by_id]


def is_claimed_by(ticket: Ticket, browsers: Iterable[Secret]) -> bool:
    """True when one of these is the cookie of the browser whose callback holds the ticket."""
    winner = ticket.browser_digest
    return winner is not None and any(
        hmac.compare_digest(winner, digest(browser)) for browser in browsers
    )


def begin_consent(session: Session, ticket_id: str) -> Ticket:
    """A consent page was opened. Idempotent.

    Raises `Conflict` (code `ticket_used`) once a callback holds the ticket, or all is over.
    """
    ticket = lock_ticket(session, ticket_id)
    if ticket.state not in _BEFORE_REDEMPTION or ticket.callback_digest is not None:
        raise _used()
    ticket.state = TicketState.CONSENTING
    return ticket


def claim_callback(
    session: Session,
    vault: Vault,
    ticket_id: str,
    *,
    callback_digest: str,
    browser: Secret,
    verifier: Secret,
    code: Secret | None,
) -> bool:
    """Let one callback redeem the ticket: True for it, however often it comes.

    False when another callback holds the ticket, or none may any more: from here on it is this
    claim that came in time, whenever a worker exchanges its code. The code is None where the
    platform sent the browser back without one; there is nothing to verify then.
    """
    ticket = lock_ticket(session, ticket_id)
    if ticket.callback_digest is not None:
        return ticket.callback_digest == callback_digest
    if ticket.state != TicketState.CONSENTING or ticket.expires_at <= now():
        return False
    ticket.callback_digest = callback_digest
    ticket.browser_digest = digest(browser)
    if code is not None:
        ticket.sealed_verifier = vault.seal(verifier, _place(ticket, "sealed_verifier"))
        ticket.sealed_code = vault.seal(code, _place(ticket, "sealed_code"))
    return True


def is_claimed(ticket: Ticket) -> bool:
    """True when a callback came in time, and its code waits to be exchanged."""
    return not TicketState(ticket.state).has_outcome and ticket.sealed_code is not None


def begin_connecting(session: Session, ticket_id: str) -> Ticket:
    """Close the ticket to further consent pages: its code is about to be exchanged.

    Idempotent. A settled ticket stays as it is.
    """
    ticket = lock_ticket(session, ticket_id)
    if ticket.state in _BEFORE_REDEMPTION:
        ticket.state = TicketState.CONNECTING
    return ticket


def open_verifier(vault: Vault, ticket: Ticket) -> Secret:
    """The PKCE verifier. Raises `Conflict` (code `ticket_used`) when it is erased."""
    if ticket.sealed_verifier is None:
        raise _used()
    return vault.open(ticket.sealed_verifier, _place(ticket, "sealed_verifier"))


def open_code(vault: Vault, ticket: Ticket) -> Secret:
    """The claimed callback's code. Raises `Conflict` (code `ticket_used`) when it is erased."""
    if ticket.sealed_code is None:
        raise _used()
    return vault.open(ticket.sealed_code, _place(ticket, "sealed_code"))


def keep_grant(session: Session, vault: Vault, ticket_id: str, grant: Secret) -> Ticket:
    """Store what the code was exchanged for, at once: it cannot be exchanged again."""
    ticket = lock_ticket(session, ticket_id)
    if TicketState(ticket.state).has_outcome:
        raise _used()
    ticket.sealed_grant = vault.seal(grant, _place(ticket, "sealed_grant"))
    return ticket


def find_grant(vault: Vault, ticket: Ticket) -> Secret | None:
    """What the code was exchanged for; None when it has not been, or the ticket is settled."""
    if ticket.sealed_grant is None:
        return None
    return vault.open(ticket.sealed_grant, _place(ticket, "sealed_grant"))


def settle_ticket(
    session: Session,
    ticket_id: str,
    *,
    state: TicketState,
    connection_ids: Sequence[str] = (),
    left_out: Sequence[Mapping[str, str]] = (),
    error_code: str | None = None,
    error: str | None = None,
    error_detail: str | None = None,
    platform_word: str | None = None,
) -> Ticket:
    """Write how the consent ended and erase its secrets. The first end stands, on any retry.

    An end without a connection is an event of the workspace.
    """
    ticket = lock_ticket(session, ticket_id)
    if TicketState(ticket.state).has_outcome:
        return ticket
    ticket.state = state
    ticket.connection_ids = list(connection_ids)
    ticket.left_out = [dict(account) for account in left_out]
    ticket.error_code = error_code
    ticket.error = error
    ticket.error_detail = error_detail
    ticket.platform_word = platform_word
    erase_secrets(ticket)
    note_ticket(session, ticket)
    return ticket


def erase_secrets(ticket: Ticket) -> None:
    """Erase everything that is sealed in a ticket."""
    ticket.sealed_verifier = None
    ticket.sealed_code = None
    ticket.sealed_grant = None
    ticket.sealed_accounts = None


def list_unsettled_tickets(
    session: Session, *, expired_before: datetime, limit: int
) -> Sequence[Ticket]:
    """Tickets that should have ended by themselves, the longest overdue first."""
    query = (
        select(Ticket)
        .where(col(Ticket.state).not_in(_ENDED), col(Ticket.expires_at) < expired_before)
        .order_by(col(Ticket.expires_at))
        .limit(limit)
    )
    return session.exec(query).all()


def list_going_on(
    session: Session, *, after: str, claimed_after: datetime, limit: int
) -> Sequence[Ticket]:
    """A page of the tickets that a browser may still go on with, in the order of their ids.

    One that was claimed goes on beyond its time, as long as that was after `claimed_after`.
    """
    may_go_on = or_(
        col(Ticket.expires_at) > now(),
        and_(col(Ticket.sealed_code).is_not(None), col(Ticket.expires_at) > claimed_after),
    )
    query = (
        select(Ticket)
        .where(col(Ticket.state).not_in(_ENDED), may_go_on, col(Ticket.id) > after)
        .order_by(col(Ticket.id))
        .limit(limit)
    )
    return session.exec(query).all()


def _used() -> Conflict:
    return Conflict("ticket_used", "This ticket has been used. Create a new one.")


def _place(ticket: Ticket, column: str) -> Place:
    return Place("ticket", column, ticket.id)


def digest(secret: Secret) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(secret.reveal().encode()).hexdigest()
