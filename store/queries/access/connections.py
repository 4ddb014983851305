"""Connections: what may be published to, and how each is.

A connection is found again by its account and keeps its id through every reconnection.
Several may rest on one consent, and end with it. Its credential lies in a row of its own
(`store.queries.access.credentials`), whose version tells which one a word about it means.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypedDict, Unpack

from sqlmodel import Session, col, select

from domain.errors import Conflict
from domain.events import EventType
from domain.health import BROKEN, HEALTHY, UNCONFIRMED, Clocks, Health
from domain.states import ConnectionHealth, TokenLife
from domain.wakes import ConnectionSettled, PersonNeeded
from store import outbox
from store.queries.rows import PAGE_LIMIT, Page, found, insert_new, lock_row, paginate
from store.queries.telling.events import note_connection, note_health
from store.queries.workspaces import get_organization
from store.tables import Connection, CredentialRow, now

_NOT_FOUND = "connection_not_found"
_NO_END = Clocks(TokenLife.RENEWED)

FIRST_CHECK = timedelta(days=1)
"""How long after a consent Care looks at the connection."""

_LOST = (*BROKEN, ConnectionHealth.DISCONNECTED)


class ConnectionChanges(TypedDict, total=False):
    """What a customer may change. An absent key leaves its column as it is."""

    name: str
    external_id: str | None
    is_active: bool
    organization_id: str | None


def ensure_connection(
    session: Session,
    *,
    workspace_id: str,
    platform: str,
    account_id: str,
    name: str,
    handle: str | None,
    thumbnail_url: str | None,
    scopes: Sequence[str],
    clocks: Clocks = _NO_END,
    health: Health = HEALTHY,
    grant_id: str | None = None,
    organization_id: str | None = None,
) -> Connection:
    """Create the connection of an account, or bring the one there is back to health.

    Idempotent. A reconnection keeps the id, the customer's label and, unless another one
    is given, the organization; one that the customer switched off stays off, unless it was
    disconnected.
    """
    if organization_id is not None:
        get_organization(session, workspace_id, organization_id)
    fresh = Connection(
        workspace_id=workspace_id,
        platform=platform,
        account_id=account_id,
        grant_id=grant_id or account_id,
        name=name,
    )
    query = select(Connection).where(
        Connection.workspace_id == workspace_id,
        Connection.platform == platform,
        Connection.account_id == account_id,
    )
    held = query.with_for_update(key_share=True)
    known = None if insert_new(session, fresh) else session.exec(held).one()
    connection = known or fresh
    connection.name = name
    connection.handle = handle
    connection.thumbnail_url = thumbnail_url
    connection.scopes = list(scopes)
    connection.grant_id = grant_id or account_id
    connection.organization_id = organization_id or connection.organization_id
    connection.connected_at = now()
    _set_clocks(connection, clocks)
    connection.checked_at = connection.connected_at
    connection.check_due_at = connection.connected_at + FIRST_CHECK
    connection.failed_checks = 0
    # The first consent of an unconfirmed one is told as that of a new one.
    is_new = known is None or is_unconfirmed(known)
    before = None if is_new else ConnectionHealth(connection.health)
    if is_new or before is ConnectionHealth.DISCONNECTED:
        connection.is_active = True
    _set_health(connection, health)
    session.flush()
    note_connection(session, connection, _of_consent(before))
    if before in _LOST:
        outbox.wake(session, ConnectionSettled(connection.id))
    return connection


def is_unconfirmed(connection: Connection) -> bool:
    """True for one whose first consent awaits its confirmation: it has no credential yet."""
    is_disconnected = connection.health == ConnectionHealth.DISCONNECTED
    return is_disconnected and connection.health_reason == UNCONFIRMED


def get_connection(session: Session, workspace_id: str, connection_id: str) -> Connection:
    query = select(Connection).where(
        Connection.id == connection_id, Connection.workspace_id == workspace_id
    )
    return found(session.exec(query).one_or_none(), code=_NOT_FOUND)


def get_connection_by_id(session: Session, connection_id: str) -> Connection:
    """For work that a workflow was given, never for an id that a request brought."""
    return found(session.get(Connection, connection_id), code=_NOT_FOUND)


def lock_connection(session: Session, connection_id: str) -> Connection:
    """The connection, held against other writers.

    It is held before its credential by everybody, so that nobody waits crosswise.
    """
    return lock_row(session, Connection, connection_id, code=_NOT_FOUND)


def find_connections(
    session: Session,
    workspace_id: str,
    *,
    platform: str | None = None,
    organization_id: str | None = None,
    external_id: str | None = None,
    health: ConnectionHealth | None = None,
    include_inactive: bool = False,
    page: int = 1,
    limit: int = PAGE_LIMIT,
) -> Page[Connection]:
    """A workspace's connections, oldest first."""
    query = select(Connection).where(Connection.workspace_id == workspace_id)
    if platform is not None:
        query = query.where(Connection.platform == platform)
    if organization_id is not None:
        query = query.where(Connection.organization_id == organization_id)
    if external_id is not None:
        query = query.where(Connection.external_id == external_id)
    if health is not None:
        query = query.where(Connection.health == health)
    # Whoever asks for the disconnected ones means those that are not active any more.
    if not include_inactive and health is not ConnectionHealth.DISCONNECTED:
        query = query.where(col(Connection.is_active).is_(True))
    ordered = query.order_by(col(Connection.created_at), Connection.id)
    return paginate(session, ordered, page=page, limit=limit)


def find_latest_connection(session: Session, workspace_id: str, platform: str) -> Connection | None:
    """The active connection to a platform that was authorized last."""
    query = (
        select(Connection)
        .where(
            Connection.workspace_id == workspace_id,
            Connection.platform == platform,
            col(Connection.is_active).is_(True),
        )
        .order_by(col(Connection.connected_at).desc(), Connection.id)
        .limit(1)
    )
    return session.exec(query).one_or_none()


def update_connection(
    session: Session, workspace_id: str, connection_id: str, **changes: Unpack[ConnectionChanges]
) -> Connection:
    """Write a customer's changes.

    Raises `NotFound` for a foreign organization, and `Conflict` (code `disconnected`) when
    a disconnected connection is to be active: it has no credential. Of one that awaits its
    confirmation the code is `unconfirmed`.
    """
    get_connection(session, workspace_id, connection_id)
    connection = lock_connection(session, connection_id)
    organization_id = changes.get("organization_id")
    if organization_id is not None:
        get_organization(session, workspace_id, organization_id)
    if changes.get("is_active") and is_unconfirmed(connection):
        raise Conflict("unconfirmed", "This connection awaits the confirmation of its ticket.")
    if changes.get("is_active") and connection.health == ConnectionHealth.DISCONNECTED:
        raise Conflict("disconnected", "This connection is disconnected. Authorize it again.")
    connection.sqlmodel_update({**changes})
    return connection


def mark_health(
    session: Session, connection_id: str, health: Health, *, version: int | None = None
) -> Connection:
    """Write how a connection is, and tell of it where that is news. Idempotent.

    One that was disconnected stays so until it is authorized. With a `version` it is a word on
    that credential: once another is stored it says nothing. One that needs a person is not
    looked at any more until it is well again.
    """
    connection = lock_connection(session, connection_id)
    credential = session.get(CredentialRow, connection_id, populate_existing=True)
    is_outdated = version is not None and (credential is None or credential.version != version)
    if connection.health == ConnectionHealth.DISCONNECTED or is_outdated:
        return connection
    before = ConnectionHealth(connection.health)
    # Of a broken one the reason may vary from call to call; that is no news.
    is_news = before is not health.state or (
        not health.is_broken and connection.health_reason != health.reason
    )
    _set_health(connection, health)
    if is_news:
        note_health(session, connection)
    if health.is_broken:
        connection.check_due_at = None
        outbox.wake(session, PersonNeeded(connection.id))
    elif before in BROKEN:
        connection.check_due_at = now() + FIRST_CHECK
        outbox.wake(session, ConnectionSettled(connection.id))
    return connection


def disconnect(session: Session, connection_id: str, **told: Any) -> Connection:
    """End a connection and erase its credential; the row stays for its history. Idempotent.

    `told` is what else its event says.
    """
    connection = lock_connection(session, connection_id)
    credential = session.get(CredentialRow, connection_id, populate_existing=True)
    if credential is not None:
        session.delete(credential)
    if connection.health != ConnectionHealth.DISCONNECTED:
        connection.is_active = False
        connection.check_due_at = None
        _set_clocks(connection, Clocks(TokenLife(connection.token_life)))
        _set_health(connection, Health(ConnectionHealth.DISCONNECTED))
        note_connection(session, connection, EventType.CONNECTION_DISCONNECTED, **told)
        outbox.wake(session, ConnectionSettled(connection.id))
    elif is_unconfirmed(connection):
        # Its ticket cannot be confirmed any more.
        _set_health(connection, Health(ConnectionHealth.DISCONNECTED))
    return connection


def note_refreshed(
    session: Session,
    connection_id: str,
    *,
    clocks: Clocks,
    scopes: Sequence[str],
    is_news: bool = True,
) -> Connection:
    """Write what a refresh has told, and tell of it where it is news."""
    connection = lock_connection(session, connection_id)
    connection.scopes = list(scopes)
    _set_clocks(connection, clocks)
    if is_news:
        note_connection(session, connection, EventType.CONNECTION_REFRESHED)
    return connection


def clocks_of(connection: Connection) -> Clocks:
    """What is known of a connection's clocks."""
    return Clocks(
        token_life=TokenLife(connection.token_life),
        token_expires_at=connection.token_expires_at,
        grant_expires_at=connection.grant_expires_at,
        data_access_ends_at=connection.data_access_ends_at,
    )


def _set_clocks(connection: Connection, clocks: Clocks) -> None:
    connection.token_life = clocks.token_life
    connection.token_expires_at = clocks.token_expires_at
    connection.grant_expires_at = clocks.grant_expires_at
    connection.data_access_ends_at = clocks.data_access_ends_at


def _set_health(connection: Connection, health: Health) -> None:
    if connection.health != health.state:
        connection.health_since = now()
        if health.is_broken:
            # Whoever waits already waits because of something else. Of the end of a trouble
            # they are not known to have heard before they have looked.
            connection.is_reauth_started = False
    connection.health = health.state
    connection.health_reason = health.reason
    connection.health_until = health.until


def _of_consent(before: ConnectionHealth | None) -> EventType:
    """What a consent is told as, by the health that the connection had before it."""
    if before is None:
        return EventType.CONNECTION_CREATED
    if before is ConnectionHealth.HEALTHY:
        return EventType.CONNECTION_REFRESHED
    return EventType.CONNECTION_RECOVERED
