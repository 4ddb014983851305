"""What a transaction tells the world: its events, and the workflows that it wakes.

Queries note both while they write; `settle` then numbers the events as the last thing before
the commit. The workspace's row is thereby held for the shortest time and always after every
other one, so transactions never wait for each other crosswise, and an event's number follows
the order of the commits: whoever has read up to a number has missed nothing. Deliveries are
written with their events; what is rolled back was told to nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, insert, select, update

from domain.events import EventType, kind_of
from domain.wakes import DeliveryDue, Wake
from store.sealed import seal_into
from store.tables import Delivery, Endpoint, Event, Workspace, now

GIVE_UP_AFTER = timedelta(days=3)
"""How long a delivery is tried."""

_NOTES = "notes"
_WAKES = "wakes"

# Made once, for every change of a state pays for these.
_TAKE_NUMBERS = (
    update(Workspace)
    .where(col(Workspace.id) == bindparam("workspace"))
    .values(last_event_number=col(Workspace.last_event_number) + bindparam("count"))
    .returning(col(Workspace.last_event_number))
)
_FIND_LISTENING = select(
    Endpoint.id, col(Endpoint.sealed_url).is_(None), Endpoint.event_types, Endpoint.is_enabled
).where(Endpoint.workspace_id == bindparam("workspace"))


@dataclass(frozen=True, slots=True)
class Note:
    """An event that has no number yet."""

    workspace_id: str
    type: EventType
    subject_id: str
    data: Mapping[str, Any]
    key: str | None = None
    callback_url: str | None = None
    happened_at: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class _Listening:
    """What has to be known of an endpoint to know whether it is told."""

    id: str
    is_of_callbacks: bool
    event_types: list[str]
    is_enabled: bool


def note(session: Session, event: Note) -> None:
    """Tell of it when this transaction commits. With a `key` that was told before: not again."""
    session.info.setdefault(_NOTES, []).append(event)


def wake(session: Session, concerned: Wake) -> None:
    """Wake a workflow once this transaction has committed."""
    session.info.setdefault(_WAKES, {})[concerned] = None


def settle(session: Session) -> tuple[Wake, ...]:
    """Number and write what was noted. Returns whom to wake after the commit."""
    notes: list[Note] = session.info.pop(_NOTES, [])
    notes.sort(key=lambda event: event.workspace_id)
    for workspace_id, told in groupby(notes, key=lambda event: event.workspace_id):
        _write(session, workspace_id, list(told))
    return tuple(session.info.pop(_WAKES, {}))


def _write(session: Session, workspace_id: str, notes: Sequence[Note]) -> None:
    session.flush()
    fresh = _untold(session, workspace_id, notes)
    if not fresh:
        return
    first = _take_numbers(session, workspace_id, len(fresh))
    events = [
        Event(
            workspace_id=workspace_id,
            number=number,
            type=event.type,
            subject_id=event.subject_id,
            data=dict(event.data),
            key=event.key,
            happened_at=event.happened_at,
        )
        for number, event in enumerate(fresh, first)
    ]
    _insert(session, events)
    deliveries = []
    listening = _listening(session, workspace_id)
    for event, told in zip(events, fresh, strict=True):
        for endpoint in listening:
            if _wants(endpoint, event.type, told.callback_url):
                deliveries.append(_delivery(session, event, endpoint, told.callback_url))
                wake(session, DeliveryDue(workspace_id, endpoint.id, event.subject_id))
    _insert(session, deliveries)


def _insert(session: Session, rows: Sequence[Event] | Sequence[Delivery]) -> None:
    # Past the session, which would keep them for nobody.
    if rows:
        session.connection().execute(insert(type(rows[0])), [row.model_dump() for row in rows])


def _listening(session: Session, workspace_id: str) -> Sequence[_Listening]:
    found = session.connection().execute(_FIND_LISTENING, {"workspace": workspace_id})
    return [_Listening(*row) for row in found]


def _untold(session: Session, workspace_id: str, notes: Sequence[Note]) -> list[Note]:
    """Those that were not told before. Of two at once the constraint lets one commit."""
    keys = [event.key for event in notes if event.key is not None]
    if not keys:
        return list(notes)
    query = select(Event.key).where(Event.workspace_id == workspace_id, col(Event.key).in_(keys))
    told = set(session.exec(query))
    fresh = []
    for event in notes:
        if event.key is None or event.key not in told:
            fresh.append(event)
            told.add(event.key)
    return fresh


def _take_numbers(session: Session, workspace_id: str, count: int) -> int:
    """The first of the next numbers; the workspace is held from here to the commit."""
    taken = {"workspace": workspace_id, "count": count}
    last: int = session.connection().execute(_TAKE_NUMBERS, taken).scalar_one()
    return last - count + 1


def _wants(endpoint: _Listening, type: str, callback_url: str | None) -> bool:
    if endpoint.is_of_callbacks:
        return callback_url is not None
    wanted = endpoint.event_types
    return endpoint.is_enabled and (not wanted or type in wanted or kind_of(type) in wanted)


def _delivery(
    session: Session, event: Event, endpoint: _Listening, callback_url: str | None
) -> Delivery:
    delivery = Delivery(
        workspace_id=event.workspace_id,
        endpoint_id=endpoint.id,
        event_id=event.id,
        subject_id=event.subject_id,
        number=event.number,
        gives_up_at=now() + GIVE_UP_AFTER,
    )
    if endpoint.is_of_callbacks:
        seal_into(session, delivery, url=callback_url)
    return delivery
