"""Facebook behind the platform protocol: the parts of this folder, joined.

Stateless but for the pool of connections and what is known of Meta's budgets, so one
object serves all threads of a process. Each method says how many HTTP calls it makes;
none of them sleeps or repeats a call, and any of them may raise `QuotaExhausted` without
a call when the budget is nearly used up.
"""

from collections.abc import Mapping
from typing import Any

from domain.secrets import Secret
from domain.states import PlatformName
from media.policy import SourcePolicy
from media.source import VideoFacts
from platforms.facebook import limits
from platforms.facebook.graph import Graph, MetaApp
from platforms.facebook.login import SCOPES, Login
from platforms.facebook.pages import get_accounts, get_channel
from platforms.facebook.usage import Usage
from platforms.http import Http
from platforms.protocol import Accounts, Capabilities, Channel, Credential, FileCheck

_PUBLIC_ONLY = SourcePolicy()


class Facebook:
    """The adapter. Satisfies `platforms.protocol.Platform`.

    `chunk_size` in bytes is how much goes into one request where Meta does not ask for a
    range itself. `policy` says where thumbnails may be read from; by default public https.
    """

    name = PlatformName.FACEBOOK

    def __init__(
        self, app: MetaApp, *, chunk_size: int, policy: SourcePolicy = _PUBLIC_ONLY
    ) -> None:
        self.capabilities = Capabilities(
            types=limits.TYPES,
            max_bytes=limits.MAX_BYTES,
            max_duration_seconds=limits.MAX_SECONDS,
            payload_schema=limits.SCHEMA,
            scopes=SCOPES,
        )
        self._graph = Graph(app, Http("Meta"), Usage())
        self._login = Login(self._graph)
        self._chunk_size = chunk_size
        self._policy = policy

    def verify_app(self) -> None:
        """One call."""
        self._login.verify()

    # Consent -------------------------------------------------------------------------
    def consent_url(
        self,
        *,
        state: Secret,
        redirect_uri: str,
        verifier: Secret,  # noqa: ARG002 - Meta's manual flow has no PKCE
        login_hint: str | None = None,  # noqa: ARG002 - and no hint
    ) -> str:
        """No call."""
        return self._login.consent_url(state=state, redirect_uri=redirect_uri)

    def redeem(
        self,
        *,
        code: Secret,
        redirect_uri: str,
        verifier: Secret,  # noqa: ARG002
    ) -> Credential:
        """One call. After a lost answer the code may be used up: `code_rejected` then."""
        return self._login.redeem(code=code, redirect_uri=redirect_uri)

    def accounts(self, credential: Credential) -> Accounts:
        """Three calls, one more for each further hundred Pages."""
        return get_accounts(self._graph, self._login, credential)

    def refresh(self, credential: Credential) -> Credential:
        """One call. A Page's token stays what it is; its clocks and scopes are read anew."""
        return self._login.refresh(credential)

    def revoke(self, credential: Credential) -> None:
        """Two calls. Ends the person's whole grant: every Page of it goes with it."""
        self._login.revoke(credential)

    def channel(self, credential: Credential) -> Channel:
        """One call."""
        return get_channel(self._graph, credential)

    # Publishing ----------------------------------------------------------------------
    def check(self, type: str, payload: Mapping[str, Any]) -> dict[str, list[str]]:
        """No call."""
        return limits.check(type, payload)

    def check_file(self, type: str, facts: VideoFacts) -> FileCheck:
        """No call."""
        return limits.check_file(type, facts)
