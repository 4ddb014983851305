"""An assignment's timeline: what happened, what is waited for, what to do."""

from typing import Annotated

from fastapi import Header
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from api.auth import Caller
from api.context import Here
from api.routes.accepting import best_of
from api.routes.paging import Limit, PageNumber, PathId
from api.routes.strict import json_router
from api.schemas.problem import answers
from api.schemas.v1.timeline import TimelineView
from api.services.timeline import as_lines, tell
from domain.errors import NotFound
from store.queries.rows import PAGE_LIMIT

router = json_router("/assignments", "Assignments")

_JSON, _PLAIN = "application/json", "text/plain"


@router.get(
    "/{assignment_id}/timeline",
    response_model=TimelineView,
    responses={200: {"content": {_PLAIN: {"schema": {"type": "string"}}}}, **answers(NotFound)},
)
def read_timeline(
    here: Here,
    workspace_id: Caller,
    assignment_id: PathId,
    page: PageNumber = 1,
    limit: Limit = PAGE_LIMIT,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
) -> Response:
    """What happened, oldest first, and the evidence that the video is there once.

    It is told for as long as the assignment's row is kept. `Accept: text/plain` gives lines.
    """
    told = tell(here, workspace_id, assignment_id, page=page, limit=limit)
    varies = {"Vary": "Accept"}
    if best_of((_JSON, _PLAIN), accept or []) == _PLAIN:
        return PlainTextResponse(as_lines(told), headers=varies)
    return JSONResponse(told.model_dump(mode="json", by_alias=True), headers=varies)
