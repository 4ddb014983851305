"""What a request wants published, and everything that is wrong with it.

An order is checked in full before anything is written. Each check adds what it finds to the
request's faults and goes on with what is right, so one answer names all of them. The same checks
judge the right fields of a body that did not parse: what is missing there is not judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from api.context import Context
from api.services.attachments import SeenAttachments, check_attachments
from api.services.faults import Faults
from api.services.videos import inspect_source
from api.services.webhooks import check_url
from domain.errors import Conflict, InvalidRequest
from domain.ids import WorkspaceId
from media.source import VideoFacts
from platforms.publish_at import AT
from store.queries.access import connections
from store.queries.publishing import videos
from store.tables import Assignment, Connection, Video, now

LATE_SCHEDULE = timedelta(hours=1)
"""So long ago scheduledAt may lie: a request may have waited with its caller. What lies further
back is taken for a mistyped date, which must not publish anything at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants published, and where. None: it is not there, or not right by itself."""

    connection_ids: Sequence[str]
    video_id: str | None
    media_url: str | None
    type: str | None
    payload: Mapping[str, Any] | None
    scheduled_at: datetime | None = None
    external_id: str | None = None
    callback_url: str | None = None
    origin: str = "v1"
    connection_field: str = "connectionId"
    """How the surface calls the fields in error details; so the next two."""
    video_field: str = "videoId"
    payload_prefix: str = "payload."


@dataclass(frozen=True, slots=True)
class Seen:
    """What the looks at rows and files gave; warnings and small files by platform."""

    targets: Sequence[Connection]
    video: VideoFacts | Video
    warnings: Mapping[str, Mapping[str, str]]
    files: Mapping[str, SeenAttachments]


def check_order(here: Context, workspace_id: WorkspaceId, order: Order, faults: Faults) -> Seen:
    """Look at everything that an order names. Raises what `Faults.raise_any` raises.

    Writes nothing. It reads the files that the order names, so it may take a minute.
    """
    with here.store.read() as session:
        targets = _find_targets(here, session, workspace_id, order, faults)
        known = _find_video(session, workspace_id, order, faults)
    check_schedule(order.scheduled_at, faults)
    if order.callback_url is not None:
        with faults.of(("callbackUrl", "")):
            check_url(here, workspace_id, order.callback_url, "callbackUrl")
    platforms = sorted({target.platform for target in targets})
    _check_type(here, platforms, order.type, faults)
    right = {
        platform: _check_payload(here, platform, order, faults, is_one=len(platforms) == 1)
        for platform in platforms
    }
    facts, warnings = _look_at_file(here, workspace_id, order, platforms, known, faults)
    wanted = {
        platform: here.registry.get(platform).attachments(payload)
        for platform, payload in right.items()
    }
    files = check_attachments(
        here, workspace_id, wanted, faults, order.payload_prefix, may_be_missing=True
    )
    faults.raise_any()
    assert facts is not None, "an order without a video is not parsed"
    return Seen(targets, known or facts, warnings, files)


def check_edit(
    here: Context,
    row: Assignment,
    faults: Faults,
    *,
    payload: Mapping[str, Any] | None,
    scheduled_at: datetime | None,
    clears_schedule: bool,
) -> SeenAttachments:
    """Look at everything that an edit changes. Raises what `Faults.raise_any` raises.

    None leaves things as they are. Writes nothing; it reads the files that the payload names.
    """
    check_schedule(scheduled_at, faults)
    start = scheduled_at or (None if clears_schedule else row.scheduled_at)
    right: Mapping[str, Any] = {}
    if payload is not None:
        right = check_payload(here, row.platform, row.type, payload, faults, start=start)
    elif start != row.scheduled_at:
        kept = here.registry.get(row.platform).check(row.type, row.payload, at=_begin(start))
        said = [f"The payload's publishAt does not fit it: {each}" for each in kept.get(AT, ())]
        faults.add({"scheduledAt": said} if said else {}, "invalid_request", " ".join(said))
    wanted = {row.platform: here.registry.get(row.platform).attachments(right)}
    seen = check_attachments(here, WorkspaceId(row.workspace_id), wanted, faults)
    faults.raise_any()
    return seen[row.platform]


def check_schedule(scheduled_at: datetime | None, faults: Faults) -> None:
    """Find a time to publish that is too long ago to be meant."""
    if scheduled_at is not None and scheduled_at < now() - LATE_SCHEDULE:
        sentence = "It lies more than an hour in the past. Leave it out to publish at once."
        faults.add({"scheduledAt": [sentence]}, "invalid_request", sentence)


def check_payload(
    here: Context,
    platform: str,
    type: str,
    payload: Mapping[str, Any],
    faults: Faults,
    *,
    start: datetime | None = None,
    prefix: str = "payload.",
    lead: str = "",
) -> Mapping[str, Any]:
    """Find everything that is wrong with a payload (code `invalid_payload`).

    Returns the fields that are right. `start` is when the assignment is scheduled.
    """
    found = here.registry.get(platform).check(type, payload, at=_begin(start))
    faults.add(
        {prefix + field: [lead + each for each in said] for field, said in found.items()},
        "invalid_payload",
        f"The payload is not valid for {platform}; see `details`.",
    )
    return {field: value for field, value in payload.items() if field not in found}


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


def _begin(start: datetime | None) -> datetime:
    """When the upload begins at the earliest."""
    return max(now(), start) if start is not None else now()


def _find_targets(
    here: Context, session: Session, workspace_id: WorkspaceId, order: Order, faults: Faults
) -> Sequence[Connection]:
    targets: list[Connection] = []
    is_one = len(order.connection_ids) == 1
    for connection_id in order.connection_ids:
        with faults.of((order.connection_field, "" if is_one else f"{connection_id}: ")):
            target = connections.get_connection(session, workspace_id, connection_id)
            here.registry.get(target.platform)
            targets.append(target)
            if not target.is_active:
                raise Conflict(
                    "connection_inactive",
                    f"{target.name} is switched off or disconnected: nothing is published on it.",
                )
    return targets


def _find_video(
    session: Session, workspace_id: WorkspaceId, order: Order, faults: Faults
) -> Video | None:
    if order.video_id is None:
        return None
    with faults.of((order.video_field, "")):
        return videos.get_video(session, workspace_id, order.video_id)
    return None


def _check_type(here: Context, platforms: Sequence[str], type: str | None, faults: Faults) -> None:
    for platform in platforms:
        types = here.registry.get(platform).capabilities.types
        if type is not None and type not in types:
            sentence = f"{platform} takes {', '.join(types)}."
            faults.add({"type": [sentence]}, "unknown_type", sentence)


def _check_payload(
    here: Context, platform: str, order: Order, faults: Faults, *, is_one: bool
) -> Mapping[str, Any]:
    if order.payload is None:
        return {}
    return check_payload(
        here,
        platform,
        _known_type(here, platform, order.type),
        order.payload,
        faults,
        start=order.scheduled_at,
        prefix=order.payload_prefix,
        lead="" if is_one else f"{platform}: ",
    )


def _known_type(here: Context, platform: str, type: str | None) -> str:
    """The type, or the usual one in place of one that is wrong, which was said already."""
    types = here.registry.get(platform).capabilities.types
    return type if type in types else types[0]


def _look_at_file(
    here: Context,
    workspace_id: WorkspaceId,
    order: Order,
    platforms: Sequence[str],
    known: Video | None,
    faults: Faults,
) -> tuple[VideoFacts | None, Mapping[str, Mapping[str, str]]]:
    field = "mediaUrl" if known is None else order.video_field
    facts = None if known is None else videos.facts_of(known)
    warnings: dict[str, Mapping[str, str]] = {}
    if facts is None and order.media_url is not None:
        with faults.of((field, "")):
            facts = inspect_source(here, workspace_id, order.media_url)
    for platform in platforms:
        type = _known_type(here, platform, order.type)
        if facts is not None and type == order.type:
            with faults.of((field, "")):
                warnings[platform] = check_file(here, platform, type, facts, field)
    return facts, warnings
