"""The steps of Care: looking after connections before anybody notices."""

from abc import ABC, abstractmethod
from dataclasses import astuple, dataclass, field
from datetime import datetime

from temporalio import activity


@dataclass(frozen=True, slots=True)
class Cared:
    """What a sweep has found so far."""

    checked: int = 0
    """The platform has told how they are."""
    expiring: int = 0
    broken: int = 0
    in_testing: int = 0
    """Granted to an app whose Google consent screen is in Testing: they end after seven days."""
    postponed: int = 0
    """Ended by a blip: nothing is known, and they are looked at again soon."""
    unserved: int = 0
    """Of the postponed: their platform's app is not set, or is refused there."""
    elsewhere: int = 0
    """Another sweep was looking at them."""

    @property
    def seen(self) -> int:
        return self.checked + self.postponed + self.elsewhere

    def __add__(self, other: "Cared") -> "Cared":
        return Cared(*map(sum, zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class CareInput:
    everything: bool = False
    """Look at every connection that is alive, whatever is due: what an operator asks for."""
    due_by: datetime | None = None
    """Set where a sweep goes on in another run: what is due later is the next one's."""
    found: Cared = field(default_factory=Cared)
    """What the runs before it have found."""


class CareSteps(ABC):
    @activity.defn
    @abstractmethod
    def make_due(self, moment: datetime) -> int:
        """Let every living connection be due by then. Idempotent. Returns how many it changed."""

    @activity.defn
    @abstractmethod
    def care_for_due(self, due_by: datetime) -> Cared:
        """Check one page of the connections that are due, a few at a time.

        On retry: what was begun is due later than `due_by`, whatever came of it, so it goes on
        with the rest; a look that a crash cut off is made by the next sweep. When nothing was
        seen, all were.
        """
