"""The accounts of a consent, and the connections that they become."""

from datetime import UTC, datetime

from sqlmodel import Session

from activities.access.packing import pack
from domain.health import judge
from domain.states import ConnectionHealth
from platforms.protocol import Account
from store.queries.access import connections, credentials
from store.queries.access.connections import is_unconfirmed
from store.tables import Connection, Ticket
from store.vault import Vault


def connect_account(session: Session, vault: Vault, ticket: Ticket, account: Account) -> str:
    """Create or bring back the account's connection, with its credential; return its id."""
    credential, moment = account.credential, datetime.now(UTC)
    connection = connections.ensure_connection(
        session,
        workspace_id=ticket.workspace_id,
        platform=ticket.platform,
        account_id=account.id,
        name=account.name,
        handle=account.handle,
        thumbnail_url=account.thumbnail_url,
        scopes=list(credential.scopes),
        clocks=credential.clocks,
        health=judge(credential.clocks, connected_at=moment, now=moment),
        grant_id=account.grant_id,
        organization_id=ticket.organization_id,
    )
    credentials.keep_credential(session, vault, connection.id, secret=pack(credential))
    return connection.id


def was_disconnected_since(ticket: Ticket, connection: Connection) -> bool:
    """True when the connection was ended without knowledge of this ticket's consent.

    A later ticket for it is somebody's will.
    """
    is_disconnected = connection.health == ConnectionHealth.DISCONNECTED
    has_ended = is_disconnected and not is_unconfirmed(connection)
    return has_ended and connection.health_since > ticket.created_at
