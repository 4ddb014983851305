"""The credentials of connections, sealed.

Each lies in a row of its own with a version, and a refresh lands only on the version that
it started from: what a person authorized in the meantime is never overwritten. Who refreshes
holds a lease on the version until an agreed moment; the row tells the others what came of it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select, update

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
    lease_ends_at: datetime | None = None
    """Until then somebody refreshes it, or has died over it."""
    refreshes: int = 0
    """Refreshes that have ended, whatever came of them."""
    refresh_error: str | None = None
    """The code with which the latest one failed."""

    @property
    def is_leased(self) -> bool:
        return self.lease_ends_at is not None and self.lease_ends_at > now()


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to refresh one version of a credential, until its end."""

    connection_id: str
    version: int
    ends_at: datetime


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
    row.lease_ends_at = None
    row.refresh_error = None
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
        lease_ends_at=row.lease_ends_at,
        refreshes=row.refreshes,
        refresh_error=row.refresh_error,
    )


def claim_refresh(
    session: Session, connection_id: str, stale: StoredCredential, *, lasts: timedelta
) -> Lease | None:
    """Take the lease on what is stale. None: another holds it, or a refresh has ended since.

    A retry after a success answers None, too, until the lease is over.
    """
    moment = now()
    lease = Lease(connection_id, stale.version, moment + lasts)
    claim = (
        update(CredentialRow)
        .where(
            col(CredentialRow.connection_id) == connection_id,
            # Not on what a person has authorized since: nobody asked to refresh that.
            col(CredentialRow.version) == stale.version,
            col(CredentialRow.refreshes) == stale.refreshes,
            or_(
                col(CredentialRow.lease_ends_at).is_(None),
                col(CredentialRow.lease_ends_at) <= moment,
            ),
        )
        .values(lease_ends_at=lease.ends_at)
    )
    return lease if session.connection().execute(claim).rowcount == 1 else None


def release_lease(session: Session, lease: Lease, *, error: str) -> None:
    """Note that a refresh has failed and let the next one begin. Idempotent.

    Nothing happens when the lease is no longer this one's: it ran out and another has taken it,
    or a person has authorized the connection since.
    """
    release = (
        update(CredentialRow)
        .where(
            col(CredentialRow.connection_id) == lease.connection_id,
            col(CredentialRow.version) == lease.version,
            col(CredentialRow.lease_ends_at) == lease.ends_at,
        )
        .values(
            lease_ends_at=None,
            refreshes=col(CredentialRow.refreshes) + 1,
            refresh_error=error,
        )
    )
    session.connection().execute(release)


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
            lease_ends_at=None,
            refreshes=col(CredentialRow.refreshes) + 1,
            refresh_error=None,
            refreshed_at=now(),
        )
    )
    return session.connection().execute(swap).rowcount == 1


def _place(connection_id: str) -> Place:
    return Place("credential", "sealed", connection_id)
