"""The steps of an assignment."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime

from temporalio import activity

from activities.contract.progress import Progress
from activities.contract.trouble import Trouble
from domain.states import AssignmentState, StepName, WaitReason


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
    parking_days: float = 7.0
    """How long it waits for its connection to be authorized again."""
    source_wait_hours: float = 24.0
    """How long it waits for a source that does not give the bytes."""
    progress: Progress | None = None
    """Set in a run that continues another one."""


@dataclass(frozen=True, slots=True)
class AssignmentOutcome:
    state: AssignmentState
    platform_id: str | None = None
    platform_url: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssignmentEdit:
    """A late edit that is stored under its version. None leaves things as they are."""

    assignment_id: str
    version: int
    scheduled_at: datetime | None = None
    clears_schedule: bool = False
    extra_steps: list[StepName] | None = None


@dataclass(frozen=True, slots=True)
class TransferInput:
    assignment_id: str
    attempt: int
    is_slow: bool = False
    """It runs in the slow lane, where no floor applies."""


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
    attempt: int
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
    waiting_since: datetime | None = None
    waiting_looks: int = 0
    trouble: Trouble | None = None
    platform_url: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)


class TransferSteps(ABC):
    """Few transfers at a time, each for as long as its bytes last."""

    @activity.defn
    @abstractmethod
    def transfer(self, transfer: TransferInput) -> Uploaded:
        """Move the bytes. On retry: asks the platform for its offset and goes on from there.

        A run that is not the row's current attempt is refused and thereby ends itself. Where the
        workspace's share is taken it queues the row and fails with `Kind.OVER_SHARE`; where the
        source is slow it fails with `Kind.SLOW_SOURCE`, and the row belongs to the slow lane.
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
        """Do one extra step. On retry: what is already at the platform counts as done.

        A run that is not the row's current attempt is refused.
        """


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
    def edit(self, edit: AssignmentEdit) -> bool:
        """Apply a stored edit to the assignment's row. Idempotent; False: it was withdrawn."""
