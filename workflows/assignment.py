"""PENDING → UPLOADING → UPLOADED → PROCESSING → PUBLISHED | FAILED | CANCELLED

with WAITING (schedule, connection, quota, platform) between any two, and UNCONFIRMED while
an unclear outcome is read back. An assignment publishes one video once: up to the moment the
platform holds every byte it can be edited, cancelled and parked; from then on it only ends.
What passes by itself is waited for, what a person must do is waited for longer, and only the
platform's final word, or a week of the same trouble (of a source: some hours), makes it fail.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

with workflow.unsafe.imports_passed_through():
    from activities.contract.assignments import (
        AssignmentEdit,
        AssignmentInput,
        AssignmentOutcome,
        ProcessingInput,
        Published,
        PublishingSteps,
        RecordingSteps,
        StepInput,
        TransferSteps,
    )
    from activities.contract.progress import Progress, Stand
    from activities.contract.trouble import Kind
    from domain.states import MISSING_WARNINGS, AssignmentState, StepName, WaitReason
    from workflows import options
    from workflows.cancelling import is_cancelled, to_the_end
    from workflows.history import may_continue
    from workflows.lanes import TransferLane
    from workflows.parking import Calls, Parking, WaitInterrupted, pause_until
    from workflows.standing import Standing
    from workflows.trouble import SUPERSEDED, Failed, is_interruption, kind_of, trouble_of

T = TypeVar("T")

_NOT_DUE_PAUSE = timedelta(minutes=1)
"""Before a transfer that was not due is begun again."""


@workflow.defn
class AssignmentWorkflow:
    """Updates: `edit` until the transfer begins, `cancel` until the platform has every byte.

    Signals: `connection_recovered`, sent when the connection was authorized again,
    `connection_gone`, sent when it was disconnected and bytes are there that only end,
    `retry_forced`, sent when the session of an unclear outcome was dropped by a person,
    `source_replaced`, sent when the video has another address or is another one, and
    `transfer_place_free`, sent when another transfer of the workspace has ended.
    Cancelling the workflow itself does what `cancel` does. When its history grows long it
    continues as new, between two steps or in a wait, while no message is being handled.
    """

    @workflow.init
    def __init__(self, assignment: AssignmentInput) -> None:
        self._assignment = assignment
        self._scheduled_at = assignment.scheduled_at
        self._extra_steps = list(assignment.extra_steps)
        self._standing = Standing(assignment)
        self._parking = Parking(
            timedelta(days=assignment.parking_days),
            timedelta(hours=assignment.source_wait_hours),
        )
        self._delivery: asyncio.Task[None] | None = None
        self._edits_in_flight = 0
        progress = assignment.progress or Progress(self._parking.remember())
        self._parking.recall(progress.parking)
        self._lane = TransferLane(is_slow=progress.is_slow)
        self._interrupted = progress.stand
        self._has_begun = progress.has_begun
        self._gives_up = progress.gives_up
        self._platform_id = progress.platform_id
        self._platform_url = progress.platform_url

    @workflow.run
    async def run(self, assignment: AssignmentInput) -> AssignmentOutcome:
        try:
            await self._deliver()
            if self._platform_id is None:
                await to_the_end(self._standing.enter(AssignmentState.CANCELLED))
                raise CancelledError("The assignment was cancelled before it was uploaded.")
            platform_url = await to_the_end(self._complete())
        except Failed as failure:
            await to_the_end(self._standing.enter(AssignmentState.FAILED, trouble=failure.trouble))
            raise ApplicationError(
                failure.trouble.sentence, type=failure.trouble.code, non_retryable=True
            ) from None
        finally:
            await workflow.wait_condition(workflow.all_handlers_finished)
        return AssignmentOutcome(
            AssignmentState.PUBLISHED,
            self._platform_id,
            platform_url,
            self._standing.warnings,
        )

    # To every byte at the platform ----------------------------------------------------------

    async def _deliver(self) -> None:
        """Bring the bytes to the platform, or leave nothing there when cancelled in time."""
        self._delivery = asyncio.create_task(self._wait_and_transfer())
        try:
            await self._delivery
        except (asyncio.CancelledError, ActivityError):
            self._gives_up = self._gives_up or self._delivery.cancelling() > 0
            if not self._gives_up:
                raise
            self._platform_id = await to_the_end(self._insist(self._give_up))

    async def _give_up(self) -> str | None:
        discarded = await workflow.execute_activity_method(
            TransferSteps.discard_session,
            self._assignment.assignment_id,
            summary="give the upload up",
            **options.DISCARD,
        )
        return discarded.platform_id

    async def _wait_and_transfer(self) -> None:
        if self._gives_up:
            # It was cancelled in the run before.
            raise asyncio.CancelledError
        if self._platform_id is not None:
            return
        await self._wait_for_schedule()
        self._has_begun = True
        self._platform_id = await self._insist(self._transfer)

    async def _wait_for_schedule(self) -> None:
        while (until := await self._settle_schedule()) is not None and until > workflow.now():
            self._continue_if_long()
            await self._standing.enter(
                AssignmentState.WAITING, wait_reason=WaitReason.SCHEDULE, wait_until=until
            )
            await pause_until(
                until,
                "publishes at the scheduled time",
                lambda: self._scheduled_at != until or may_continue(),
            )

    async def _settle_schedule(self) -> datetime | None:
        # An edit that came in time is written before the transfer reads the row.
        await workflow.wait_condition(lambda: self._edits_in_flight == 0)
        return self._scheduled_at

    async def _transfer(self) -> str:
        while True:
            try:
                uploaded = await self._lane.run(
                    self._assignment.assignment_id,
                    self._assignment.attempt,
                    summary=f"send the bytes to {self._assignment.platform}",
                    begins=self._begin_transfer,
                    queued=lambda why: self._standing.show(AssignmentState.PENDING, trouble=why),
                )
            except ActivityError as error:
                if is_cancelled() or kind_of(error) is not Kind.NOT_DUE:
                    raise
                await self._wait_until_due(trouble_of(error).until)
            else:
                return uploaded.platform_id

    async def _wait_until_due(self, until: datetime | None) -> None:
        """Wait for the time that the row holds, which is later than this run knew."""
        self._has_begun = False
        # Not at once, even where Temporal's clock is ahead of the worker's.
        self._scheduled_at = max(until or workflow.now(), workflow.now() + _NOT_DUE_PAUSE)
        await self._wait_for_schedule()
        self._has_begun = True

    def _begin_transfer(self) -> None:
        # A queue may be waited in for days.
        self._continue_if_long()
        self._parking.begin_transfer()
        self._standing.show(AssignmentState.UPLOADING)

    # From there to published ----------------------------------------------------------------

    async def _complete(self) -> str:
        is_concluded = False
        if self._platform_url is None:
            is_concluded = not self._extra_steps
            published = await self._insist(self._await_processing)
            self._standing.warnings |= published.warnings
            self._platform_url = published.platform_url
        while self._extra_steps:
            await self._run_extra_step(self._extra_steps[0], self._platform_url)
            # Only now: a run that continues in between begins with this step.
            del self._extra_steps[0]
        if is_concluded:
            self._standing.show(AssignmentState.PUBLISHED, platform_url=self._platform_url)
        else:
            await self._standing.enter(AssignmentState.PUBLISHED, platform_url=self._platform_url)
        return self._platform_url

    async def _await_processing(self) -> Published:
        self._standing.show(AssignmentState.PROCESSING)
        return await workflow.execute_activity_method(
            PublishingSteps.await_processing,
            ProcessingInput(
                self._assignment.assignment_id,
                self._assignment.attempt,
                warnings=self._standing.warnings,
                concludes=not self._extra_steps,
            ),
            summary=f"{self._assignment.platform} processes the video",
            **options.PROCESSING,
        )

    async def _run_extra_step(self, step: StepName, platform_url: str) -> None:
        """A step that fails is a warning: it never hides a video that is live.

        Only for want of a person it is parked, until one has come or nobody will any more.
        """

        async def run_step() -> None:
            try:
                await workflow.execute_activity_method(
                    PublishingSteps.run_step,
                    StepInput(self._assignment.assignment_id, self._assignment.attempt, step),
                    summary=f"{step}",
                    **options.EXTRA_STEP,
                )
            except ActivityError as error:
                if kind_of(error) is not Kind.NEEDS_CONNECTION:
                    raise Failed(trouble_of(error)) from None
                raise

        warnings = self._standing.warnings
        try:
            await self._insist(run_step, platform_url)
        except Failed as failure:
            if failure.trouble.code == SUPERSEDED:
                raise
            self._parking.forget()
            warnings[step.failed_warning] = failure.trouble.sentence
        warnings.pop(step.missing_warning, None)

    # Waiting --------------------------------------------------------------------------------

    async def _insist(self, step: Callable[[], Awaitable[T]], platform_url: str | None = None) -> T:
        """Run a step until it succeeds, parked in between; raises `Failed` when it cannot."""
        stand, self._interrupted = self._interrupted, None
        if stand is not None:
            # From zero: what came before this run's first task is not in its input.
            await self._wait_out(stand, Calls(), platform_url)
        while True:
            self._continue_if_long()
            calls = self._parking.calls
            try:
                done = await step()
            except ActivityError as error:
                if is_cancelled():
                    raise
                if is_interruption(error) and self._parking.bears_interruption():
                    continue
                stand = self._parking.stand(kind_of(error), trouble_of(error))
            else:
                self._parking.forget()
                return done
            await self._wait_out(stand, calls, platform_url)

    async def _wait_out(self, stand: Stand, calls: Calls, platform_url: str | None) -> None:
        await self._standing.enter(
            stand.state,
            wait_reason=stand.reason,
            wait_until=stand.until,
            waiting_since=stand.since,
            waiting_looks=stand.looks,
            trouble=stand.trouble,
            platform_url=platform_url,
        )
        try:
            has_come = await self._parking.wait_out(stand, calls)
        except WaitInterrupted:
            self._continue(stand)
        if has_come:
            # Its turn may be far off, and until then it would count as parked still.
            has_all = self._platform_id is not None
            state = AssignmentState.PROCESSING if has_all else AssignmentState.PENDING
            await self._standing.enter(state, platform_url=platform_url)

    # Going on in another run ----------------------------------------------------------------

    def _continue_if_long(self) -> None:
        if may_continue():
            self._continue(None)

    def _continue(self, stand: Stand | None) -> NoReturn:
        """Continue as new, and there with `stand` where it is waited for."""
        progress = Progress(
            self._parking.remember(),
            stand=stand,
            has_begun=self._has_begun,
            gives_up=self._gives_up,
            is_slow=self._lane.is_slow,
            platform_id=self._platform_id,
            platform_url=self._platform_url,
        )
        workflow.continue_as_new(
            replace(
                self._assignment,
                scheduled_at=self._scheduled_at,
                extra_steps=self._extra_steps,
                warnings=self._standing.warnings,
                progress=progress,
            )
        )

    # Messages -------------------------------------------------------------------------------

    @workflow.signal(description="The connection was authorized again.")
    def connection_recovered(self) -> None:
        self._parking.recover()

    @workflow.signal(description="The connection was disconnected.")
    def connection_gone(self) -> None:
        self._parking.let_go()

    @workflow.signal(description="A person ended the reading of what is unconfirmed.")
    def retry_forced(self) -> None:
        self._parking.take_order()

    @workflow.signal(description="The video has another address, or is another one.")
    def source_replaced(self, warnings: dict[str, str]) -> None:
        """`warnings` are those of the video as it is now."""
        if self._platform_id is None:
            self._standing.warnings = dict(warnings)
        self._parking.replace_source()

    @workflow.signal(description="Another transfer of the workspace has ended.")
    def transfer_place_free(self) -> None:
        self._lane.place_freed()

    @workflow.update
    async def edit(self, edit: AssignmentEdit) -> None:
        """Apply a stored edit, before the transfer begins.

        Fails (type `too_late`) where it was withdrawn, or the assignment has ended.
        """
        self._edits_in_flight += 1
        try:
            is_applied = await workflow.execute_local_activity_method(
                RecordingSteps.edit, edit, summary="a late edit", **options.RECORD
            )
        finally:
            self._edits_in_flight -= 1
        if not is_applied:
            raise ApplicationError("The edit was withdrawn.", type="too_late")
        if edit.extra_steps is not None:
            self._extra_steps = list(edit.extra_steps)
            # An edit takes only files that are there.
            for code in MISSING_WARNINGS.intersection(self._standing.warnings):
                del self._standing.warnings[code]
        if edit.clears_schedule or edit.scheduled_at is not None:
            self._scheduled_at = edit.scheduled_at

    @edit.validator
    def _may_edit(self, edit: AssignmentEdit) -> None:
        if self._has_begun:
            raise ApplicationError("The transfer has begun.", type="too_late")

    @workflow.update
    async def cancel(self) -> bool:
        """Give it up. True: it came in time, and the assignment ends as cancelled.

        Fails (type `unconfirmed`) where that is not known yet: nothing is sent any more, and the
        outcome alone decides how it ends.
        """
        await workflow.wait_condition(lambda: self._delivery is not None)
        assert self._delivery is not None
        delivery = self._delivery
        delivery.cancel()

        def is_decided() -> bool:
            return self._standing.state.is_settled or self._platform_id is not None

        def is_in_doubt() -> bool:
            return delivery.done() and self._parking.is_still

        await workflow.wait_condition(lambda: is_decided() or is_in_doubt())
        if not is_decided():
            raise ApplicationError("What the platform has is not known yet.", type="unconfirmed")
        return self._standing.state is AssignmentState.CANCELLED
