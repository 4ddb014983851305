"""The end of a connection: its grant, its credential, and the work that cannot go on.

First the platform, then our own rows, then what was on its way: a platform that is away leaves
everything as it was, since a token that is gone here could never be revoked there. A caller
waits a few seconds for the cancellations; what is left of them then, or by a crash, the
connection's workflow and Reconcile bring to its end.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlmodel import Session

from activities.access.packing import unpack
from api.context import Context, on_loop
from api.services.assignments import give_up
from domain.errors import CastlineError, Conflict, PlatformError, ReauthorizationNeeded
from domain.grants import GrantEnd
from domain.ids import WorkspaceId
from domain.states import ConnectionHealth
from platforms.protocol import Credential
from store.queries.access import connections, credentials, grants
from store.queries.access.credentials import StoredCredential
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
    """The platform has their bytes, or may have: they end by themselves, as it was found when
    the cancellations began."""


def disconnect(here: Context, workspace_id: WorkspaceId, connection_id: str) -> Disconnected:
    """End the grant at the platform, erase the credential, cancel what can be cancelled.

    Idempotent: a retry changes nothing, or goes on where the first one was cut off. A grant that
    another connection of the installation uses is not revoked; the answer depends on this
    workspace's own connections only. Raises what the platform answers when it cannot
    be reached, and `Conflict` (code `authorized_meanwhile`) when a person was faster; nothing is
    erased or cancelled then.
    """
    with here.store.write() as session:
        connection = connections.get_connection(session, workspace_id, connection_id)
        sharing = grants.list_sharing(session, connection)
        grant = _judge(connection, sharing)
        to_revoke = _end_here(here, session, connection, sharing, grant)
    if to_revoke is not None:
        _revoke(here, connection, unpack(to_revoke.secret))
        with here.store.write() as session:
            was_faster = _erase(session, connection, grant)
        if was_faster:
            raise _authorized_meanwhile(here, connection)
    with here.store.read() as session:
        # Before anybody is told: what nobody can ask for any more ends within a second of it.
        past_stopping = parked.count_past_stopping(session, connection.id)
    cancelled = on_loop(_cancel_all, here, connection.id)
    with here.store.read() as session:
        being_cancelled = parked.count_stoppable(session, connection.id)
    return Disconnected(grant, cancelled, being_cancelled, past_stopping)


def _judge(connection: Connection, sharing: Sequence[Connection]) -> GrantEnd:
    """What the caller is told: nothing in it comes from another workspace's connections."""
    if connection.health in grants.LIFELESS:
        return GrantEnd.ENDED_BEFORE
    if any(other.workspace_id == connection.workspace_id for other in sharing):
        return GrantEnd.LEFT_TO_OTHERS
    return GrantEnd.RELEASED


def _end_here(
    here: Context,
    session: Session,
    connection: Connection,
    sharing: Sequence[Connection],
    grant: GrantEnd,
) -> StoredCredential | None:
    """End what needs no word to the platform, or return what has to be revoked there."""
    if connection.health == ConnectionHealth.DISCONNECTED:
        connections.disconnect(session, connection.id)
        return None
    if not sharing:
        return credentials.get_credential(session, here.vault, connection.id)
    _tell_end(session, connection, grant)
    return None


def _revoke(here: Context, connection: Connection, credential: Credential) -> None:
    # A grant that is dead already is what was wanted.
    with suppress(ReauthorizationNeeded):
        here.registry.get(connection.platform).revoke(credential)


def _erase(session: Session, revoked: Connection, grant: GrantEnd) -> bool:
    """Erase what was revoked. True: a person has authorized it since, and nothing is erased."""
    grants.check_soon(session, revoked.platform, revoked.grant_id)
    connection = connections.lock_connection(session, revoked.id)
    if connection.connected_at != revoked.connected_at:
        return True
    _tell_end(session, connection, grant)
    return False


def _authorized_meanwhile(here: Context, connection: Connection) -> Conflict:
    """A platform ends all of a person's consents at once: have it say what is left of the new."""
    with suppress(PlatformError):
        here.credentials.check(connection.id)
    return Conflict(
        "authorized_meanwhile",
        "This connection was authorized again at this moment and is kept, but its platform may "
        "have ended the new consent with the old one: its health says so. Disconnect it once "
        "more if that is still wanted.",
    )


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
        if await give_up(here, assignment_id):
            cancelled.add(assignment_id)
    except CastlineError as error:
        log.info("assignment %s is not cancelled yet: %s", assignment_id, error.code)


def _read(here: Context, connection_id: str, after: int) -> Sequence[Assignment]:
    with here.store.read() as session:
        return parked.list_stoppable(session, connection_id, after=after, limit=PAGE)
