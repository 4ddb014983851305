"""How a browser's visit to a consent ends, as the ticket's redirect address is told."""

from dataclasses import dataclass, field

from activities.contract.tickets import TicketOutcome
from domain.consents import detail_of, is_denial
from domain.errors import Conflict, Unavailable
from domain.explanations import ErrorDetail
from domain.states import TicketState
from store.tables import Ticket, now


@dataclass(frozen=True, slots=True)
class Ending:
    """How a ticket's consent ended."""

    ticket: Ticket
    connection_ids: list[str] = field(default_factory=list)
    error: str | None = None
    """One of `access_denied`, `ticket_expired`, `invalid_ticket`, `platform_error`."""
    detail: ErrorDetail | None = None
    """Why, more exactly. Set beside `error`."""

    @property
    def result(self) -> dict[str, str]:
        """What is added to the redirect address."""
        ids = self.connection_ids
        # Of an error, the connection that was to be authorized again.
        first = ids[0] if ids else self.ticket.connection_id
        named = {"ticketId": self.ticket.id, **({"connectionId": first} if first else {})}
        if self.error is None:
            return {**named, "connectionIds": ",".join(ids), "status": "success"}
        detail = {"errorDetail": self.detail} if self.detail else {}
        return {**named, "status": "error", "error": self.error, **detail}


@dataclass(frozen=True, slots=True)
class Waiting:
    """No worker has answered yet. The same visit, made again, goes on from here."""

    ticket: Ticket
    reason: Unavailable
    has_code: bool
    """The code is stored, so the channel is connected also without the browser."""


def used_up(ticket: Ticket) -> Ending:
    """The ticket can begin nothing: it has expired, or a callback holds it."""
    has_run_out = ticket.expires_at <= now() and ticket.callback_digest is None
    is_expired = ticket.state == TicketState.EXPIRED or (
        has_run_out and not TicketState(ticket.state).has_outcome
    )
    code = "ticket_expired" if is_expired else "ticket_used"
    return refused(ticket, Conflict(code, "This ticket has been used or has expired."))


def refused(ticket: Ticket, conflict: Conflict) -> Ending:
    """The ticket's row or its workflow refuses the visit."""
    detail = detail_of(conflict.code)
    is_expired = detail is ErrorDetail.TICKET_EXPIRED
    return Ending(ticket, error="ticket_expired" if is_expired else "invalid_ticket", detail=detail)


def not_configured(ticket: Ticket) -> Ending:
    """Nothing goes for now. The ticket stays as it is."""
    return Ending(ticket, error="platform_error", detail=ErrorDetail.PLATFORM_NOT_CONFIGURED)


def ending_of(ticket: Ticket, outcome: TicketOutcome) -> Ending:
    """What the ticket's outcome is to the browser whose callback holds it."""
    if outcome.state in (TicketState.CONNECTED, TicketState.CONFIRMING):
        return Ending(ticket, connection_ids=outcome.connection_ids)
    if outcome.state is TicketState.EXPIRED:
        detail = outcome.error_detail or ErrorDetail.TICKET_EXPIRED
        return Ending(ticket, error="ticket_expired", detail=detail)
    detail = outcome.error_detail or detail_of(outcome.error_code)
    error = "access_denied" if is_denial(detail) else "platform_error"
    return Ending(ticket, error=error, detail=detail)
