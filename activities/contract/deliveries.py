"""The step of a delivery: telling an endpoint what happened."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from temporalio import activity


@dataclass(frozen=True, slots=True)
class DeliveryInput:
    endpoint_id: str
    subject_id: str


class DeliverySteps(ABC):
    @activity.defn
    @abstractmethod
    def deliver(self, line: DeliveryInput) -> int:
        """Send what stands in line for an endpoint about one subject, in its order.

        Returns how many were settled; 0 when nothing waits. On retry: what was sent and whose
        answer was lost is sent again, under the same id. An endpoint that does not take one is
        a transient failure, whose delay grows; the row says when it is given up, and then the
        next one follows.
        """
