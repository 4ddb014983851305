"""Lifecycles that a test directs: a stand-in at the seam, without a Temporal.

It notes what it is asked, answers as it is told, and may be away. What tickets and
assignments really do is for the journeys to show.
"""

import asyncio
from dataclasses import dataclass, field

from activities.contract.assignments import AssignmentEdit, AssignmentInput
from activities.contract.tickets import Refusal, TicketInput, TicketOutcome
from domain.errors import Conflict, Unavailable
from domain.evidence import Loss
from domain.states import TicketState
from runtime.histories import Known
from runtime.lifecycles import Lifecycles
from runtime.runs import Run


@dataclass
class DirectedLifecycles(Lifecycles):
    """Each attribute is what the next call finds."""

    is_away: bool = False
    hangs: bool = False
    """Temporal is there, and no worker answers what a workflow is asked."""
    unpolled: list[str] = field(default_factory=list)
    """The task queues that no worker polls."""
    conflict: Conflict | None = None
    """Raised by everything that a workflow may refuse."""
    outcome: TicketOutcome = field(
        default_factory=lambda: TicketOutcome(TicketState.CONNECTED, ["con_made"])
    )
    cancels_in_time: bool | None = True
    """None: the platform does not tell yet."""
    tickets: list[TicketInput] = field(default_factory=list)
    consents: list[str] = field(default_factory=list)
    redeemed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str, Refusal]] = field(default_factory=list)
    assignments: list[AssignmentInput] = field(default_factory=list)
    assigned: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the first assignment that is started."""
    edits: list[AssignmentEdit] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    terminated: list[str] = field(default_factory=list)
    """Why runs were terminated."""

    async def start_ticket(self, ticket: TicketInput) -> None:
        await self.ping()
        self.tickets.append(ticket)

    async def continue_ticket(self, ticket: TicketInput) -> None:
        await self.start_ticket(ticket)

    async def begin_consent(self, ticket_id: str) -> None:
        await self._ask()
        self.consents.append(ticket_id)

    async def redeem(self, ticket_id: str, callback_digest: str) -> TicketOutcome:
        await self._ask()
        self.redeemed.append((ticket_id, callback_digest))
        return self.outcome

    async def refuse(self, ticket_id: str, callback_digest: str, refusal: Refusal) -> TicketOutcome:
        await self._ask()
        self.refused.append((ticket_id, callback_digest, refusal))
        return refusal.outcome

    async def terminate_assignment(self, assignment_id: str, run: Run, reason: str) -> None:
        await self.ping()
        self.terminated.append(reason)

    async def start_assignment(self, assignment: AssignmentInput) -> None:
        await self.ping()
        self.assignments.append(assignment)
        self.assigned.set()

    async def continue_assignment(self, assignment: AssignmentInput) -> None:
        await self.start_assignment(assignment)

    async def find_assignment_run(self, assignment_id: str, *, closes: int) -> Run | None:
        await self.ping()
        started = {one.assignment_id: one.attempt for one in self.assignments}
        if assignment_id not in started:
            return None
        return Run("run", True, started[assignment_id], Loss.COMPLETED, None)

    async def read_assignment(self, assignment_id: str) -> Known | None:
        await self.ping()
        return None

    async def tell_forced(self, assignment_id: str) -> None:
        await self.ping()

    async def edit(self, edit: AssignmentEdit) -> None:
        await self._ask()
        self.edits.append(edit)

    async def cancel(self, assignment_id: str) -> bool | None:
        await self._ask()
        self.cancelled.append(assignment_id)
        return self.cancels_in_time

    async def ping(self) -> None:
        if self.is_away:
            raise Unavailable("temporal_unavailable", "Temporal cannot be reached.")

    async def find_unpolled(self) -> list[str]:
        await self.ping()
        return self.unpolled

    async def _ask(self) -> None:
        await self.ping()
        if self.hangs:
            await asyncio.Event().wait()
        if self.conflict is not None:
            raise self.conflict
