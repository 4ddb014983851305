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
from api.services.attachments import SeenAttachments, check_attachments, pin_payload
from api.services.claims import Key, claimed, settle
from api.services.faults import Faults
from api.services.videos import inspect_source
from api.services.webhooks import check_url
from domain import ids
from domain.errors import Conflict, InvalidRequest, Unavailable
from domain.ids import WorkspaceId
from domain.states import AssignmentState
from media.source import VideoFacts
from runtime.answers import Closed
from store.queries.access import connections
from store.queries.publishing import assignments, edits, videos
from store.queries.publishing.retrying import begin_retry, unconfirmed
from store.queries.telling.endpoints import ensure_callbacks
from store.tables import Assignment, Connection, Video

log = logging.getLogger("castline.api")


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants published, and where."""

    connection_ids: Sequence[str]
    video_id: str | None
    media_url: str | None
    type: str
    payload: dict[str, Any]
    scheduled_at: datetime | None = None
    external_id: str | None = None
    callback_url: str | None = None
    origin: str = "v1"
    payload_prefix: str = "payload."
    """How the surface calls the payload's fields in error details."""


@dataclass(frozen=True, slots=True)
class Accepted:
    group: Sequence[Assignment]
    first_answer: Mapping[str, Any] | None = None
    """Set for a repetition, which makes no group: what was answered to the first."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the looks at the files gave; warnings and small files by platform."""

    video: VideoFacts | Video
    warnings: Mapping[str, Mapping[str, str]]
    files: Mapping[str, SeenAttachments]


def accept(
    here: Context, workspace_id: WorkspaceId, key: Key | None, find_order: Callable[[], Order]
) -> Accepted:
    """Write an order's assignments and start them. With a key, a retry gets the first answer.

    The order is found once the key is claimed, so a retry depends on nothing that it names.
    Raises `InvalidRequest`, `NotFound` for foreign ids, `Conflict` for a connection that is
    switched off and for a key at whose first request we are still at work, and
    `Unprocessable` for a key that stands for another request.
    """
    group_id = ids.new_group_id()
    claim = nullcontext() if key is None else claimed(here.store, workspace_id, key, group_id)
    with claim as first_answer:
        if first_answer is not None:
            return Accepted([], first_answer)
        return Accepted(_accept(here, workspace_id, find_order(), key, group_id))


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

    The files that a fresh payload names are read and pinned first. After an error nothing is
    changed, now or later. Raises `Conflict` (code `too_late`), `Unavailable`, and for the files
    `InvalidRequest` and `SourceUnreachable`.
    """
    if payload is not None:
        pin_payload(here, row, payload)
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


def check_payload(
    here: Context, platform: str, type: str, payload: dict[str, Any], prefix: str = "payload."
) -> None:
    """Raise `InvalidRequest` (code `invalid_payload`) with everything that is wrong."""
    faults = here.registry.get(platform).check(type, payload)
    if faults:
        raise InvalidRequest(
            "invalid_payload",
            f"The payload is not valid for {platform}; see `details`.",
            details={prefix + field: sentences for field, sentences in faults.items()},
        )


def _accept(
    here: Context, workspace_id: WorkspaceId, order: Order, key: Key | None, group_id: str
) -> Sequence[Assignment]:
    with here.store.read() as session:
        targets = [
            connections.get_connection(session, workspace_id, connection_id)
            for connection_id in order.connection_ids
        ]
        known = videos.get_video(session, workspace_id, order.video_id) if order.video_id else None
    _check(here, order, targets)
    if order.callback_url is not None:
        check_url(here, workspace_id, order.callback_url, "callbackUrl")
    platforms = sorted({target.platform for target in targets})
    faults = Faults()
    facts = videos.facts_of(known) if known else None
    warnings: dict[str, Mapping[str, str]] = {}
    media = ("videoId" if known else "mediaUrl", "")
    with faults.of(media):
        facts = facts or inspect_source(here, workspace_id, order.media_url or "")
        for platform in platforms:
            with faults.of(media):
                warnings[platform] = check_file(here, platform, order.type, facts, media[0])
    wanted = {
        platform: here.registry.get(platform).attachments(order.payload) for platform in platforms
    }
    files = check_attachments(
        here, workspace_id, wanted, faults, order.payload_prefix, may_be_missing=True
    )
    faults.raise_any()
    assert facts is not None
    seen = _Seen(known or facts, warnings, files)
    group = _write(here, workspace_id, order, targets, seen, key, group_id)
    for row in group:
        start(here, row)
    return group


def _check(here: Context, order: Order, targets: Sequence[Connection]) -> None:
    for target in targets:
        if not target.is_active:
            raise Conflict(
                "connection_inactive",
                f"{target.name} is switched off or disconnected: nothing is published on it.",
            )
    for platform in sorted({target.platform for target in targets}):
        types = here.registry.get(platform).capabilities.types
        if order.type not in types:
            sentence = f"{platform} takes {', '.join(types)}."
            raise InvalidRequest("unknown_type", sentence, details={"type": [sentence]})
        check_payload(here, platform, order.type, order.payload, order.payload_prefix)


def check_file(
    here: Context, platform: str, type: str, facts: VideoFacts, field: str
) -> Mapping[str, str]:
    """What will be otherwise than one may expect. Raises `InvalidRequest` for a file that is wrong.

    The error's code is that of the first fault; `details` names all of them, for `field`.
    """
    fit = here.registry.get(platform).check_file(type, facts)
    for code, sentence in fit.faults.items():
        raise InvalidRequest(code, sentence, details={field: list(fit.faults.values())})
    return fit.warnings


def _write(
    here: Context,
    workspace_id: WorkspaceId,
    order: Order,
    targets: Sequence[Connection],
    seen: _Seen,
    key: Key | None,
    group_id: str,
) -> Sequence[Assignment]:
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
            for target in targets
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
