"""The step of the sweep that repairs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from temporalio import activity


@dataclass(frozen=True, slots=True)
class Repaired:
    started: int
    expired: int
    woken: int = 0
    """Connections whose re-authorization, or the end of it, nobody was at work on."""


class RepairSteps(ABC):
    @activity.defn
    @abstractmethod
    async def reconcile(self) -> Repaired:
        """Start what was accepted and has no workflow; close tickets whose workflow is gone.

        End the consents that nobody confirmed in time.
        Wake for what was woken in vain: a person to be asked for, parked work to be set free.
        On retry: the next sweep finds what this one has left.
        """
