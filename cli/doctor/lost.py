"""Assignments that have not ended and have no running workflow."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from cli.doctor.installation import Installation
from domain.ids import assignment_workflow_id
from runtime.health.finding import Finding, Skipped, failed, in_thread, ok
from runtime.reconcile.assignments import each_unsettled
from runtime.reconcile.running import page_running
from store.engine import Store
from store.tables import now

GRACE = timedelta(minutes=2)
"""A worker starts another run within that time."""

_DESCRIBED = 200
"""Candidates that are described: what runs shows late among the running ones."""
_AT_ONCE = 8
_NAMED = 5


async def look_at_lost_workflows(here: Installation) -> Finding:
    store, client = await here.store(), await here.client()
    try:
        running = {one.id async for page in page_running(client) for one in page}
        candidates = await in_thread(_find_candidates, store, running)
        described = candidates[:_DESCRIBED]
        lost = await _confirm(client, described)
    except RPCError as error:
        raise Skipped(f"Temporal answers {error.status.name}") from None
    if not lost:
        return ok("lost workflows", "none: every open assignment has a running workflow", count=0)
    rest = len(candidates) - len(described)
    named = ", ".join(lost[:_NAMED]) + (" and others" if len(lost) > _NAMED else "")
    return failed(
        "lost workflows",
        f"{'at least ' if rest else ''}{len(lost)} open assignments have no running workflow: "
        f"{named}",
        "A running worker starts them again within two minutes: castline worker. If one runs, "
        "look into its log.",
        count=len(lost),
        unconfirmed=rest,
    )


def _find_candidates(store: Store, running: set[str]) -> list[str]:
    before = now() - GRACE
    lost = (
        (row.due_at, row.id)
        for row in each_unsettled(store)
        if row.moved_at < before and assignment_workflow_id(row.id) not in running
    )
    return [id for _, id in sorted(lost)]


async def _confirm(client: Client, ids: Sequence[str]) -> list[str]:
    """Those that really have none, by Temporal's own store."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def is_lost(id: str) -> bool:
        async with slots:
            try:
                described = await client.get_workflow_handle(assignment_workflow_id(id)).describe()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                return True
        return described.status is not WorkflowExecutionStatus.RUNNING

    answers = await asyncio.gather(*map(is_lost, ids))
    return [id for id, lost in zip(ids, answers, strict=True) if lost]
