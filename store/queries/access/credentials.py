"""The credentials of connections, sealed.

Each lies in a row of its own with a version, and a refresh lands only on the version that
it started from: of two refreshes one wins, and what a person authorized in the meantime is
never overwritten.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select, update

from domain.errors import ReauthorizationNeeded
from domain.secrets import Secret
from store.queries.rows import insert_new, lock_row
from store.tables import CredentialRow, now
from store.vault import Place, Vault

_NOT_FOUND = "connection_not_found"


@dataclass(frozen=True, slots=True)
class StoredCredential:
    secret: Secret
    version: int
    refreshed_at: datetime


def has_credentials(session: Session) -> bool:
    """True when any connection's tokens are stored."""
    return session.exec(select(CredentialRow.connection_id).limit(1)).first() is not None


def keep_credential(
    session: Session,
    vault: Vault,
    connection_id: str,
    *,
    secret: Secret,
) -> None:
    """Store what a consent gave, over whatever there is. A refresh under way loses."""
    sealed = vault.seal(secret, _place(connection_id))
    # The first version is random, so that a refresh which began before a disconnection
    # does not land on what was authorized after it.
    fresh = CredentialRow(connection_id=connection_id, sealed=sealed, version=secrets.randbits(30))
    known = None
    if not insert_new(session, fresh):
        known = lock_row(session, CredentialRow, connection_id, code=_NOT_FOUND)
        known.version += 1
    row = known or fresh
    row.sealed = sealed
    row.refreshed_at = now()


def get_credential(session: Session, vault: Vault, connection_id: str) -> StoredCredential:
    """Raises `ReauthorizationNeeded` (code `disconnected`) when there is none."""
    row = session.get(CredentialRow, connection_id)
    if row is None:
        raise ReauthorizationNeeded(
            "disconnected", "This connection is disconnected. Authorize it again."
        )
    return StoredCredential(
        secret=vault.open(row.sealed, _place(connection_id)),
        version=row.version,
        refreshed_at=row.refreshed_at,
    )


def swap_credential(
    session: Session,
    vault: Vault,
    connection_id: str,
    *,
    expected_version: int,
    secret: Secret,
) -> bool:
    """Store what a refresh gave, if the credential is still the one that it started from.

    False: it is not, or there is none any more; read it again. A retry after a success
    answers False, too.
    """
    swap = (
        update(CredentialRow)
        .where(
            col(CredentialRow.connection_id) == connection_id,
            col(CredentialRow.version) == expected_version,
        )
        .values(
            sealed=vault.seal(secret, _place(connection_id)),
            version=expected_version + 1,
            refreshed_at=now(),
        )
    )
    return session.connection().execute(swap).rowcount == 1


def _place(connection_id: str) -> Place:
    return Place("credential", "sealed", connection_id)
