"""A changed workflow is caught by what was recorded, unless the change is behind a patch."""

from typing import Any

import pytest
from temporalio import workflow
from temporalio.workflow import NondeterminismError

from activities.contract.assignments import AssignmentInput, AssignmentOutcome, Published
from activities.contract.deliveries import DeliveryInput
from activities.contract.reauth import ReauthInput, ReauthOutcome
from activities.contract.tickets import TicketInput, TicketOutcome
from tests.replay.reading import history, replayer
from tests.replay.record import HISTORIES
from workflows.assignment import AssignmentWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.reauth import ReauthWorkflow
from workflows.ticket import TicketWorkflow


@workflow.defn(name="TicketWorkflow")
class HastyTicket(TicketWorkflow):
    """Changed without a patch: it takes a breath first."""

    @workflow.init
    def __init__(self, ticket: TicketInput) -> None:
        super().__init__(ticket)

    @workflow.run
    async def run(self, ticket: TicketInput) -> TicketOutcome:
        await workflow.sleep(1)
        return await super().run(ticket)


@workflow.defn(name="AssignmentWorkflow")
class HastyAssignment(AssignmentWorkflow):
    """Changed without a patch: it takes a breath first."""

    @workflow.init
    def __init__(self, assignment: AssignmentInput) -> None:
        super().__init__(assignment)

    @workflow.run
    async def run(self, assignment: AssignmentInput) -> AssignmentOutcome:
        await workflow.sleep(1)
        return await super().run(assignment)


@workflow.defn(name="AssignmentWorkflow")
class CarelessAssignment(AssignmentWorkflow):
    """Changed without a patch: it no longer asks what became of the video."""

    @workflow.init
    def __init__(self, assignment: AssignmentInput) -> None:
        super().__init__(assignment)

    @workflow.run
    async def run(self, assignment: AssignmentInput) -> AssignmentOutcome:
        return await super().run(assignment)

    async def _await_processing(self) -> Published:
        return Published("https://www.youtube.com/")


@workflow.defn(name="AssignmentWorkflow")
class EagerAssignment(AssignmentWorkflow):
    """Changed without a patch: the extra steps come before the video is processed."""

    @workflow.init
    def __init__(self, assignment: AssignmentInput) -> None:
        super().__init__(assignment)

    @workflow.run
    async def run(self, assignment: AssignmentInput) -> AssignmentOutcome:
        return await super().run(assignment)

    async def _complete(self) -> str:
        while self._extra_steps:
            await self._run_extra_step(self._extra_steps.pop(0), "https://www.youtube.com/")
        return await super()._complete()


@workflow.defn(name="AssignmentWorkflow")
class PatchedAssignment(AssignmentWorkflow):
    """Changed as it should be: what began before goes on without a breath."""

    @workflow.init
    def __init__(self, assignment: AssignmentInput) -> None:
        super().__init__(assignment)

    @workflow.run
    async def run(self, assignment: AssignmentInput) -> AssignmentOutcome:
        if workflow.patched("breath"):
            await workflow.sleep(1)
        return await super().run(assignment)


@workflow.defn(name="ReauthWorkflow")
class HastyReauth(ReauthWorkflow):
    """Changed without a patch: it takes a breath first."""

    @workflow.init
    def __init__(self, reauth: ReauthInput) -> None:
        super().__init__(reauth)

    @workflow.run
    async def run(self, reauth: ReauthInput) -> ReauthOutcome:
        await workflow.sleep(1)
        return await super().run(reauth)


@workflow.defn(name="DeliveryWorkflow")
class HastyDelivery(DeliveryWorkflow):
    """Changed without a patch: it takes a breath first."""

    @workflow.init
    def __init__(self, line: DeliveryInput) -> None:
        super().__init__(line)

    @workflow.run
    async def run(self, line: DeliveryInput) -> None:
        await workflow.sleep(1)
        await super().run(line)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("ticket-connected", HastyTicket),
        ("assignment-published", HastyAssignment),
        ("assignment-published", CarelessAssignment),
        ("assignment-published-with-its-thumbnail", EagerAssignment),
        ("reauth-reconnected", HastyReauth),
        ("delivery-taken", HastyDelivery),
    ],
)
async def test_a_changed_workflow_is_caught(name: str, changed: Any) -> None:
    with pytest.raises(NondeterminismError):
        await replayer([changed]).replay_workflow(history(HISTORIES / f"{name}.json"))


async def test_a_change_behind_a_patch_replays() -> None:
    for name in ("assignment-published", "assignment-cancelled-while-uploading"):
        await replayer([PatchedAssignment]).replay_workflow(history(HISTORIES / f"{name}.json"))
