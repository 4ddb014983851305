"""What a re-authorization asks of us: how it stands, a reminder, and the work it held up.

Thousands of assignments may be parked on one connection, so they are read in pages and told
a page at a time; whoever was told leaves the list by itself, which makes a retry cheap. An
assignment that has ended meanwhile is passed over: waking or cancelling it was no longer needed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from sqlmodel import Session
from temporalio import activity

from activities.contract.reauth import ReauthStand, ReauthSteps, Reminder
from activities.failures import translated
from domain.health import BROKEN
from store.engine import Store
from store.queries.access import asking, connections
from store.queries.publishing import parked
from store.queries.telling.events import note_health
from store.tables import Assignment

PAGE = 50
"""How many are told at a time: enough for a thousand in seconds, few enough for any server."""


class _List(Protocol):
    def __call__(
        self, session: Session, connection_id: str, *, after: int, limit: int
    ) -> Sequence[Assignment]: ...


class ReauthActivities(ReauthSteps):
    """The three that reach one assignment's workflow are idempotent."""

    def __init__(
        self,
        store: Store,
        tell_recovered: Callable[[str], Awaitable[None]],
        tell_gone: Callable[[str], Awaitable[None]],
        ask_to_end: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._tell_recovered = tell_recovered
        self._tell_gone = tell_gone
        self._ask_to_end = ask_to_end

    @activity.defn
    @translated
    def survey(self, connection_id: str) -> ReauthStand:
        with self._store.write() as session:
            connection = asking.note_reauth_look(session, connection_id)
            return ReauthStand(
                is_needed=connection.health in BROKEN,
                health=connection.health,
                reason=connection.health_reason,
                since=connection.health_since,
                waiting=parked.count_parked(session, connection_id),
            )

    @activity.defn
    @translated
    def remind(self, reminder: Reminder) -> None:
        with self._store.write() as session:
            connection = connections.get_connection_by_id(session, reminder.connection_id)
            if connection.health in BROKEN:
                note_health(session, connection, key=reminder.key, reminder=reminder.number)

    @activity.defn
    async def release(self, connection_id: str) -> int:
        return await self._tell_all(connection_id, parked.list_parked, self._tell_recovered)

    @activity.defn
    async def abandon(self, connection_id: str) -> int:
        cancelled = await self._tell_all(connection_id, parked.list_stoppable, self._ask_to_end)
        return cancelled + await self._tell_all(
            connection_id, parked.list_stranded, self._tell_gone
        )

    async def _tell_all(
        self, connection_id: str, list_page: _List, tell: Callable[[str], Awaitable[None]]
    ) -> int:
        told, last = 0, 0
        while page := await asyncio.to_thread(self._read, list_page, connection_id, last):
            await asyncio.gather(*(_beat_after(tell(row.id)) for row in page))
            told, last = told + len(page), page[-1].number
        return told

    def _read(self, list_page: _List, connection_id: str, after: int) -> Sequence[Assignment]:
        with self._store.read() as session:
            return list_page(session, connection_id, after=after, limit=PAGE)


async def _beat_after(told: Awaitable[None]) -> None:
    await told
    activity.heartbeat()
