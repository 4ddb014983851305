"""The steps of a ticket."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime

from temporalio import activity

from domain.accounts import LeftOut
from domain.explanations import ErrorDetail
from domain.states import TicketState


@dataclass(frozen=True, slots=True)
class TicketInput:
    ticket_id: str
    workspace_id: str
    platform: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TicketOutcome:
    state: TicketState
    connection_ids: list[str] = field(default_factory=list)
    error_code: str | None = None
    error: str | None = None
    left_out: list[LeftOut] = field(default_factory=list)
    error_detail: ErrorDetail | None = None
    """Why it ended without a connection; None where it did not."""
    platform_word: str | None = None
    """The platform's own word for it, where there is one that may be stored."""


NOBODY_CAME_BACK = TicketOutcome(
    TicketState.EXPIRED,
    error_code="ticket_expired",
    error="Nobody came back from the consent page within five minutes.",
    error_detail=ErrorDetail.TICKET_EXPIRED,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The platform's page sent the browser back without a code."""

    error_code: str
    error: str
    error_detail: ErrorDetail
    platform_word: str | None = None

    @property
    def outcome(self) -> TicketOutcome:
        return TicketOutcome(
            TicketState.REFUSED,
            error_code=self.error_code,
            error=self.error,
            error_detail=self.error_detail,
            platform_word=self.platform_word,
        )


@dataclass(frozen=True, slots=True)
class Connected:
    outcome: TicketOutcome


class TicketSteps(ABC):
    @activity.defn
    @abstractmethod
    def connect(self, ticket_id: str) -> Connected:
        """Exchange the stored code and create or update the connections.

        With `confirm` the ticket becomes `confirming` instead: what the consent gave lies sealed
        in its row until the tenant's backend confirms it.

        On retry: the exchanged grant is stored as soon as it is had, so the code is sent
        once; connections are found again by their account. A refusal (no channel, a scope
        not granted, another account than the connection's own, a connection that was
        disconnected since the ticket was made) is a result, not an error.
        """

    @activity.defn
    @abstractmethod
    def is_claimed(self, ticket_id: str) -> bool:
        """True when a callback came in time and its code is stored. Only reads."""

    @activity.defn
    @abstractmethod
    def settle_ticket(self, ticket_id: str, outcome: TicketOutcome) -> None:
        """Write how a ticket ended and erase its verifier, code and grant. Idempotent."""
