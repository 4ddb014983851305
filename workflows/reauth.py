"""ASKED → REMINDED → RECONNECTED | DISCONNECTED | LIMIT

One runs for each connection that nobody but a person can mend, so the list of those that run
is the list of who must act. The notice at once is told with the change of health; this reminds,
looks now and then how much work waits, and ends when somebody has come, when the connection was
disconnected, or at its limit. On the way out it wakes or ends what was parked.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.reauth import (
        ReauthEnd,
        ReauthInput,
        ReauthOutcome,
        ReauthProgress,
        ReauthStand,
        ReauthSteps,
        Reminder,
    )
    from domain.states import ConnectionHealth
    from workflows import options
    from workflows.card import reauth_card
    from workflows.history import may_continue
    from workflows.parking import pause_until

LATE = timedelta(hours=1)
"""A run that begins this long after the trouble did has a person to remind at once."""

_PAUSES = (
    # What is under way when a credential dies is parked within seconds.
    timedelta(seconds=15),
    timedelta(minutes=2),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""Between looks, which keep the status card true. Each costs half a dozen events, so the last
one is for all that follow."""


@workflow.defn
class ReauthWorkflow:
    """Signal `settled`: the connection is well again, was disconnected, or broke anew.

    It is the reason to look, not the word on it: a connection that still needs a person is
    waited for as before.
    """

    # Before `run`: the signal may come with the start.
    @workflow.init
    def __init__(self, reauth: ReauthInput) -> None:
        self._reauth = reauth
        self._is_settled = False
        progress = reauth.progress or ReauthProgress(
            workflow.now() + timedelta(days=reauth.limit_days), looks=0, since=None, reminders_due=0
        )
        self._ends_at = progress.ends_at
        self._looks = progress.looks
        self._since = progress.since
        self._reminders_due = progress.reminders_due

    @workflow.run
    async def run(self, reauth: ReauthInput) -> ReauthOutcome:
        while True:
            stand = await self._wait_for_person()
            if stand.is_needed:
                return ReauthOutcome(ReauthEnd.LIMIT)
            outcome = await self._conclude(stand)
            # What was parked after it was listed has been told by the signal that came since.
            if not self._is_settled:
                return outcome

    @workflow.signal(description="Well again, or disconnected.")
    def settled(self) -> None:
        self._is_settled = True

    async def _wait_for_person(self) -> ReauthStand:
        """How it stands once nobody is needed, or at the limit."""
        stand = await self._look()
        while stand.is_needed and workflow.now() < self._ends_at:
            await self._remind(stand)
            await pause_until(
                min(self._next_look, self._next_reminder(stand), self._ends_at),
                "waits for a person",
                lambda: self._is_settled,
            )
            stand = await self._look()
        return stand

    async def _look(self) -> ReauthStand:
        if may_continue():
            # The next run begins with a look, so a signal that came before is not lost.
            self._continue()
        self._is_settled = False
        self._looks += 1
        stand = await workflow.execute_local_activity_method(
            ReauthSteps.survey,
            self._reauth.connection_id,
            summary="how it stands",
            **options.RECORD,
        )
        self._tell(stand)
        return stand

    def _continue(self) -> NoReturn:
        progress = ReauthProgress(self._ends_at, self._looks, self._since, self._reminders_due)
        workflow.continue_as_new(replace(self._reauth, progress=progress))

    async def _conclude(self, stand: ReauthStand) -> ReauthOutcome:
        if stand.health == ConnectionHealth.DISCONNECTED:
            ended = await workflow.execute_activity_method(
                ReauthSteps.abandon,
                self._reauth.connection_id,
                summary="end what was parked",
                **options.RELEASE,
            )
            return ReauthOutcome(ReauthEnd.DISCONNECTED, ended)
        woken = await workflow.execute_activity_method(
            ReauthSteps.release,
            self._reauth.connection_id,
            summary="wake what was parked",
            **options.RELEASE,
        )
        return ReauthOutcome(ReauthEnd.RECONNECTED, woken)

    # Reminding ------------------------------------------------------------------------------

    async def _remind(self, stand: ReauthStand) -> None:
        """Tell it again when a reminder has come due; of several that have, the last one."""
        due = sum(moment <= workflow.now() for moment in self._reminders(stand))
        if stand.since != self._since:
            # Another trouble: what lies before this run was told, or nobody was there to tell it.
            self._since = stand.since
            is_time = workflow.now() - stand.since > LATE
        else:
            is_time = due > self._reminders_due
        self._reminders_due = due
        if not is_time:
            return
        key = f"reauth/{workflow.info().run_id}/{stand.since.isoformat()}/{due}"
        await workflow.execute_local_activity_method(
            ReauthSteps.remind,
            Reminder(self._reauth.connection_id, due, key),
            summary=f"reminder {due}",
            **options.RECORD,
        )

    def _reminders(self, stand: ReauthStand) -> list[datetime]:
        return [stand.since + timedelta(days=days) for days in self._reauth.reminder_days]

    def _next_reminder(self, stand: ReauthStand) -> datetime:
        now = workflow.now()
        coming = [moment for moment in self._reminders(stand) if moment > now]
        return min(coming, default=self._ends_at)

    @property
    def _next_look(self) -> datetime:
        return workflow.now() + _PAUSES[min(self._looks, len(_PAUSES)) - 1]

    # Telling --------------------------------------------------------------------------------

    def _tell(self, stand: ReauthStand) -> None:
        """Say in search and on the Web UI's status card who must act, and why."""
        if workflow.info().typed_search_attributes.get(options.STATE) != stand.health:
            workflow.upsert_search_attributes([options.STATE.value_set(stand.health)])
        workflow.set_current_details(reauth_card(self._reauth, stand, workflow.now()))
