"""Running work survives upgrades: what was recorded replays with today's workflows."""

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from activities.contract.assignments import AssignmentInput, AssignmentOutcome
from activities.contract.deliveries import DeliveryInput
from activities.contract.reauth import ReauthInput, ReauthOutcome
from activities.contract.tickets import TicketInput, TicketOutcome
from domain.secrets import Secret
from runtime.codec import make_data_converter
from runtime.worker import WORKFLOWS
from store.keyring import Keyring
from tests.replay.outcomes import EARLIER, OUTCOMES
from tests.replay.record import HISTORIES, KEYSET
from workflows.assignment import AssignmentWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.options import STATE
from workflows.reauth import ReauthWorkflow
from workflows.ticket import TicketWorkflow

STATES = EARLIER | {name: outcome.states for name, outcome in OUTCOMES.items()}
RECORDED = sorted(HISTORIES.glob("*.json"))


def replayer(workflows: list[type]) -> Replayer:
    keyring = Keyring.from_json(Secret(KEYSET.read_text()))
    return Replayer(
        workflows=workflows,
        data_converter=make_data_converter(keyring),
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


def states(path: Path) -> list[str]:
    """The states that the workflow showed, which search attributes keep in clear."""
    events = history(path).events
    shown = [events[0].workflow_execution_started_event_attributes.search_attributes] + [
        event.upsert_workflow_search_attributes_event_attributes.search_attributes
        for event in events
    ]
    return [
        json.loads(attributes.indexed_fields[STATE.name].data)
        for attributes in shown
        if STATE.name in attributes.indexed_fields
    ]


def test_every_outcome_is_recorded() -> None:
    assert {path.stem for path in RECORDED} == set(STATES)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_history_is_of_the_outcome_it_is_named_after(path: Path) -> None:
    assert states(path) == STATES[path.stem]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer(WORKFLOWS).replay_workflow(history(path))


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
        ("reauth-reconnected", HastyReauth),
        ("delivery-taken", HastyDelivery),
    ],
)
async def test_a_changed_workflow_is_caught(name: str, changed: Any) -> None:
    with pytest.raises(NondeterminismError):
        await replayer([changed]).replay_workflow(history(HISTORIES / f"{name}.json"))
