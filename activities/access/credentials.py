"""The credentials of connections, kept fresh where they are used.

A token is read from the vault for one call, refreshed when its end is near or the platform
refused it, and written back by compare-and-swap on its version. Of all that need a refresh at
once one makes it (`activities.access.leases`). Only the platform's own word makes a connection
need a person, and its word makes it well again; a blip leaves it as it is.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from activities.access.leases import Leases, refuse_broken
from activities.access.packing import pack, unpack
from domain.errors import CastlineError, ReauthorizationNeeded
from domain.health import SCOPE_MISSING, Health, judge
from domain.secrets import Secret
from domain.states import ConnectionHealth
from platforms.protocol import Credential, Platform
from platforms.registry import Registry
from store.engine import Store
from store.queries.access import connections, credentials
from store.queries.access.credentials import Lease, StoredCredential
from store.vault import Vault

_REJECTED = "token_rejected"
"""The code of a 401: this access token is no good, the grant may well be."""

MARGIN = timedelta(minutes=5)
"""A token with less life than this is not taken into a call: one chunk may last minutes."""

YOUNG = timedelta(minutes=1)
"""What was renewed within this is used although it has less life than `MARGIN`: the platform
gives no more, and would be asked before every single call."""

T = TypeVar("T")
Around = Callable[[], AbstractContextManager[None]]
"""Entered wherever a credential is got, so that whoever asks can tell its troubles from others."""


def has_life(credential: Credential) -> bool:
    """True when its access token may be taken into a call."""
    return credential.expires_at is None or credential.expires_at - datetime.now(UTC) > MARGIN


def _is_of_now(credential: Credential, stored: StoredCredential) -> bool:
    """True for one that has not ended and that another refresh would not make any younger."""
    now = datetime.now(UTC)
    ends = credential.expires_at
    return (ends is None or ends > now) and now - stored.refreshed_at < YOUNG


class CredentialKeeper:
    """Gives out current credentials. Thread-safe; holds no token between calls."""

    def __init__(self, store: Store, vault: Vault, registry: Registry) -> None:
        self._store = store
        self._vault = vault
        self._registry = registry
        self._leases = Leases(store, vault)

    def current(self, connection_id: str) -> Credential:
        """A credential with at least `MARGIN` to live, refreshed first where needed.

        Raises `ReauthorizationNeeded` without a call when the connection is known to be dead.
        """
        with self._store.read() as session:
            # First, so that a refresh which fails between the two shows in one of them.
            stored = credentials.get_credential(session, self._vault, connection_id)
            connection = connections.get_connection_by_id(session, connection_id)
        refuse_broken(connection)
        credential = unpack(stored.secret)
        if has_life(credential) or _is_of_now(credential, stored):
            return credential
        return self._refresh(connection_id, connection.platform, stored)

    def renew(self, connection_id: str, rejected: Secret) -> Credential:
        """Another credential than the one whose access token the platform just `rejected`.

        Also for a connection that needs a person: one that the platform refreshes is well again.
        """
        return self.replace(connection_id, rejected, None)

    def check(self, connection_id: str) -> None:
        """Have the platform say how the credential is, and write that down.

        A refresh, whatever the token's age: one that another makes at the same time will do.
        Raises what the platform answers, as every refresh does.
        """
        with self._store.read() as session:
            platform = connections.get_connection_by_id(session, connection_id).platform
            stored = credentials.get_credential(session, self._vault, connection_id)
        self._refresh(connection_id, platform, stored)

    def replace(
        self,
        connection_id: str,
        rejected: Secret,
        error: ReauthorizationNeeded | None,
        *,
        may_refresh: bool = True,
    ) -> Credential:
        """The credential that came in the meantime, or a refreshed one where that may help.

        Raises `error`, written down, when it is the last word on the credential that is stored:
        a word on an older one says nothing about what a person authorized since.
        """
        with self._store.read() as session:
            platform = connections.get_connection_by_id(session, connection_id).platform
            stored = credentials.get_credential(session, self._vault, connection_id)
        credential = unpack(stored.secret)
        if credential.access_token != rejected:
            return credential
        if error is not None and not (may_refresh and error.code == _REJECTED):
            self._mark_dead(connection_id, error, stored.version)
            raise error
        return self._refresh(connection_id, platform, stored)

    def use(
        self, connection_id: str, call: Callable[[Credential], T], *, around: Around = nullcontext
    ) -> T:
        """Make one call to the platform with a current credential.

        A token that the platform rejects is renewed once and the call made again, so `call`
        must be safe to repeat after a refusal. What only a person can mend is written down.
        """
        tokens = self.tokens(connection_id, around=around)
        return tokens.insist(lambda: call(tokens.credential()))

    def tokens(self, connection_id: str, *, around: Around = nullcontext) -> "Tokens":
        """The access tokens of a longer piece of work."""
        return Tokens(self, connection_id, around)

    def _mark_dead(self, connection_id: str, error: ReauthorizationNeeded, version: int) -> None:
        """Write down the platform's word on this version: only a person can help."""
        with self._store.write() as session:
            connections.mark_health(session, connection_id, _health_of(error), version=version)

    def _refresh(
        self, connection_id: str, platform_name: str, stale: StoredCredential
    ) -> Credential:
        platform = self._registry.get(platform_name)
        claimed = self._leases.claim(connection_id, stale)
        if isinstance(claimed, StoredCredential):
            return unpack(claimed.secret)
        old = unpack(stale.secret)
        try:
            fresh = platform.refresh(old)
        except Exception as error:
            # At once, not when the lease ends: whoever waits for it is to hear of it.
            self._give_up(claimed, error)
            if isinstance(error, ReauthorizationNeeded):
                with self._store.read() as session:
                    stored = credentials.get_credential(session, self._vault, connection_id)
                if stored.version != stale.version:
                    # A word on what a person has replaced meanwhile.
                    return unpack(stored.secret)
            raise
        return self._land(claimed, platform, old, fresh)

    def _give_up(self, lease: Lease, error: Exception) -> None:
        with self._store.write() as session:
            if isinstance(error, ReauthorizationNeeded):
                connections.mark_health(
                    session, lease.connection_id, _health_of(error), version=lease.version
                )
            code = error.code if isinstance(error, CastlineError) else "internal"
            credentials.release_lease(session, lease, error=code)

    def _land(
        self, lease: Lease, platform: Platform, old: Credential, fresh: Credential
    ) -> Credential:
        """Store what a refresh gave with all that it told, unless a person was faster."""
        with self._store.write() as session:
            connection = connections.lock_connection(session, lease.connection_id)
            landed = credentials.swap_credential(
                session,
                self._vault,
                connection.id,
                expected_version=lease.version,
                secret=pack(fresh),
            )
            if not landed:
                stored = credentials.get_credential(session, self._vault, connection.id)
                return unpack(stored.secret)
            connections.note_refreshed(
                session,
                connection.id,
                clocks=fresh.clocks,
                scopes=fresh.scopes,
                # A platform may only have said how the token stands.
                is_news=fresh.access_token != old.access_token,
            )
            health = judge(
                fresh.clocks,
                connected_at=connection.connected_at,
                now=datetime.now(UTC),
                missing_scopes=platform.missing_scopes(fresh.scopes),
            )
            connections.mark_health(session, connection.id, health)
            return fresh


def _health_of(error: ReauthorizationNeeded) -> Health:
    if error.code == SCOPE_MISSING.reason:
        return SCOPE_MISSING
    return Health(ConnectionHealth.NEEDS_REAUTH, error.code)


class Tokens:
    """Current access tokens for one piece of work, and another when one is rejected."""

    def __init__(self, keeper: CredentialKeeper, connection_id: str, around: Around) -> None:
        self._keeper = keeper
        self._connection_id = connection_id
        self._around = around
        self._credential: Credential | None = None

    def credential(self) -> Credential:
        """A credential with life left in it; the vault is asked only for the first one."""
        if self._credential is None or not has_life(self._credential):
            with self._around():
                self._credential = self._keeper.current(self._connection_id)
        return self._credential

    def current(self) -> Secret:
        return self.credential().access_token

    def insist(self, work: Callable[[], T]) -> T:
        """Do the work; once more with another token for each one that the platform rejects.

        The other token is a refreshed one, or one that a person has authorized meanwhile. When
        it is rejected again, that is the platform's word, not a blip.
        """
        renewed: Credential | None = None
        while True:
            try:
                return work()
            except ReauthorizationNeeded as error:
                rejected = self._credential
                if rejected is None:
                    # The keeper's own word: nothing was sent yet, and it is written down.
                    raise
                with self._around():
                    renewed = self._keeper.replace(
                        self._connection_id,
                        rejected.access_token,
                        error,
                        may_refresh=rejected is not renewed,
                    )
                self._credential = renewed
