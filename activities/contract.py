"""What workflows call: inputs, results and signatures of every activity.

A workflow imports this module and nothing else of ours beside `domain`, so that neither
Google's libraries nor the store are loaded into its sandbox. History carries references:
no field here may hold a secret (`Secret` has no JSON form, so one would fail the call).
Fields are added with defaults only: recorded histories must still decode.

Each docstring answers: what happens on retry? Errors are `ApplicationError`s whose type
is one of `Kind`; `activities/failures.py` makes them of `domain.errors`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from temporalio import activity

from domain.accounts import LeftOut
from domain.states import AssignmentState, StepName, TicketState, WaitReason


class Kind(StrEnum):
    """The type of an activity's failure: what the workflow does about it."""

    TRANSIENT = "transient"  # retried by Temporal; if that ends, parked on the platform
    PROCESSING = "processing"  # not an error: the platform is not ready yet
    INTERRUPTED = "interrupted"  # the worker stops; another goes on
    NEEDS_CONNECTION = "needs_connection"  # parked until a person re-authorizes
    NEEDS_QUOTA = "needs_quota"  # parked until the moment in `Trouble.until`
    NEEDS_OPERATOR = "needs_operator"  # parked; our own app's settings are wrong
    UNCONFIRMED = "unconfirmed"  # the video may exist: read again before anything is sent
    REFUSED = "refused"  # permanent


@dataclass(frozen=True, slots=True)
class Trouble:
    """The detail of every failure."""

    code: str
    sentence: str
    remedy: str
    until: datetime | None = None


# Tickets ---------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """The platform's page sent the browser back without a code."""

    error_code: str
    error: str


@dataclass(frozen=True, slots=True)
class Connected:
    outcome: TicketOutcome
    parked: list[str] = field(default_factory=list)
    """Assignments that waited for these connections."""


class TicketSteps(ABC):
    @activity.defn
    @abstractmethod
    def connect(self, ticket_id: str) -> Connected:
        """Exchange the stored code and create or update the connections.

        On retry: the exchanged grant is stored as soon as it is had, so the code is sent
        once; connections are found again by their account. A refusal (no channel, a scope
        not granted, another account than the connection's own) is a result, not an error.
        """

    @activity.defn
    @abstractmethod
    def settle_ticket(self, ticket_id: str, outcome: TicketOutcome) -> None:
        """Write how a ticket ended and erase its verifier, code and grant. Idempotent."""


# Assignments -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AssignmentInput:
    assignment_id: str
    workspace_id: str
    connection_id: str
    platform: str
    title: str
    attempt: int = 1
    scheduled_at: datetime | None = None
    extra_steps: list[StepName] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    """What was known of the file when it was accepted."""


@dataclass(frozen=True, slots=True)
class AssignmentOutcome:
    state: AssignmentState
    platform_id: str | None = None
    platform_url: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssignmentEdit:
    """A late edit. None leaves things as they are."""

    assignment_id: str
    payload: dict[str, Any] | None = None
    scheduled_at: datetime | None = None
    clears_schedule: bool = False
    extra_steps: list[StepName] | None = None


@dataclass(frozen=True, slots=True)
class TransferInput:
    assignment_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ProcessingInput:
    assignment_id: str
    attempt: int
    warnings: dict[str, str] = field(default_factory=dict)
    concludes: bool = False
    """True when no step follows: the row is then `published` as soon as the video is live."""


@dataclass(frozen=True, slots=True)
class StepInput:
    assignment_id: str
    step: StepName


@dataclass(frozen=True, slots=True)
class Uploaded:
    platform_id: str


@dataclass(frozen=True, slots=True)
class Published:
    platform_url: str
    warnings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Discarded:
    platform_id: str | None
    """Set when the upload turned out to be complete: there was nothing left to discard."""


@dataclass(frozen=True, slots=True)
class AssignmentRecord:
    """What the workflow decided, for the assignment's row.

    What is under way the activities write themselves: a row is `uploading` while bytes move,
    `uploaded` when the platform has them, and `processing` when the platform says so.
    """

    assignment_id: str
    attempt: int
    state: AssignmentState
    wait_reason: WaitReason | None = None
    wait_until: datetime | None = None
    trouble: Trouble | None = None
    platform_url: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)


class TransferSteps(ABC):
    """On the queue `castline-transfer`: few at a time, each for as long as its bytes last."""

    @activity.defn
    @abstractmethod
    def transfer(self, transfer: TransferInput) -> Uploaded:
        """Move the bytes. On retry: asks the platform for its offset and goes on from there.

        A run that is not the row's current attempt is refused and thereby ends itself.
        """

    @activity.defn
    @abstractmethod
    def discard_session(self, assignment_id: str) -> Discarded:
        """Give an unfinished upload up, at the platform and here. Idempotent."""


class PublishingSteps(ABC):
    @activity.defn
    @abstractmethod
    def await_processing(self, processing: ProcessingInput) -> Published:
        """Ask what became of the video. Only reads there; `processing` means ask again."""

    @activity.defn
    @abstractmethod
    def run_step(self, step: StepInput) -> None:
        """Do one extra step. On retry: what is already at the platform counts as done."""


class RecordingSteps(ABC):
    """Local activities: one short write to our own database each."""

    @activity.defn
    @abstractmethod
    def record(self, record: AssignmentRecord) -> None:
        """Write the assignment's row. Idempotent.

        A run that is not the row's current attempt is refused and thereby ends itself.
        """

    @activity.defn
    @abstractmethod
    def edit(self, edit: AssignmentEdit) -> None:
        """Write a late edit to the assignment's row. Idempotent."""


# Repair ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repaired:
    started: int
    expired: int


class RepairSteps(ABC):
    @activity.defn
    @abstractmethod
    async def reconcile(self) -> Repaired:
        """Start what was accepted and has no workflow; close tickets whose workflow is gone."""
