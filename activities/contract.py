"""What workflows call: inputs, results and signatures of every activity.

A workflow imports this module and nothing else of ours beside `domain`, so that neither
Google's libraries nor the store are loaded into its sandbox. History carries references:
no field here may hold a secret (`Secret` has no JSON form, so one would fail the call).
Fields are added with defaults only: recorded histories must still decode.

Each docstring answers: what happens on retry? Errors are `ApplicationError`s whose type
is one of `failures.Kind`; see `activities/failures.py`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime

from temporalio import activity

from domain.states import AssignmentState, StepName, TicketState, WaitReason


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """The platform's page sent the browser back without a code."""

    error_code: str
    error: str


@dataclass(frozen=True, slots=True)
class AssignmentInput:
    assignment_id: str
    workspace_id: str
    connection_id: str
    platform: str
    title: str
    attempt: int
    scheduled_at: datetime | None = None
    extra_steps: list[StepName] = field(default_factory=list)


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
class AssignmentRecord:
    """The assignment's row as the workflow wants it. None leaves a column as it is."""

    assignment_id: str
    state: AssignmentState
    wait_reason: WaitReason | None = None
    wait_until: datetime | None = None
    error_code: str | None = None
    error: str | None = None
    remedy: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)
    scheduled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    started: int
    expired: int


class TicketSteps(ABC):
    @activity.defn
    @abstractmethod
    def connect(self, ticket: TicketInput) -> TicketOutcome:
        """Exchange the stored code and create or update the connections.

        On retry: the exchanged grant is stored as soon as it is had, so the code is sent
        once; connections are found again by their account. A refusal (no channel, a scope
        not granted, another account than the connection's own) is a result, not an error.
        """

    @activity.defn
    @abstractmethod
    def settle_ticket(self, ticket_id: str, outcome: TicketOutcome) -> None:
        """Write how a ticket ended and erase its verifier, code and grant. Idempotent."""


class AssignmentSteps(ABC):
    @activity.defn
    @abstractmethod
    def transfer(self, assignment_id: str) -> Uploaded:
        """Move the bytes. On retry: asks the platform for its offset and goes on from there."""

    @activity.defn
    @abstractmethod
    def await_processing(self, assignment_id: str) -> Published:
        """Ask what became of the video. Not ready yet is an error that is retried."""

    @activity.defn
    @abstractmethod
    def run_step(self, step: StepInput) -> None:
        """Do one extra step. Idempotent at the platform."""

    @activity.defn
    @abstractmethod
    def record(self, record: AssignmentRecord) -> None:
        """Write the assignment's row. Idempotent."""

    @activity.defn
    @abstractmethod
    def discard_session(self, assignment_id: str) -> None:
        """Give an unfinished upload session up, at the platform and here. Idempotent."""


class RepairSteps(ABC):
    @activity.defn
    @abstractmethod
    async def reconcile(self) -> Repaired:
        """Start what was accepted and has no workflow; close tickets whose workflow is gone."""
