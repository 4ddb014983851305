"""The steps of a re-authorization: asking a person, and going on once they came."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from temporalio import activity


@dataclass(frozen=True, slots=True)
class ReauthProgress:
    """What one run hands to the next, where its history has grown long."""

    ends_at: datetime
    looks: int
    since: datetime | None
    """The trouble whose reminders are counted."""
    reminders_due: int


@dataclass(frozen=True, slots=True)
class ReauthInput:
    connection_id: str
    workspace_id: str
    platform: str
    name: str
    since: datetime
    """Since when the connection is not well."""
    reminder_days: list[float] = field(default_factory=lambda: [1.0, 3.0, 7.0])
    """When a person is reminded, counted from the moment at which the trouble began."""
    limit_days: float = 30.0
    """How long a person is waited for, counted from the start of the first run."""
    progress: ReauthProgress | None = None


class ReauthEnd(StrEnum):
    RECONNECTED = "reconnected"
    DISCONNECTED = "disconnected"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class ReauthOutcome:
    end: ReauthEnd
    concerned: int = 0
    """Assignments that were woken or ended on the way out."""


@dataclass(frozen=True, slots=True)
class ReauthStand:
    """How it stands: whether a person is still needed, why, and how much work waits."""

    is_needed: bool
    health: str
    reason: str | None
    since: datetime
    """Since when it is so: another moment is another trouble."""
    waiting: int


@dataclass(frozen=True, slots=True)
class Reminder:
    connection_id: str
    number: int
    """Counted from 1; the notice at once is told with the change of health itself. 0 is told to
    whoever had that notice long before anybody waited for what comes of it."""
    key: str
    """Names it, so that a retry does not remind twice."""


class ReauthSteps(ABC):
    """`survey` and `remind` are local activities: one short write to our own database each."""

    @activity.defn
    @abstractmethod
    def survey(self, connection_id: str) -> ReauthStand:
        """Look how it stands, and note whether a person is waited for. Idempotent."""

    @activity.defn
    @abstractmethod
    def remind(self, reminder: Reminder) -> None:
        """Tell once more that a person is needed. On retry: told once, by its key.

        Nothing is told of a connection that is well again or was disconnected meanwhile.
        """

    @activity.defn
    @abstractmethod
    async def release(self, connection_id: str) -> int:
        """Wake all assignments that were parked on it. Returns how many.

        On retry: one that was woken before and is parked no more is left alone, any other one
        finds out by itself that there is nothing new.
        """

    @activity.defn
    @abstractmethod
    async def abandon(self, connection_id: str) -> int:
        """End what a connection that is gone holds up. Returns how many are concerned.

        What can still be cancelled is, and what waits for the connection behind its last byte
        is told that nobody will come. Each is asked and not waited for. Nothing is done when a
        person has authorized the connection meanwhile. On retry: what has ended is left alone.
        """
