"""One refresh at a time for each credential, across threads, processes and machines.

Whoever writes the lease into the credential's row calls the platform; the others watch the row
and take what comes of it, the token or the failure, without a call of their own. A holder that
dies only delays: its lease runs out. Nothing is kept in memory.
"""

import time
from collections.abc import Iterator
from datetime import timedelta

from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from domain.health import BROKEN
from store.engine import Store
from store.queries.access import connections, credentials
from store.queries.access.credentials import Lease, StoredCredential
from store.tables import Connection, now
from store.vault import Vault

LEASE = timedelta(seconds=22)
"""Longer than a refresh usually takes at its worst: `platforms.http.BRIEF` to connect, to encrypt,
to send and to be answered. A holder that outlasts it does no harm, its token is as good."""

PATIENCE = 8.0
"""Seconds. A wait and a refresh of one's own after it stay below the half minute after which a
transfer that does not beat is taken for dead."""

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.2


class Leases:
    """Thread-safe; any number of them work on one database. `patience` in seconds."""

    def __init__(self, store: Store, vault: Vault, *, patience: float = PATIENCE) -> None:
        self._store = store
        self._vault = vault
        self._patience = patience

    def claim(self, connection_id: str, stale: StoredCredential) -> Lease | StoredCredential:
        """The right to refresh what is stale, or what came in its place meanwhile.

        Raises the failure of whoever held the lease, if that is what came: `ReauthorizationNeeded`
        for a dead grant, `PlatformUnavailable` for a blip, and also when the holder takes longer
        than anybody here may wait. On retry: a claim whose answer was lost delays until it ends.
        """
        seen = stale
        for pause in _pauses(self._patience):
            if not seen.is_leased and (lease := self._take(connection_id, stale)):
                return lease
            time.sleep(pause)
            seen = self._look(connection_id, stale)
            if seen.version != stale.version:
                return seen
        raise self._still_held(seen)

    def _take(self, connection_id: str, stale: StoredCredential) -> Lease | None:
        with self._store.write() as session:
            return credentials.claim_refresh(session, connection_id, stale, lasts=LEASE)

    def _look(self, connection_id: str, stale: StoredCredential) -> StoredCredential:
        with self._store.read() as session:
            seen = credentials.get_credential(session, self._vault, connection_id)
            connection = connections.get_connection_by_id(session, connection_id)
        if seen.version != stale.version or seen.refreshes == stale.refreshes:
            return seen
        # A refresh of this very version has ended, and not with another token.
        refuse_broken(connection)
        raise PlatformUnavailable(
            seen.refresh_error or "refresh_failed",
            "The platform did not renew the access token. It is tried again.",
        )

    def _still_held(self, seen: StoredCredential) -> PlatformUnavailable:
        left = 1.0
        if seen.lease_ends_at is not None:
            left = max(left, (seen.lease_ends_at - now()).total_seconds())
        return PlatformUnavailable(
            "refresh_under_way", "The access token is being renewed elsewhere.", retry_after=left
        )


def refuse_broken(connection: Connection) -> None:
    """Raise `ReauthorizationNeeded` for one that is known to need a person. No call."""
    if connection.health in BROKEN:
        raise ReauthorizationNeeded(
            connection.health_reason or "needs_reauth",
            f"{connection.name} has to be connected again.",
        )


def _pauses(patience: float) -> Iterator[float]:
    """Ever longer ones, until patience ends."""
    ends, pause = time.monotonic() + patience, _FIRST_PAUSE
    while time.monotonic() < ends:
        yield pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)
