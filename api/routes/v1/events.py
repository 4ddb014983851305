"""Events, for those who would rather ask than be told."""

from typing import Annotated

from fastapi import Query

from activities.telling.wording import Wording
from api.auth import Caller
from api.context import Here
from api.routes.paging import Filter, Limit
from api.routes.strict import json_router
from api.schemas.base import MAX_NUMBER
from api.schemas.v1.events import EventList, EventView
from store.queries.rows import PAGE_LIMIT
from store.queries.telling.events import list_events_after

router = json_router("/events", "Events and webhooks")

After = Annotated[int, Query(ge=0, le=MAX_NUMBER, description="The last number you have seen.")]


@router.get("")
def read_after(
    here: Here,
    workspace_id: Caller,
    after: After = 0,
    subjectId: Filter = None,  # noqa: N803  # the surface's name
    limit: Limit = PAGE_LIMIT,
) -> EventList:
    """What happened after a number, in its order. Asking on with `next` misses nothing."""
    wording = Wording(here.reauth_links)
    with here.store.read() as session:
        found = list_events_after(session, workspace_id, after, limit=limit, subject_id=subjectId)
        items = [EventView.model_validate(wording.of(session, event)) for event in found]
    return EventList(items=items, next=found[-1].number if found else after)
