"""Events: noted with the change that they tell of, and read in the order of their numbers.

Their data is a snapshot in the words of the API, taken when it happened: what an endpoint is
told today is what it would have been told then.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.consents import detail_of
from domain.events import EventType, of_assignment
from domain.explanations import EXPLANATIONS
from domain.states import AssignmentState, ConnectionHealth, TicketState, WaitReason
from domain.wakes import PersonNeeded
from store import outbox
from store.queries.rows import found
from store.tables import Assignment, Connection, Endpoint, Event, Ticket

_OF_HEALTH = {
    ConnectionHealth.EXPIRING: EventType.CONNECTION_EXPIRING,
    ConnectionHealth.NEEDS_REAUTH: EventType.CONNECTION_NEEDS_REAUTH,
    ConnectionHealth.INSUFFICIENT_SCOPE: EventType.CONNECTION_SCOPE_MISSING,
    ConnectionHealth.DISCONNECTED: EventType.CONNECTION_DISCONNECTED,
    ConnectionHealth.HEALTHY: EventType.CONNECTION_RECOVERED,
}

_OF_TICKET = {
    TicketState.REFUSED: EventType.TICKET_REFUSED,
    TicketState.FAILED: EventType.TICKET_FAILED,
    TicketState.EXPIRED: EventType.TICKET_EXPIRED,
}


def note_assignment(session: Session, row: Assignment) -> None:
    """Tell that an assignment has come into the state that its row says."""
    outbox.note(
        session,
        outbox.Note(
            workspace_id=row.workspace_id,
            type=of_assignment(AssignmentState(row.state)),
            subject_id=row.id,
            data=_assignment(row),
            callback_url=row.callback_url,
        ),
    )
    if row.wait_reason == WaitReason.CONNECTION:
        outbox.wake(session, PersonNeeded(row.connection_id))


def note_health(session: Session, row: Connection, *, key: str | None = None, **more: Any) -> None:
    """Tell that a connection has come into the health that its row says, or is in it still."""
    note_connection(session, row, _OF_HEALTH[ConnectionHealth(row.health)], key=key, **more)


def note_connection(
    session: Session, row: Connection, type: EventType, *, key: str | None = None, **more: Any
) -> None:
    """Tell what happened to a connection. With a `key` that was told before: not again."""
    outbox.note(
        session,
        outbox.Note(
            workspace_id=row.workspace_id,
            type=type,
            subject_id=row.id,
            data={**_connection(row), **more},
            key=key,
        ),
    )


def note_ticket(session: Session, row: Ticket) -> None:
    """Tell that a ticket has ended without a connection. Of one that has connected, nothing.

    Its connections tell of themselves.
    """
    type = _OF_TICKET.get(TicketState(row.state))
    if type is None:
        return
    outbox.note(
        session,
        outbox.Note(workspace_id=row.workspace_id, type=type, subject_id=row.id, data=_ticket(row)),
    )


def note_endpoint_disabled(session: Session, row: Endpoint) -> None:
    """Tell the other endpoints, and those who poll, that one is told no more."""
    outbox.note(
        session,
        outbox.Note(
            workspace_id=row.workspace_id,
            type=EventType.ENDPOINT_DISABLED,
            subject_id=row.id,
            data={
                "endpointId": row.id,
                "description": row.description,
                "reason": row.disabled_reason,
                "failingSince": written(row.failing_since),
            },
        ),
    )


def get_event_by_id(session: Session, event_id: str) -> Event:
    """For work that a workflow was given, never for an id that a request brought."""
    return found(session.get(Event, event_id), code="event_not_found")


def list_events_after(
    session: Session,
    workspace_id: str,
    number: int,
    *,
    limit: int,
    subject_id: str | None = None,
) -> Sequence[Event]:
    """A workspace's events beyond a number, in their order."""
    query = select(Event).where(Event.workspace_id == workspace_id, col(Event.number) > number)
    if subject_id is not None:
        query = query.where(Event.subject_id == subject_id)
    return session.exec(query.order_by(col(Event.number)).limit(limit)).all()


def _assignment(row: Assignment) -> dict[str, Any]:
    return {
        "assignmentId": row.id,
        "groupId": row.group_id,
        "connectionId": row.connection_id,
        "videoId": row.video_id,
        "externalId": row.external_id,
        "platform": row.platform,
        "type": row.type,
        "attempt": row.attempt,
        "state": row.state,
        "waitReason": row.wait_reason,
        "waitUntil": written(row.wait_until),
        "platformId": row.platform_id,
        "platformUrl": row.platform_url,
        "knownBy": row.known_by,
        "errorCode": row.error_code,
        "error": row.error,
        "remedy": row.remedy,
        "warnings": dict(row.warnings),
    }


def _ticket(row: Ticket) -> dict[str, Any]:
    detail = detail_of(row.error_detail)
    return {
        "ticketId": row.id,
        "platform": row.platform,
        "connectionId": row.connection_id,
        "organizationId": row.organization_id,
        "state": row.state,
        "errorCode": row.error_code,
        "errorDetail": detail,
        "error": row.error,
        "remedy": EXPLANATIONS[detail].remedy,
        "platformError": row.platform_word,
    }


def _connection(row: Connection) -> dict[str, Any]:
    return {
        "connectionId": row.id,
        "platform": row.platform,
        "accountId": row.account_id,
        "name": row.name,
        "externalId": row.external_id,
        "organizationId": row.organization_id,
        "health": row.health,
        "healthReason": row.health_reason,
        "healthSince": written(row.health_since),
        "healthUntil": written(row.health_until),
        "tokenExpiresAt": written(row.token_expires_at),
    }


def written(moment: datetime | None) -> str | None:
    """A moment as the API writes it."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
