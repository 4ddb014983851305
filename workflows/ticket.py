"""OPEN → CONSENTING → CONNECTING → CONNECTED | CONFIRMING | REFUSED | EXPIRED | FAILED

A ticket can be redeemed once, within its five minutes, whatever crashes. Its workflow is
the lock: the API starts it, the browser's two visits reach it as Updates, and the id of the
second one derives from the callback, so a repeated callback gets the first one's answer and
any other is refused. What the browser brought lies sealed in the ticket's row; only the
ticket's id travels through here. With `confirm` the workflow ends as CONFIRMING: what is left is
a row with a date, which the tenant's backend confirms in one transaction, or Reconcile removes.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.contract.tickets import (
        NOBODY_CAME_BACK,
        Connected,
        Refusal,
        TicketInput,
        TicketOutcome,
        TicketSteps,
    )
    from activities.contract.trouble import Kind
    from domain.consents import detail_of
    from domain.states import TicketState
    from workflows import options
    from workflows.trouble import kind_of, trouble_of


@workflow.defn
class TicketWorkflow:
    """Updates: `begin_consent` (for the first visit alone), `redeem` and `refuse`.

    A validator refuses by ApplicationError of type `ticket_expired` or `ticket_used`; a
    refused Update leaves no trace in history.
    """

    @workflow.init
    def __init__(self, ticket: TicketInput) -> None:
        self._ticket = ticket
        self._outcome: TicketOutcome | None = None
        self._state = TicketState.OPEN
        self._is_redeemed = False

    @workflow.run
    async def run(self, ticket: TicketInput) -> TicketOutcome:
        try:
            await workflow.wait_condition(
                lambda: self._is_taken,
                timeout=max(ticket.expires_at - workflow.now(), timedelta(0)),
                timeout_summary="the ticket expires",
            )
        except TimeoutError:
            await self._run_out()
        await workflow.wait_condition(lambda: self._outcome is not None)
        await workflow.wait_condition(workflow.all_handlers_finished)
        assert self._outcome is not None
        return self._outcome

    async def _run_out(self) -> None:
        """Expire, unless a callback came in time whose redemption no worker has heard of."""
        is_claimed = await workflow.execute_local_activity_method(
            TicketSteps.is_claimed,
            self._ticket.ticket_id,
            summary="did a callback come in time",
            **options.RECORD,
        )
        if self._is_taken:
            return
        if is_claimed:
            await self._redeem()
        else:
            await self._settle(NOBODY_CAME_BACK)

    @workflow.update
    def begin_consent(self) -> None:
        """The browser sets out for the consent page."""
        self._enter(TicketState.CONSENTING)

    @begin_consent.validator
    def _may_begin_consent(self) -> None:
        self._require_open()

    @workflow.update
    async def redeem(self) -> TicketOutcome:
        """The browser came back in time with a code, which lies sealed in the ticket's row."""
        if not self._is_taken:
            return await self._redeem()
        await workflow.wait_condition(lambda: self._outcome is not None)
        assert self._outcome is not None
        return self._outcome

    async def _redeem(self) -> TicketOutcome:
        # Before the first await: from here on the ticket is used, whatever comes of it.
        self._is_redeemed = True
        self._enter(TicketState.CONNECTING)
        try:
            connected = await self._connect()
        except ActivityError as error:
            return await self._settle(_failed(error))
        self._close(connected.outcome)
        if connected.outcome.state not in (TicketState.CONNECTED, TicketState.CONFIRMING):
            await self._record(connected.outcome)
        return connected.outcome

    @redeem.validator
    def _may_redeem(self) -> None:
        # Whether it came in time, the row has decided: one callback alone has claimed it.
        if self._is_taken and not self._is_redeemed:
            raise _used()

    @workflow.update
    async def refuse(self, refusal: Refusal) -> TicketOutcome:
        """The browser came back without one."""
        return await self._settle(refusal.outcome)

    @refuse.validator
    def _may_refuse(self, refusal: Refusal) -> None:
        self._require_open()

    @property
    def _is_taken(self) -> bool:
        return self._state not in (TicketState.OPEN, TicketState.CONSENTING)

    def _require_open(self) -> None:
        if self._is_taken:
            raise _used()
        # Not the timer's word: within one workflow task Updates are applied before timers.
        if workflow.now() >= self._ticket.expires_at:
            raise ApplicationError("This ticket has expired.", type="ticket_expired")

    async def _settle(self, outcome: TicketOutcome) -> TicketOutcome:
        self._close(outcome)
        await self._record(outcome)
        return outcome

    def _close(self, outcome: TicketOutcome) -> None:
        self._outcome = outcome
        self._enter(outcome.state)

    async def _record(self, outcome: TicketOutcome) -> None:
        await workflow.execute_local_activity_method(
            TicketSteps.settle_ticket,
            args=[self._ticket.ticket_id, outcome],
            summary=f"ticket is {outcome.state}",
            **options.RECORD,
        )

    async def _connect(self) -> Connected:
        """Exchange the code; while the workspace has its share of consents under way, wait."""
        ends, pause = workflow.now() + options.CONNECT_PATIENCE, timedelta(seconds=1)
        while True:
            try:
                return await workflow.execute_activity_method(
                    TicketSteps.connect,
                    self._ticket.ticket_id,
                    summary=f"exchange the code, connect {self._ticket.platform}",
                    **options.CONNECT,
                )
            except ActivityError as error:
                if kind_of(error) is not Kind.OVER_SHARE or workflow.now() >= ends:
                    raise
            await workflow.sleep(
                pause * workflow.random().uniform(0.5, 1.0), summary="waits for a place"
            )
            pause = min(2 * pause, timedelta(seconds=8))

    def _enter(self, state: TicketState) -> None:
        self._state = state
        workflow.upsert_search_attributes([options.STATE.value_set(state)])
        workflow.set_current_details(f"Ticket for **{self._ticket.platform}**: **{state}**")


def _used() -> ApplicationError:
    return ApplicationError("This ticket has been used.", type="ticket_used")


def _failed(error: ActivityError) -> TicketOutcome:
    trouble = trouble_of(error)
    return TicketOutcome(
        TicketState.FAILED,
        error_code=trouble.code,
        error=trouble.sentence,
        error_detail=detail_of(trouble.code),
    )
