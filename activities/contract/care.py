"""The steps of Care: looking after connections before anybody notices."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from temporalio import activity


@dataclass(frozen=True, slots=True)
class CareInput:
    everything: bool = False
    """Look at every connection that is alive, whatever is due: what an operator asks for."""


@dataclass(frozen=True, slots=True)
class Cared:
    """What a sweep has found so far."""

    checked: int = 0
    expiring: int = 0
    broken: int = 0
    postponed: int = 0
    """Ended by a blip: nothing is known, and they are looked at again soon."""

    def __add__(self, other: "Cared") -> "Cared":
        return Cared(
            self.checked + other.checked,
            self.expiring + other.expiring,
            self.broken + other.broken,
            self.postponed + other.postponed,
        )


class CareSteps(ABC):
    @activity.defn
    @abstractmethod
    def make_due(self) -> int:
        """Make every living connection due now. Idempotent. Returns how many there are."""

    @activity.defn
    @abstractmethod
    def care_for_due(self) -> Cared:
        """Check one page of the connections that are due, a few at a time.

        On retry: what was checked is due no more, so it goes on with the rest. Nothing checked
        means that nothing is due.
        """
