"""The lifecycles as the API and the command line address them.

Every method speaks to one workflow by its id. Starting is idempotent; an Update's id derives
from what caused it, so asking again gives the first answer. A Temporal that is away or slow is
`Unavailable`: what was asked for may still happen, and asking again is always safe.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError

from activities.contract.assignments import AssignmentEdit, AssignmentInput, AssignmentOutcome
from activities.contract.tickets import Refusal, TicketInput, TicketOutcome
from domain.errors import CastlineError, Conflict, Unavailable
from domain.evidence import Loss
from domain.ids import assignment_workflow_id, ticket_workflow_id
from domain.queues import WORKFLOW_QUEUE
from domain.states import AssignmentState, TicketState
from runtime.answers import START_TIMEOUT, Closed, answered, started
from runtime.health.queues import describe_queues, find_unpolled
from runtime.histories import Known, read_history
from runtime.runs import ATTEMPT, Run, end_run, find_run
from runtime.settings import Settings
from workflows import options
from workflows.assignment import AssignmentWorkflow
from workflows.ticket import TicketWorkflow

T = TypeVar("T")

_CLOSING_LOOKS = 20
_CLOSING_LOOK_SECONDS = 0.1


def make_lifecycles(client: Client, settings: Settings) -> "Lifecycles":
    """The lifecycles, with the waits that the settings say."""
    return Lifecycles(
        client,
        parking_days=settings.parking_days,
        source_wait_hours=settings.source_wait_hours,
    )


class Lifecycles:
    def __init__(
        self, client: Client, *, parking_days: float = 7.0, source_wait_hours: float = 24.0
    ) -> None:
        self._client = client
        self._parking_days = parking_days
        self._source_wait_hours = source_wait_hours

    async def start_ticket(self, ticket: TicketInput) -> None:
        """Start the clock of a ticket. Idempotent, also when it has run out since."""
        await self._start_ticket(ticket, WorkflowIDReusePolicy.REJECT_DUPLICATE)

    async def continue_ticket(self, ticket: TicketInput) -> None:
        """Start another run of an unsettled ticket whose workflow is gone. Idempotent.

        One that ended by itself has settled its ticket and is left alone. Raises `Unavailable`.
        """
        run = await find_run(self._client, ticket_workflow_id(ticket.ticket_id))
        if run is None or run.is_lost:
            await self._start_ticket(ticket, WorkflowIDReusePolicy.ALLOW_DUPLICATE)

    async def _start_ticket(self, ticket: TicketInput, reuse: WorkflowIDReusePolicy) -> None:
        await started(
            self._client.start_workflow(
                TicketWorkflow.run,
                ticket,
                id=ticket_workflow_id(ticket.ticket_id),
                task_queue=WORKFLOW_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=reuse,
                static_summary=f"Ticket to connect {ticket.platform}",
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(options.WORKSPACE, ticket.workspace_id),
                        SearchAttributePair(options.PLATFORM, ticket.platform),
                        SearchAttributePair(options.STATE, TicketState.OPEN),
                    ]
                ),
                priority=Priority(fairness_key=ticket.workspace_id),
            )
        )

    async def begin_consent(self, ticket_id: str) -> None:
        """Let a browser set out for the consent page.

        Raises `Conflict` with `ticket_used` or `ticket_expired`, and `Closed` where its workflow
        is gone.
        """
        handle = self._ticket(ticket_id)
        await self._update_ticket(
            handle,
            handle.execute_update(TicketWorkflow.begin_consent),
        )

    async def redeem(self, ticket_id: str, callback_digest: str) -> TicketOutcome:
        """Redeem a ticket by the callback whose code is stored. The same callback, the same answer.

        Raises `Conflict` with `ticket_used` or `ticket_expired`, and `Closed` where its workflow
        is gone.
        """
        handle = self._ticket(ticket_id)
        return await self._update_ticket(
            handle,
            handle.execute_update(TicketWorkflow.redeem, id=f"redeem-{callback_digest}"),
        )

    async def refuse(self, ticket_id: str, callback_digest: str, refusal: Refusal) -> TicketOutcome:
        """End a ticket whose consent was not given. The same callback, the same answer."""
        handle = self._ticket(ticket_id)
        return await self._update_ticket(
            handle,
            handle.execute_update(
                TicketWorkflow.refuse,
                refusal,
                id=f"refuse-{callback_digest}",
            ),
        )

    async def start_assignment(self, assignment: AssignmentInput) -> None:
        """Start what was accepted. Idempotent; a retry by a person starts the next run.

        A start whose answer was lost is repeated, also after the run's end: an attempt that has
        run is not run again. Raises `Unavailable`, also while the run before has not closed yet:
        ask again.
        """
        reuse = WorkflowIDReusePolicy.REJECT_DUPLICATE
        if assignment.attempt > 1:
            before = await self._let_earlier_run_close(assignment)
            if before is not None and before.attempt == assignment.attempt:
                return
            # Only an earlier attempt that was published is followed by another: its failed steps
            # are done again.
            reuse = (
                WorkflowIDReusePolicy.ALLOW_DUPLICATE
                if before is not None and before.has_completed
                else WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
            )
        await self._start_assignment(assignment, reuse)

    async def continue_assignment(self, assignment: AssignmentInput) -> None:
        """Start another run of an attempt whose workflow is gone. One that runs is left alone.

        The caller has read that none runs and that the row is unsettled. A run that turns out
        to be one too many is refused by the row and ends. Raises `Unavailable`.
        """
        await self._start_assignment(assignment, WorkflowIDReusePolicy.ALLOW_DUPLICATE)

    async def _start_assignment(
        self, assignment: AssignmentInput, reuse: WorkflowIDReusePolicy
    ) -> None:
        start = self._client.start_workflow(
            AssignmentWorkflow.run,
            replace(
                assignment,
                parking_days=self._parking_days,
                source_wait_hours=self._source_wait_hours,
            ),
            id=assignment_workflow_id(assignment.assignment_id),
            task_queue=WORKFLOW_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=reuse,
            static_summary=_line(f"{assignment.title} → {assignment.platform}"),
            memo={ATTEMPT: assignment.attempt},
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(options.WORKSPACE, assignment.workspace_id),
                    SearchAttributePair(options.PLATFORM, assignment.platform),
                    SearchAttributePair(options.CONNECTION, assignment.connection_id),
                    # What it does first: an attribute is free at the start, and billed later.
                    SearchAttributePair(options.STATE, _first_state(assignment)),
                ]
            ),
            priority=Priority(fairness_key=assignment.workspace_id),
        )
        await started(start)

    async def _let_earlier_run_close(self, assignment: AssignmentInput) -> Run | None:
        """The latest run: of this attempt, or closed."""
        # Its row says `failed` a moment before its workflow has closed; to start in that
        # moment would be to join the old run, and the attempt would never begin.
        run = await self.find_assignment_run(assignment.assignment_id, closes=assignment.attempt)
        if run is not None and run.is_running and run.attempt != assignment.attempt:
            raise Unavailable(
                "attempt_closing", "The attempt before has not closed yet. Ask again."
            )
        return run

    async def find_assignment_run(self, assignment_id: str, *, closes: int) -> Run | None:
        """The latest run of an assignment. None: Temporal knows none. Raises `Unavailable`.

        A run of another attempt than `closes` is given two seconds to close.
        """
        workflow_id = assignment_workflow_id(assignment_id)
        run = await find_run(self._client, workflow_id)
        for _ in range(_CLOSING_LOOKS):
            if run is None or not run.is_running or run.attempt == closes:
                break
            await asyncio.sleep(_CLOSING_LOOK_SECONDS)
            run = await find_run(self._client, workflow_id)
        return run

    async def read_assignment(self, assignment_id: str) -> Known | None:
        """What the latest run of an assignment knows. Raises `Unavailable`.

        None: Temporal knows none, or its payloads are sealed with a key that is not ours.
        """
        try:
            return await answered(read_history(self._client, assignment_workflow_id(assignment_id)))
        except Closed:
            return None
        except Unavailable:
            raise
        except CastlineError:
            return None

    async def terminate_assignment(self, assignment_id: str, run: Run, reason: str) -> None:
        """End a run by force. One that has closed meanwhile stays as it is. Idempotent."""
        await end_run(self._client, assignment_workflow_id(assignment_id), run.run_id, reason)

    async def edit(self, edit: AssignmentEdit) -> None:
        """Apply a stored edit to what has not begun. The same version, the same answer.

        Raises `Conflict` with `too_late`, and `Closed` where no run of it is there.
        """
        handle = self._assignment(edit.assignment_id)
        try:
            await answered(
                handle.execute_update(
                    AssignmentWorkflow.edit,
                    edit,
                    id=f"edit-{edit.version}",
                )
            )
        except WorkflowUpdateFailedError:
            raise Conflict("too_late", "The transfer has begun; nothing was changed.") from None

    async def cancel(self, assignment_id: str) -> bool | None:
        """Give an assignment up. True: it ends as cancelled. False: it came too late.

        None: the platform does not tell yet which. Nothing is sent any more, on any retry.
        Raises `Closed` where no run of it is there.
        """
        handle = self._assignment(assignment_id)
        try:
            return await answered(handle.execute_update(AssignmentWorkflow.cancel, id="cancel"))
        except WorkflowUpdateFailedError as failure:
            return None if _code_of(failure) == "unconfirmed" else False

    async def tell_forced(self, assignment_id: str) -> None:
        """Wake an assignment whose reading was ended by a person. Idempotent.

        One that has ended needs no waking. Raises `Unavailable`.
        """
        await self._tell(assignment_id, AssignmentWorkflow.retry_forced)

    async def tell_recovered(self, assignment_id: str) -> None:
        """Wake an assignment whose connection was authorized again. Idempotent.

        One that has ended needs no waking. Raises `Unavailable`.
        """
        await self._tell(assignment_id, AssignmentWorkflow.connection_recovered)

    async def tell_gone(self, assignment_id: str) -> None:
        """Wake an assignment whose connection was disconnected. Idempotent.

        Raises `Unavailable`.
        """
        await self._tell(assignment_id, AssignmentWorkflow.connection_gone)

    async def ask_to_end(self, assignment_id: str) -> None:
        """Ask an assignment to end as cancelled if it can, and do not wait for it. Idempotent.

        Raises `Unavailable`.
        """
        with suppress(Closed):
            await answered(self._assignment(assignment_id).cancel())

    async def ping(self) -> None:
        """Raises `Unavailable` when Temporal does not answer."""
        healthy = await answered(
            self._client.service_client.check_health(timeout=timedelta(seconds=3))
        )
        if not healthy:
            raise Unavailable("temporal_unavailable", "Temporal is not serving.")

    async def find_unpolled(self) -> list[str]:
        """The task queues that no worker polls. Raises `Unavailable`."""
        return find_unpolled(await answered(describe_queues(self._client), START_TIMEOUT))

    def _ticket(self, ticket_id: str) -> WorkflowHandle[TicketWorkflow, TicketOutcome]:
        return self._client.get_workflow_handle_for(
            TicketWorkflow.run, ticket_workflow_id(ticket_id)
        )

    def _assignment(
        self, assignment_id: str
    ) -> WorkflowHandle[AssignmentWorkflow, AssignmentOutcome]:
        return self._client.get_workflow_handle_for(
            AssignmentWorkflow.run, assignment_workflow_id(assignment_id)
        )

    async def _tell(self, assignment_id: str, signal: Callable[[AssignmentWorkflow], None]) -> None:
        with suppress(Closed):
            await answered(self._assignment(assignment_id).signal(signal))

    async def _update_ticket(
        self, handle: WorkflowHandle[TicketWorkflow, TicketOutcome], update: Awaitable[T]
    ) -> T:
        try:
            return await answered(update)
        except WorkflowUpdateFailedError as failure:
            raise _refused_ticket(_code_of(failure)) from None
        except Closed:
            if (refused := await self._ended_by_itself(handle)) is None:
                raise
        # It ended before this came: by its time, or by another callback.
        raise refused

    async def _ended_by_itself(
        self, handle: WorkflowHandle[TicketWorkflow, TicketOutcome]
    ) -> Conflict | None:
        """What is said of a ticket that has ended. None: its workflow is gone without an end."""
        run = await find_run(self._client, handle.id)
        if run is None or run.loss is not Loss.COMPLETED:
            return None
        return _refused_ticket((await answered(handle.result())).error_code)


def _code_of(failure: WorkflowUpdateFailedError) -> str | None:
    cause = failure.cause
    return cause.type if isinstance(cause, ApplicationError) else None


def _refused_ticket(code: str | None) -> Conflict:
    if code == "ticket_expired":
        return Conflict("ticket_expired", "This ticket has expired. Ask for another one.")
    return Conflict("ticket_used", "This ticket has been used. Ask for another one.")


def _first_state(assignment: AssignmentInput) -> AssignmentState:
    if assignment.progress is not None and assignment.progress.platform_id is not None:
        return AssignmentState.PROCESSING
    is_scheduled = assignment.scheduled_at is not None
    return AssignmentState.WAITING if is_scheduled else AssignmentState.UPLOADING


def _line(text: str) -> str:
    """One line that fits a summary: the server takes 400 bytes, sealed."""
    return text if len(text) <= 80 else text[:79] + "…"
