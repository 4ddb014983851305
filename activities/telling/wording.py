"""An event as the world is told of it: the same words for those who poll and for endpoints.

What is told is the snapshot that was taken when it happened. Only the way in for a person is
added at the moment of telling, for as long as its connection needs one: it is never stored.
"""

from typing import Any

from sqlmodel import Session

from activities.access.reauth_links import ReauthLinks
from domain.events import EventType
from domain.states import ConnectionHealth
from store.queries.access.connections import get_connection_by_id
from store.queries.telling.events import written
from store.tables import Event

_WELL = (ConnectionHealth.HEALTHY, ConnectionHealth.DISCONNECTED)


class Wording:
    def __init__(self, links: ReauthLinks) -> None:
        self._links = links

    def of(self, session: Session, event: Event) -> dict[str, Any]:
        """`id`, `number`, `type`, `timestamp`, `subjectId` and `data`, ready for JSON."""
        return {
            "id": event.id,
            "number": event.number,
            "type": event.type,
            "timestamp": written(event.happened_at),
            "subjectId": event.subject_id,
            "data": {**event.data, **self._way_in(session, event)},
        }

    def _way_in(self, session: Session, event: Event) -> dict[str, str]:
        if not EventType(event.type).asks_for_a_person:
            return {}
        connection = get_connection_by_id(session, event.subject_id)
        if connection.health in _WELL:
            return {}
        return {"reauthUrl": self._links.make(connection)}
