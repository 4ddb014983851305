"""What can happen, by the name under which the world is told of it."""

from enum import StrEnum

from domain.states import AssignmentState


class EventType(StrEnum):
    CONNECTION_CREATED = "connection.created"
    CONNECTION_REFRESHED = "connection.refreshed"
    CONNECTION_EXPIRING = "connection.expiring"
    CONNECTION_NEEDS_REAUTH = "connection.needs_reauth"
    CONNECTION_SCOPE_MISSING = "connection.scope_missing"
    CONNECTION_RECOVERED = "connection.recovered"
    CONNECTION_DISCONNECTED = "connection.disconnected"
    ASSIGNMENT_PENDING = "assignment.pending"
    ASSIGNMENT_UPLOADING = "assignment.uploading"
    ASSIGNMENT_UPLOADED = "assignment.uploaded"
    ASSIGNMENT_PROCESSING = "assignment.processing"
    ASSIGNMENT_WAITING = "assignment.waiting"
    ASSIGNMENT_UNCONFIRMED = "assignment.unconfirmed"
    ASSIGNMENT_PUBLISHED = "assignment.published"
    ASSIGNMENT_FAILED = "assignment.failed"
    ASSIGNMENT_CANCELLED = "assignment.cancelled"
    TICKET_REFUSED = "ticket.refused"
    TICKET_FAILED = "ticket.failed"
    TICKET_EXPIRED = "ticket.expired"
    ENDPOINT_DISABLED = "endpoint.disabled"

    @property
    def asks_for_a_person(self) -> bool:
        """True when whoever is told needs the way to authorize a connection again."""
        return self in _CALLS


_CALLS = frozenset(
    {
        EventType.CONNECTION_EXPIRING,
        EventType.CONNECTION_NEEDS_REAUTH,
        EventType.CONNECTION_SCOPE_MISSING,
    }
)


def of_assignment(state: AssignmentState) -> EventType:
    """The event of an assignment that has come into a state."""
    return EventType(f"assignment.{state}")


def state_of(type: str) -> AssignmentState:
    """The state that an assignment's event tells of."""
    return AssignmentState(type.partition(".")[2])


def kind_of(type: str) -> str:
    """What stands for all events of its noun: `assignment.*`."""
    return f"{type.partition('.')[0]}.*"
