"""How a connection is looked after, and how the wait for a person ends."""

from datetime import timedelta

from temporalio.api.enums.v1 import EventType

from domain.ids import reauth_workflow_id
from domain.wakes import ConnectionSettled
from runtime import caring
from runtime.waking import Waker
from tests.replay.noting import CONTINUING, REAUTH_DAYS, Outcomes
from tests.replay.ways.waits import park_for_connection, pass_by
from tests.support.reauth import asked, reauth, reconnect
from tests.support.stack import Tenant, eventually
from workflows.reauth import ReauthWorkflow

OUTCOMES = Outcomes()


@OUTCOMES.noted("needs_reauth", "healthy")
async def reauth_reconnected(tenant: Tenant) -> str:
    """Sets one parked assignment free."""
    connection_id, _ = await park_for_connection(tenant)
    await asked(tenant.stack, connection_id)
    await reconnect(tenant, connection_id)
    return reauth_workflow_id(connection_id)


@OUTCOMES.noted("needs_reauth", "disconnected")
async def reauth_disconnected(tenant: Tenant) -> str:
    connection_id, _ = await park_for_connection(tenant)
    await asked(tenant.stack, connection_id)
    await tenant.ask("DELETE", f"/api/v1/connections/{connection_id}")
    return reauth_workflow_id(connection_id)


@OUTCOMES.noted()
async def care_for_everything(tenant: Tenant) -> str:
    await tenant.connection()
    await caring.care_for_everything(tenant.stack.client)
    return caring.EVERYTHING


@OUTCOMES.noted("needs_reauth")
async def reauth_given_up(tenant: Tenant) -> str:
    """After the days that the recording installation waits for a person, and a reminder."""
    connection_id, _ = await park_for_connection(tenant)
    await asked(tenant.stack, connection_id)
    workflow_id = reauth_workflow_id(connection_id)
    await pass_by(tenant.stack, workflow_id, timedelta(days=REAUTH_DAYS, minutes=1))
    return workflow_id


@OUTCOMES.noted("healthy")
async def reauth_settled_again(tenant: Tenant) -> str:
    """It was told once more while it looked, and so lists twice what may have been parked."""
    connection_id, stack = await tenant.connection(), tenant.stack
    waker = Waker(stack.client, stack.parts.store, stack.parts.settings)
    settled, workflow = ConnectionSettled(connection_id), reauth(stack, connection_id)

    async def looks() -> bool:
        begun = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
        return any(event.event_type == begun for event in (await workflow.fetch_history()).events)

    # A look is written down, so it waits until nobody else writes.
    with stack.parts.store.write():
        await waker.wake(settled)
        await eventually(looks)
        await waker.wake(settled)
    return workflow.id


@OUTCOMES.noted("needs_reauth", on=CONTINUING, is_first_run=True)
async def reauth_continued(tenant: Tenant) -> str:
    """It was told often that it should look, while nobody came."""
    return await _look_through_runs(tenant)


@OUTCOMES.noted("needs_reauth", "healthy", on=CONTINUING)
async def reauth_reconnected_in_another_run(tenant: Tenant) -> str:
    return await _look_through_runs(tenant)


async def _look_through_runs(tenant: Tenant) -> str:
    connection_id, _ = await park_for_connection(tenant)
    workflow = await asked(tenant.stack, connection_id)
    first = (await workflow.describe()).run_id

    async def run() -> str | None:
        # Signals that come together are one reason to look.
        await workflow.signal(ReauthWorkflow.settled)
        return (await workflow.describe()).run_id

    await eventually(run, lambda now: now != first)
    await reconnect(tenant, connection_id)
    return workflow.id


@OUTCOMES.noted(on=CONTINUING, is_first_run=True)
async def care_continued(tenant: Tenant) -> str:
    """A sweep whose history has grown too long for its next page."""
    return await care_for_everything(tenant)


@OUTCOMES.noted(on=CONTINUING)
async def care_ended_in_another_run(tenant: Tenant) -> str:
    return await care_for_everything(tenant)
