"""The end of a connection: its grant, its credential, and the work that cannot go on.

First the platform, then our own rows, then what was on its way: a platform that is away leaves
everything as it was, since a token that is gone here could never be revoked there. A caller
waits a few seconds for the cancellations; what is left of them then, or by a crash, the
connection's workflow and Reconcile bring to its end.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.context import Context, on_loop
from api.services.connections import stored_credential
from domain.errors import Conflict, ReauthorizationNeeded, Unavailable
from domain.grants import GrantEnd
from domain.ids import WorkspaceId
from domain.states import ConnectionHealth
from store.queries.access import connections, grants
from store.queries.publishing import parked
from store.tables import Assignment, Connection

log = logging.getLogger("castline.api")

PATIENCE = 5.0
"""Seconds in which cancellations are waited for: a person looks on."""

PAGE = 50


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What came of it."""

    grant: GrantEnd
    cancelled: int = 0
    being_cancelled: int = 0
    """Asked to end, and not there yet."""
    past_stopping: int = 0
    """The platform has their bytes, or may have: they end as they will."""


def disconnect(here: Context, workspace_id: WorkspaceId, connection_id: str) -> Disconnected:
    """End the grant at the platform, erase the credential, cancel what can be cancelled.

    Idempotent: a retry changes nothing, or goes on where the first one was cut off. A grant by
    which other connections live is left to them. Raises what the platform answers when it cannot
    be reached, and `Conflict` (code `authorized_meanwhile`) when a person was faster; nothing is
    erased or cancelled then.
    """
    with here.store.write() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
        grant = _end_here(session, connection)
    if grant is None:
        grant = _revoke(here, connection)
        with here.store.write() as session:
            _erase(session, connection, grant)
    cancelled = on_loop(_cancel_all, here, connection.id)
    with here.store.read() as session:
        stoppable = parked.count_stoppable(session, connection.id)
        unsettled = parked.count_unsettled(session, connection.id)
    return Disconnected(grant, cancelled, stoppable, unsettled - stoppable)


def _end_here(session: Session, connection: Connection) -> GrantEnd | None:
    """End what needs no word to the platform. None: the grant has to be revoked there."""
    if connection.health == ConnectionHealth.DISCONNECTED:
        return GrantEnd.ENDED_BEFORE
    if not grants.shares_grant(session, connection):
        return None
    _tell_end(session, connection, GrantEnd.LEFT_TO_OTHERS)
    return GrantEnd.LEFT_TO_OTHERS


def _revoke(here: Context, connection: Connection) -> GrantEnd:
    try:
        was_alive = here.registry.get(connection.platform).revoke(
            stored_credential(here, connection)
        )
    except ReauthorizationNeeded:
        was_alive = False
    return GrantEnd.REVOKED if was_alive else GrantEnd.ENDED_BEFORE


def _erase(session: Session, revoked: Connection, grant: GrantEnd) -> None:
    """Erase what was revoked, and nothing that a person has authorized since."""
    if grants.shares_grant(session, revoked):
        log.warning("a consent that came meanwhile may have ended with %s", revoked.id)
    connection = connections.lock_connection(session, revoked.id)
    if connection.connected_at != revoked.connected_at:
        raise Conflict(
            "authorized_meanwhile",
            "This connection was authorized again at this moment, so it was left as it is. "
            "Disconnect it once more if that is still wanted.",
        )
    _tell_end(session, connection, grant)


def _tell_end(session: Session, connection: Connection, grant: GrantEnd) -> None:
    unsettled = parked.count_unsettled(session, connection.id)
    connections.disconnect(session, connection.id, grant=grant, unsettledAssignments=unsettled)


async def _cancel_all(here: Context, connection_id: str) -> int:
    """Cancel for as long as a person waits. Returns how many have ended by it."""
    cancelled: set[str] = set()
    last = 0
    try:
        async with asyncio.timeout(PATIENCE):
            while page := await asyncio.to_thread(_read, here, connection_id, last):
                await asyncio.gather(*(_cancel(here, row.id, cancelled) for row in page))
                last = page[-1].number
    except TimeoutError:
        log.info("connection %s: not all of its work has ended yet", connection_id)
    return len(cancelled)


async def _cancel(here: Context, assignment_id: str, cancelled: set[str]) -> None:
    try:
        if await here.lifecycles.cancel(assignment_id):
            cancelled.add(assignment_id)
    except Unavailable:
        log.info("assignment %s is left to be cancelled by the sweep", assignment_id)


def _read(here: Context, connection_id: str, after: int) -> Sequence[Assignment]:
    with here.store.read() as session:
        return parked.list_stoppable(session, connection_id, after=after, limit=PAGE)
