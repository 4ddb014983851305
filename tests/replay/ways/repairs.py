"""What the sweep between the database and Temporal does."""

from datetime import timedelta
from typing import Any

from temporalio.client import ScheduleActionExecutionStartWorkflow

from domain.ids import RECONCILE
from store.queries.publishing import assignments
from store.tables import now
from tests.replay.noting import Outcomes
from tests.support.stack import CLIP, Tenant, eventually

OUTCOMES = Outcomes()


@OUTCOMES.noted()
async def reconcile_idle(tenant: Tenant) -> str:
    return await _sweep(tenant)


@OUTCOMES.noted()
async def reconcile_repaired(tenant: Tenant) -> str:
    """Starts what was accepted by a process that died at once."""
    connection_id = await tenant.connection()
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": CLIP.as_uri()})
    with tenant.stack.parts.store.write() as session:
        row = assignments.create_assignment(
            session,
            workspace_id=tenant.workspace_id,
            connection_id=connection_id,
            video_id=video["id"],
            platform="youtube",
            payload={"title": "Left alone"},
        )
        row.created_at = now() - timedelta(hours=1)
    workflow_id = await _sweep(tenant)
    await tenant.until(row.id, "published")
    return workflow_id


# What they are made of -----------------------------------------------------------------------


async def _sweep(tenant: Tenant) -> str:
    """Fire the Schedule; the id of the workflow that it started."""
    schedule = tenant.stack.client.get_schedule_handle(RECONCILE)
    before = len((await schedule.describe()).info.recent_actions)
    await schedule.trigger()

    async def fired() -> list[Any]:
        return list((await schedule.describe()).info.recent_actions)[before:]

    action = (await eventually(fired))[-1].action
    assert isinstance(action, ScheduleActionExecutionStartWorkflow)
    return str(action.workflow_id)
