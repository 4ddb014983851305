"""How a connection is looked after, and how the wait for a person ends."""

from datetime import timedelta

from domain.ids import reauth_workflow_id
from runtime import caring
from tests.replay.noting import REAUTH_DAYS, Outcomes
from tests.replay.ways.waits import park_for_connection, pass_by
from tests.support.reauth import asked, reconnect
from tests.support.stack import Tenant

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


@OUTCOMES.noted(continues=True)
async def care_continued(tenant: Tenant) -> str:
    """A sweep whose history has grown too long for its next page."""
    await tenant.connection()
    await caring.care_for_everything(tenant.stack.client)
    return caring.EVERYTHING
