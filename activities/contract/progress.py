"""What one run of an assignment's workflow hands to the next run of the same attempt."""

from dataclasses import dataclass
from datetime import datetime

from activities.contract.trouble import Trouble
from domain.states import AssignmentState, WaitReason


@dataclass(frozen=True)
class Stand:
    """One standstill, as it is told and waited out."""

    state: AssignmentState
    reason: WaitReason
    until: datetime
    trouble: Trouble
    since: datetime | None = None
    """When the trouble began."""
    looks: int = 1
    """How often it was met since then."""


@dataclass(frozen=True)
class ParkingMemory:
    """How long the same trouble has lasted."""

    reason: WaitReason | None
    since: datetime
    times: int
    interruptions: int


@dataclass(frozen=True)
class Progress:
    """How far the run before was. What a late edit changed is in the input itself."""

    parking: ParkingMemory
    stand: Stand | None = None
    """What was waited for. None: the next step runs at once."""
    has_begun: bool = False
    gives_up: bool = False
    """It was cancelled, and what the platform has is not known yet."""
    is_slow: bool = False
    """The transfer runs in the slow lane."""
    platform_id: str | None = None
    platform_url: str | None = None
    """Set once the video is processed: what is left are extra steps."""
