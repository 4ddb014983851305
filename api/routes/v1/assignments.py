"""Assignments: publish one video on one connection."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi.responses import JSONResponse

from api.auth import Caller
from api.context import Context, Here
from api.routes.keys import KeyHeader, key_of
from api.routes.paging import Filter, Limit, PageNumber, PathId
from api.routes.strict import Asked, checked, json_router
from api.schemas.problem import answers
from api.schemas.v1.assignments import (
    AssignmentGroup,
    AssignmentList,
    AssignmentPatch,
    AssignmentRequest,
    AssignmentView,
    RetryRequest,
)
from api.services.assignments import Accepted, accept, cancel, edit, retry
from api.services.claims import Key
from api.services.faults import Faults
from api.services.orders import Order, check_edit, check_order
from api.services.sources import replace_source
from api.services.videos import inspect_source
from api.source_reads import names_attachment
from domain.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    NotYet,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)
from domain.ids import WorkspaceId
from domain.states import AssignmentState
from store.queries.publishing import assignments
from store.queries.rows import PAGE_LIMIT
from store.tables import Assignment

router = json_router("/assignments", "Assignments")


def _check_new(asked: Asked) -> None:
    check_order(asked.here, asked.workspace_id, _order_of(asked.given, asked.faults), asked.faults)


def _check_change(asked: Asked) -> None:
    with asked.here.store.read() as session:
        row = assignments.get_assignment(session, asked.workspace_id, asked.path["assignment_id"])
    media_url, scheduled_at = asked.given.get("media_url"), asked.given.get("scheduled_at")
    with asked.faults.of(("mediaUrl", "")):
        if media_url is not None:
            inspect_source(asked.here, asked.workspace_id, media_url)
    check_edit(
        asked.here,
        row,
        asked.faults,
        payload=asked.given.get("payload"),
        scheduled_at=scheduled_at,
        # One that is wrong ends the present schedule, too.
        clears_schedule=scheduled_at is None and "scheduled_at" in asked.named,
    )


@router.post(
    "",
    status_code=201,
    response_model=AssignmentView | AssignmentGroup,
    responses={
        200: {
            "model": AssignmentView | AssignmentGroup,
            "description": "The first answer to this idempotency key, again.",
        },
        **answers(NotFound, NotYet, Unprocessable, TooManyRequests, Unavailable),
    },
)
@checked(_check_new)
async def create(
    here: Here,
    workspace_id: Caller,
    wanted: AssignmentRequest,
    idempotency_key: KeyHeader = None,
) -> JSONResponse:
    """Accept an assignment, or one for each of `connectionIds`.

    From this answer on it is never lost: whatever stops working is waited for. With an
    idempotency key the same body is answered alike, and 409 `in_flight` until it is answered.
    429 `too_many_source_reads`: nothing was done, and the key is as it was.
    """
    call = partial(_create, here, workspace_id, wanted, idempotency_key)
    if wanted.media_url is not None or names_attachment(wanted.payload):
        accepted = await here.source_reads.run(workspace_id, call)
    else:
        accepted = await to_thread.run_sync(call)
    if accepted.first_answer is not None:
        return JSONResponse(accepted.first_answer)
    return JSONResponse(_tell(wanted, accepted.group), 201)


@router.get("")
def read_all(
    here: Here,
    workspace_id: Caller,
    state: AssignmentState | None = None,
    connectionId: Filter = None,  # noqa: N803  # the surface's names
    groupId: Filter = None,  # noqa: N803
    externalId: Filter = None,  # noqa: N803
    page: PageNumber = 1,
    limit: Limit = PAGE_LIMIT,
) -> AssignmentList:
    """The workspace's assignments, newest first."""
    with here.store.read() as session:
        found = assignments.find_assignments(
            session,
            workspace_id,
            state=state,
            connection_id=connectionId,
            group_id=groupId,
            external_id=externalId,
            page=page,
            limit=limit,
        )
    return AssignmentList.model_validate(found)


@router.get("/{assignment_id}", responses=answers(NotFound))
def read(here: Here, workspace_id: Caller, assignment_id: PathId) -> AssignmentView:
    """How the assignment stands, what it waits for, and what helps."""
    with here.store.read() as session:
        row = assignments.get_assignment(session, workspace_id, assignment_id)
    return AssignmentView.model_validate(row)


@router.patch(
    "/{assignment_id}", responses=answers(NotFound, Conflict, TooManyRequests, Unavailable)
)
@checked(_check_change)
async def change(
    here: Here, workspace_id: Caller, assignment_id: PathId, changes: AssignmentPatch
) -> AssignmentView:
    """Change payload or schedule: 409 `too_late` once the upload has begun. Or the `mediaUrl`:
    409 `too_late` once the platform has every byte, 409 `source_differs` for another file where
    the upload of the registered one is under way.
    """
    call = partial(_change, here, workspace_id, assignment_id, changes)
    if changes.media_url is not None or names_attachment(changes.payload or {}):
        return await here.source_reads.run(workspace_id, call)
    return await to_thread.run_sync(call)


@router.post("/{assignment_id}/retry", responses=answers(NotFound, NotYet))
def begin_again(
    here: Here, workspace_id: Caller, assignment_id: PathId, wanted: RetryRequest | None = None
) -> AssignmentView:
    """Run a failed or cancelled assignment again. What is uploaded already is not sent twice.

    Of a published one the steps that failed (`thumbnail_failed` and the like in `warnings`) are
    done again, and nothing else. 409 `not_retryable` where there is nothing to do again.

    409 `unconfirmed` while an unclear outcome is read back, which needs no retry. `force` with a
    `reason` ends the reading: it is sent anew at once. Where it was cancelled meanwhile, it is
    cancelled at once, and a video may be there all the same.
    """
    reason = None if wanted is None else wanted.reason
    return AssignmentView.model_validate(retry(here, workspace_id, assignment_id, reason))


@router.delete("/{assignment_id}", responses=answers(NotFound, NotYet, Unavailable))
def give_up(here: Here, workspace_id: Caller, assignment_id: PathId) -> AssignmentView:
    """Cancel. 200: it came in time and nothing will be published. 409 `too_late`: it did not.

    409 `unconfirmed`: the platform does not tell yet. Nothing more is sent, and it ends as
    published or as cancelled; a forced retry cancels it at once.
    """
    with here.store.read() as session:
        row = assignments.get_assignment(session, workspace_id, assignment_id)
    cancel(here, row)
    return read(here, workspace_id, assignment_id)


def _change(
    here: Context, workspace_id: WorkspaceId, assignment_id: str, changes: AssignmentPatch
) -> AssignmentView:
    with here.store.read() as session:
        row = assignments.get_assignment(session, workspace_id, assignment_id)
    if changes.media_url is not None:
        replace_source(here, row, changes.media_url)
        return read(here, workspace_id, assignment_id)
    edit(
        here,
        row,
        payload=changes.payload,
        scheduled_at=changes.scheduled_at,
        clears_schedule=changes.clears_schedule,
    )
    return read(here, workspace_id, assignment_id)


def _create(
    here: Context, workspace_id: WorkspaceId, wanted: AssignmentRequest, header: str | None
) -> Accepted:
    given = dict(wanted)
    faults = Faults()
    key = None
    with faults.of(("idempotencyKey", "")):
        key = _key(wanted, header)
    if faults:
        check_order(here, workspace_id, _order_of(given, faults), faults)
    return accept(here, workspace_id, key, partial(_order_of, given))


def _order_of(given: Mapping[str, Any], _faults: Faults) -> Order:
    """What is wanted by a body, of which only the right fields need be given."""
    one, several = given.get("connection_id"), given.get("connection_ids")
    return Order(
        connection_ids=several or ([] if one is None else [one]),
        video_id=given.get("video_id"),
        media_url=given.get("media_url"),
        type=given.get("type"),
        payload=given.get("payload"),
        scheduled_at=given.get("scheduled_at"),
        external_id=given.get("external_id"),
        callback_url=given.get("callback_url"),
        connection_field="connectionIds" if several else "connectionId",
    )


def _key(wanted: AssignmentRequest, header: str | None) -> Key | None:
    text = wanted.idempotency_key or header
    if header is not None and text != header:
        sentence = "The header Idempotency-Key says something else."
        raise InvalidRequest("invalid_request", sentence, details={"idempotencyKey": [sentence]})
    return key_of(text, wanted, partial(_tell, wanted))


def _tell(wanted: AssignmentRequest, group: Sequence[Assignment]) -> dict[str, Any]:
    """One view for `connectionId`, a group for `connectionIds`, as JSON."""
    views = [AssignmentView.model_validate(row) for row in group]
    if wanted.connection_ids is None:
        return views[0].model_dump(mode="json", by_alias=True)
    made = AssignmentGroup(group_id=views[0].group_id, items=views)
    return made.model_dump(mode="json", by_alias=True)
