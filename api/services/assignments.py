"""Accepting assignments.

An order is checked in full, then written in one transaction with the answer to its idempotency
key, then its workflows are started. From the commit on it is never lost: a workflow that could
not be started is started by Reconcile.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from activities.contract.assignments import AssignmentEdit, AssignmentInput
from activities.publishing.inputs import input_of, load_input
from api.context import Context, on_loop
from api.services.claims import Key, claimed, settle
from api.services.faults import Faults
from api.services.orders import Order, Seen, check_edit, check_order
from domain import ids
from domain.errors import Conflict, Unavailable
from domain.ids import WorkspaceId
from domain.states import AssignmentState
from media.source import VideoFacts
from runtime.answers import Closed
from store.queries.publishing import assignments, edits, videos
from store.queries.publishing.retrying import begin_retry, unconfirmed
from store.queries.telling.endpoints import ensure_callbacks
from store.tables import Assignment, Video

log = logging.getLogger("castline.api")


@dataclass(frozen=True, slots=True)
class Accepted:
    group: Sequence[Assignment]
    first_answer: Mapping[str, Any] | None = None
    """Set for a repetition, which makes no group: what was answered to the first."""


def accept(
    here: Context, workspace_id: WorkspaceId, key: Key | None, find_order: Callable[[Faults], Order]
) -> Accepted:
    """Write an order's assignments and start them. With a key, a retry gets the first answer.

    The order is found once the key is claimed, so a retry depends on nothing that it names, and on
    no clock. What is wrong with the request is raised together.
    Raises `InvalidRequest`, `NotFound` for foreign ids, `Conflict` for a connection that is
    switched off and for a key at whose first request we are still at work, and
    `Unprocessable` for a key that stands for another request.
    """
    group_id = ids.new_group_id()
    claim = nullcontext() if key is None else claimed(here.store, workspace_id, key, group_id)
    with claim as first_answer:
        if first_answer is not None:
            return Accepted([], first_answer)
        faults = Faults()
        order = find_order(faults)
        seen = check_order(here, workspace_id, order, faults)
        group = _write(here, workspace_id, order, seen, key, group_id)
        for row in group:
            start(here, row)
        return Accepted(group)


def retry(
    here: Context, workspace_id: WorkspaceId, assignment_id: str, reason: str | None = None
) -> Assignment:
    """Begin the next attempt. Of two retries at once the second is refused.

    Of a published one it does the steps that failed again, and nothing else.
    One whose workflow is gone continues instead, in the same attempt. A `reason` ends the reading
    of an unconfirmed one. Raises `Conflict` (`unconfirmed`, `not_retryable`).
    """
    row, is_rebuilt = _ensure_running(here, workspace_id, assignment_id)
    if is_rebuilt and row.state != AssignmentState.UNCONFIRMED:
        return row
    with here.store.write() as session:
        row = assignments.get_assignment(session, workspace_id, assignment_id)
        facts = videos.facts_of(videos.get_video_by_id(session, row.video_id))
        fit = here.registry.get(row.platform).check_file(row.type, facts)
        row = begin_retry(
            session, workspace_id, assignment_id, warnings=fit.warnings, reason=reason
        )
        wanted = load_input(session, here.registry, row)
    _start(here, wanted)
    return row


def edit(
    here: Context,
    row: Assignment,
    *,
    payload: Mapping[str, Any] | None,
    scheduled_at: datetime | None,
    clears_schedule: bool,
) -> None:
    """Change what has not begun. None leaves things as they are.

    The files that another payload names are read and pinned first. After an error nothing is
    changed, now or later. Raises `Conflict` (code `too_late`), `Unavailable`, and what is wrong
    with the change together, as `check_edit` does.
    """
    seen = check_edit(
        here,
        row,
        Faults(),
        payload=payload,
        scheduled_at=scheduled_at,
        clears_schedule=clears_schedule,
    )
    if payload is not None:
        with here.store.write() as session:
            seen.write(session, row.id)
    with here.store.write() as session:
        version = edits.propose_edit(
            session,
            row.id,
            payload=payload,
            scheduled_at=scheduled_at,
            clears_schedule=clears_schedule,
        )
    platform = here.registry.get(row.platform)
    proposed = AssignmentEdit(
        assignment_id=row.id,
        version=version,
        scheduled_at=scheduled_at,
        clears_schedule=clears_schedule,
        extra_steps=None if payload is None else list(platform.extra_steps(payload)),
    )
    try:
        on_loop(here.rebuilder.ask, row.id, lambda: here.lifecycles.edit(proposed))
    except (Conflict, Unavailable, Closed) as error:
        with here.store.write() as session:
            is_withdrawn = edits.withdraw_edit(session, row.id, version)
        # Otherwise it was applied, and only the answer is missing.
        if is_withdrawn and isinstance(error, Closed):
            raise Conflict("too_late", "The transfer has begun; nothing was changed.") from None
        if is_withdrawn:
            raise


def cancel(here: Context, row: Assignment) -> None:
    """Give an assignment up; one that is given up already stays so.

    Raises `Conflict` where it will be published or has ended otherwise (code `too_late`), and
    where that is not known yet (code `unconfirmed`), and `Unavailable`.
    """
    state = AssignmentState(row.state)
    if state is AssignmentState.CANCELLED:
        return
    if not state.is_settled and row.platform_id is None:
        came_in_time = on_loop(give_up, here, row.id)
        if came_in_time is None:
            raise _in_doubt(here, row)
        if came_in_time:
            return
    raise Conflict("too_late", "It is too late to cancel: this assignment has gone too far.")


async def give_up(here: Context, assignment_id: str) -> bool | None:
    """Ask an assignment to end as cancelled. True: it does. False: it came too late.

    None: the platform does not tell yet which. Raises `Unavailable`.
    """
    await asyncio.to_thread(_request_cancel, here, assignment_id)
    try:
        return await here.rebuilder.ask(
            assignment_id, lambda: here.lifecycles.cancel(assignment_id)
        )
    except Closed:
        # It has ended, and its row says how.
        row = await asyncio.to_thread(_read, here, assignment_id)
        return row.state == AssignmentState.CANCELLED


def _request_cancel(here: Context, assignment_id: str) -> None:
    with here.store.write() as session:
        assignments.request_cancel(session, assignment_id)


def _read(here: Context, assignment_id: str) -> Assignment:
    with here.store.read() as session:
        return assignments.get_assignment_by_id(session, assignment_id)


def _in_doubt(here: Context, row: Assignment) -> Conflict:
    # The cancel has had it read, so the next look is another than the row said before.
    return unconfirmed(
        _read(here, row.id),
        "Nothing is sent any more: it ends as published where there is one, and else as cancelled.",
    )


def _ensure_running(
    here: Context, workspace_id: WorkspaceId, assignment_id: str
) -> tuple[Assignment, bool]:
    """The row, and whether its workflow was gone and another one continues.

    A row that was only just accepted, or is only just retried, has lost none.
    """
    with here.store.read() as session:
        row = assignments.get_assignment(session, workspace_id, assignment_id)
    if AssignmentState(row.state).is_settled:
        return row, False
    try:
        is_rebuilt = on_loop(here.rebuilder.ensure_running, row.id) and row.is_started
    except Unavailable:
        # A reading that is ended by force is ended in the row; its workflow hears of it later.
        return row, False
    return _read(here, row.id), is_rebuilt


def start(here: Context, row: Assignment) -> None:
    """Start the workflow of a row that was just accepted. Idempotent."""
    _start(here, input_of(row, here.registry.get(row.platform)))


def _start(here: Context, wanted: AssignmentInput) -> None:
    """Start a workflow. Idempotent, and left to Reconcile when it fails."""
    try:
        on_loop(here.lifecycles.start_assignment, wanted)
    except Unavailable:
        log.warning("assignment %s waits for Temporal", wanted.assignment_id)


def _write(
    here: Context,
    workspace_id: WorkspaceId,
    order: Order,
    seen: Seen,
    key: Key | None,
    group_id: str,
) -> Sequence[Assignment]:
    assert order.type is not None, "it was found right"
    assert order.payload is not None, "it was found right"
    with here.store.write() as session:
        video = _ensure_video(session, workspace_id, order, seen.video)
        if order.callback_url is not None:
            ensure_callbacks(session, here.vault, workspace_id)
        group = [
            assignments.create_assignment(
                session,
                workspace_id=workspace_id,
                connection_id=target.id,
                video_id=video.id,
                platform=target.platform,
                type=order.type,
                payload=order.payload,
                scheduled_at=order.scheduled_at,
                external_id=order.external_id,
                callback_url=order.callback_url,
                origin=order.origin,
                group_id=group_id,
                warnings={
                    **seen.warnings[target.platform],
                    **seen.files[target.platform].warnings,
                },
            )
            for target in seen.targets
        ]
        for row in group:
            seen.files[row.platform].write(session, row.id)
        if key is not None:
            settle(session, key, group)
    return group


def _ensure_video(
    session: Session, workspace_id: WorkspaceId, order: Order, facts: VideoFacts | Video
) -> Video:
    if isinstance(facts, Video):
        return facts
    return videos.create_video(
        session, workspace_id=workspace_id, source_url=order.media_url or "", facts=facts
    )
