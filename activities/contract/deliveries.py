"""The step of a delivery: telling an endpoint what happened."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity


@dataclass(frozen=True, slots=True)
class DeliveryInput:
    endpoint_id: str
    subject_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """How a line stands after it was worked on."""

    due_at: datetime | None = None
    """When it goes on. None: nothing stands in it."""


class DeliverySteps(ABC):
    """On the queue `castline-delivery`: strangers' servers may be slow."""

    @activity.defn
    @abstractmethod
    async def deliver(self, line: DeliveryInput) -> Line:
        """Send what stands in line for an endpoint about one subject, in its order.

        It ends where nothing is due: an endpoint that does not take one is no failure here, it
        moves that one's date. Where too many of the endpoint's lines are worked on already, it
        says when to ask again, and no try is used up. On retry: what was sent and whose answer
        was lost is sent again, under the same id.
        """
