"""What the verdict is made of: the facts of a run, and the promises that may be broken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]


class Broken(StrEnum):
    """Which promise."""

    DUPLICATE = "duplicate"  # more than one video, or more than one assignment for one key
    LOST = "lost"  # accepted, and not there, or not what was sent, or failed for no good reason
    STUCK = "stuck"  # not settled, or never accepted
    UNTOLD = "untold"  # an event that no webhook brought, or brought out of sequence
    RENUMBERED = "renumbered"  # two events with one number
    UNHEALTHY = "unhealthy"  # a connection that needs a person, though nobody revoked anything
    UNNOTICED = "unnoticed"  # a restored database that is taken for the present one
    UNPREPARED = "unprepared"  # Temporal lacks what the workers set up
    LEFT_RUNNING = "left running"  # a workflow whose assignment has ended


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was posted."""

    title: str
    key: str
    platform: str
    size: int
    sha256: str
    assignment_id: str | None
    """None: it was never accepted, or its only acceptance was restored over."""
    forgotten: Sequence[str] = ()
    """Ids of acceptances that a restore took back."""


@dataclass(frozen=True, slots=True)
class Facts:
    wanted: Sequence[Wanted]
    assignments: Sequence[Row]
    """As the API lists them."""
    videos: Sequence[Row]
    """Everything that became a video, as the emulator shows it."""
    events: Sequence[Row]
    told: Sequence[Row]
    """Webhooks, in the order in which they were taken."""
    connections: Sequence[Row] = ()
    is_restored: bool = False
    is_noticed: bool = False
    """Whether the installation knows that its database was restored."""
    orphans: Sequence[Row] = ()
    """Workflows without a row, as Castline lists them."""
    lacking: Sequence[str] = ()
    """What Castline sets up in Temporal and what is missing there."""
    running: Sequence[str] = ()
    """Ids of assignments' workflows that run when everything has ended."""


@dataclass(frozen=True, slots=True)
class Finding:
    broken: Broken
    subject: str
    """The assignment's id; its key where it has none; a connection's id."""
    sentence: str
