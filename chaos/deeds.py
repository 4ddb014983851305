"""What can be done during a run. A plan is made of these, and each can be repeated from it.

The platforms and the processes have the faults of every day: a post, a kill, an outage, an
injected fault. `OperatorFault` is what an operator or a machine does to a whole installation.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """One assignment that is wanted. No two have the same title or size."""

    number: int
    platform: str
    type: str
    account: int
    size: int

    @property
    def title(self) -> str:
        return f"Broadcast {self.number}"

    @property
    def key(self) -> str:
        return f"broadcast-{self.number}"


@dataclass(frozen=True, slots=True)
class Post:
    order: Order


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL to a process that has been at work for so many seconds since it came up."""

    program: str
    at_work: float


@dataclass(frozen=True, slots=True)
class Outage:
    """Both platforms hang up on everybody and answer nobody."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault, in the emulator's words."""

    fault: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RemoveApp:
    """A channel's owner removes the app from their account, and connects it again later."""

    account: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TerminateWorkflow:
    """Terminate one running workflow through Temporal's API.

    `type_pick` chooses among the workflow types that run then, `pick` among the workflows of that
    type in the order of their ids. Both lie in [0, 1).
    """

    type_pick: float
    pick: float


@dataclass(frozen=True, slots=True)
class LoseTemporal:
    """Kill Temporal, delete everything that it has stored, and start it again."""


@dataclass(frozen=True, slots=True)
class FillDisk:
    """No byte is free where the databases lie."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StopWorkers:
    """No worker runs."""

    seconds: float


class RestoreBy(StrEnum):
    COMMAND = "command"  # `castline backup` and `castline restore`
    COPY = "copy"  # the database's own tools: Castline has to notice it


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Back the database up while everything runs."""

    by: RestoreBy


@dataclass(frozen=True, slots=True)
class Restore:
    """Stop API and workers, put the snapshot in the database's place, and start them again."""

    by: RestoreBy
    loses_temporal: bool
    """Temporal's state is deleted, too."""


OperatorFault = TerminateWorkflow | LoseTemporal | FillDisk | StopWorkers | Snapshot | Restore
Deed = Post | Kill | Outage | Trouble | RemoveApp | OperatorFault


def describe_fault(fault: OperatorFault | RemoveApp) -> dict[str, Any]:
    """A fault as JSON: its name and its fields."""
    return {"fault": type(fault).__name__, **asdict(fault)}
