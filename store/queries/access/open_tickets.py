"""Tickets that have not ended: how many a workspace may have, and the one of a link.

Both rules are decided under the lock of the row that they are about, so that of several
requests at once exactly the allowed ones pass.
"""

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.errors import TooManyRequests
from domain.states import TicketState
from store.queries.rows import lock_row
from store.tables import Ticket, Workspace, now

_OPEN = tuple(state for state in TicketState if not state.is_settled)


def check_room(session: Session, workspace_id: str, *, limit: int) -> None:
    """Let the transaction write one more ticket of the workspace, which is locked until its end.

    Raises `TooManyRequests` (code `too_many_open_tickets`) when `limit` tickets are open. It
    says to come back when the first of them ends by its time.
    """
    lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    of_the_workspace = (
        select(func.count(), func.min(Ticket.expires_at))
        .where(Ticket.workspace_id == workspace_id, col(Ticket.state).in_(_OPEN))
        .select_from(Ticket)
    )
    count, first_end = session.exec(of_the_workspace).one()
    if count < limit:
        return
    left = (first_end - now()).total_seconds()
    raise TooManyRequests(
        "too_many_open_tickets",
        f"This workspace has {count} open tickets, and {limit} are allowed. Try again when some "
        "of them have been used or have expired.",
        retry_after=max(1.0, left),
    )


def find_link_ticket(session: Session, connection_id: str) -> Ticket | None:
    """The ticket that a re-authorization link of this connection made, until it ends or expires.

    There is at most one, because the caller that makes one holds the connection's lock.
    """
    query = (
        select(Ticket)
        .where(
            Ticket.connection_id == connection_id,
            col(Ticket.is_from_link).is_(True),
            col(Ticket.state).in_(_OPEN),
            col(Ticket.expires_at) > now(),
        )
        .order_by(col(Ticket.expires_at).desc())
        .limit(1)
    )
    return session.exec(query).first()
