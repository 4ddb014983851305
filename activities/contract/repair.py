"""The step of the sweep that repairs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from temporalio import activity


@dataclass(frozen=True, slots=True)
class Repaired:
    started: int
    expired: int


class RepairSteps(ABC):
    @activity.defn
    @abstractmethod
    async def reconcile(self) -> Repaired:
        """Start what was accepted and has no workflow; close tickets whose workflow is gone."""
