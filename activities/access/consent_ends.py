"""The end of a ticket: its row, and one line of the log that says why it ended."""

import logging
from dataclasses import asdict

from sqlmodel import Session

from activities.contract.tickets import TicketOutcome
from domain.consents import detail_of
from domain.explanations import EXPLANATIONS, ConsentRemedy
from domain.states import TicketState
from store.engine import Store
from store.queries.access import tickets
from store.tables import Ticket

_log = logging.getLogger("castline.consents")


def end_ticket(store: Store, ticket_id: str, outcome: TicketOutcome) -> None:
    """Write how a ticket ended, and log it. The first end stands, and is logged once."""
    with store.write() as session:
        had_outcome = TicketState(tickets.get_ticket(session, ticket_id).state).has_outcome
        ticket = settle(session, ticket_id, outcome)
    if not had_outcome:
        log_end(ticket)


def settle(session: Session, ticket_id: str, outcome: TicketOutcome) -> Ticket:
    """Write how a ticket ended. Idempotent: the first end stands."""
    return tickets.settle_ticket(
        session,
        ticket_id,
        state=outcome.state,
        connection_ids=outcome.connection_ids,
        left_out=[asdict(account) for account in outcome.left_out],
        error_code=outcome.error_code,
        error=outcome.error,
        error_detail=outcome.error_detail,
        platform_word=outcome.platform_word,
    )


def log_end(ticket: Ticket) -> None:
    """One line of why a consent ended, for the operator. Nothing of a browser's is in it."""
    detail = detail_of(ticket.error_detail)
    explained = EXPLANATIONS[detail]
    level = logging.WARNING if explained.remedy is ConsentRemedy.OPERATOR else logging.INFO
    said = f" The platform said {ticket.platform_word}." if ticket.platform_word else ""
    check = f" Check: {explained.check}" if explained.check else ""
    _log.log(
        level,
        "ticket %s for %s ended as %s: %s: %s%s%s",
        ticket.id,
        ticket.platform,
        ticket.state,
        detail,
        ticket.error,
        said,
        check,
    )
