"""Facebook behind the platform protocol: the parts of this folder, joined.

Stateless but for the pool of connections and what is known of Meta's budgets, so one
object serves all threads of a process. Each method says how many HTTP calls it makes;
none of them sleeps or repeats a call, and any of them may raise `QuotaExhausted` without
a call when the budget is nearly used up.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.errors import PlatformRefusal
from domain.secrets import Secret
from domain.states import PlatformName, StepName
from media.attachments import NamedAttachment, ReadAttachment
from media.source import VideoFacts
from platforms.consent import ConsentEnd, judge
from platforms.facebook import limits
from platforms.facebook.consent import WORDS
from platforms.facebook.graph import Graph, MetaApp
from platforms.facebook.login import SCOPES, Login, missing_scopes
from platforms.facebook.pages import get_accounts, get_channel
from platforms.facebook.publishing.lost import find_published, read_back
from platforms.facebook.publishing.outcome import PUBLISHED_WITHIN, get_outcome
from platforms.facebook.publishing.session import discard_session, open_session, unseal
from platforms.facebook.publishing.thumbnail import (
    STEP_SCOPES,
    attachments,
    extra_steps,
    set_thumbnail,
)
from platforms.facebook.publishing.upload import PageUpload, resume_upload
from platforms.facebook.usage import Usage
from platforms.http import Http
from platforms.protocol import (
    Accounts,
    Capabilities,
    Channel,
    Credential,
    FileCheck,
    Outcome,
    Publication,
    ReadBack,
)
from transport.proxies import DIRECT, Proxies


class Facebook:
    """The adapter. Satisfies `platforms.protocol.Platform`.

    `chunk_size` in bytes is how much goes into one request where Meta does not ask for a
    range itself.
    """

    name = PlatformName.FACEBOOK

    def __init__(self, app: MetaApp, *, chunk_size: int, proxies: Proxies = DIRECT) -> None:
        self.proxies = proxies
        self.capabilities = Capabilities(
            types=limits.TYPES,
            max_bytes=limits.MAX_BYTES,
            max_duration_seconds=limits.MAX_SECONDS,
            listed_within=PUBLISHED_WITHIN,
            payload_schema=limits.SCHEMA,
            scopes=SCOPES,
            step_scopes=STEP_SCOPES,
        )
        self._graph = Graph(app, Http("Meta", proxies), Usage())
        self._login = Login(self._graph)
        self._chunk_size = chunk_size

    def verify_app(self) -> None:
        """One call."""
        self._login.verify()

    # Consent -------------------------------------------------------------------------
    @property
    def issuers(self) -> frozenset[str]:
        """No call."""
        return self._login.issuers

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

    def consent_end(self, words: Mapping[str, str]) -> ConsentEnd:
        """No call."""
        return judge(words, WORDS)

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

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        """No call."""
        return missing_scopes(granted, *SCOPES)

    def revoke(self, credential: Credential) -> bool:
        """Two calls. Ends the person's whole grant: every Page of it goes with it."""
        return self._login.revoke(credential)

    def channel(self, credential: Credential) -> Channel:
        """One call."""
        return get_channel(self._graph, credential)

    # Publishing ----------------------------------------------------------------------
    def check(self, type: str, payload: Mapping[str, Any], *, at: datetime) -> dict[str, list[str]]:
        """No call."""
        return limits.check(type, payload, at)

    def check_file(self, type: str, facts: VideoFacts) -> FileCheck:
        """No call."""
        return limits.check_file(type, facts)

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        """One call, none for a file that is too large."""
        if publication.size > limits.MAX_BYTES:
            raise PlatformRefusal("file_too_large", "Facebook takes files up to 10 GiB.")
        return open_session(self._graph, credential, publication)

    def upload(
        self,
        session: Secret,
        publication: Publication,
        access_token: Callable[[], Secret],
        *,
        fresh: bool = False,
        finish_sent_at: datetime | None = None,
    ) -> PageUpload:
        """No call: the machine says which to make, one per range that Facebook asks for."""
        return resume_upload(
            self._graph,
            session,
            publication,
            access_token,
            chunk_size=self._chunk_size,
            fresh=fresh,
            finish_sent_at=finish_sent_at,
        )

    def named_video(self, session: Secret) -> str | None:
        """No call."""
        return unseal(session).video_id

    def discard_session(self, session: Secret, credential: Credential) -> None:
        """One call, none for a reel. A video that was made is never deleted."""
        discard_session(self._graph, session, credential)

    def find_published(
        self,
        credential: Credential,
        publication: Publication,  # noqa: ARG002 - the session names its video
        session: Secret | None,
        *,
        since: datetime,
    ) -> str | None:
        """One call, two when the video is not shown; none without a session."""
        return find_published(self._graph, credential, session, since=since)

    def read_back(
        self,
        credential: Credential,
        publication: Publication,
        session: Secret | None,
        *,
        since: datetime,
    ) -> ReadBack:
        """Two to four calls, one more for each further hundred videos of a list."""
        return read_back(self._graph, credential, publication, session, since=since)

    def outcome(
        self,
        credential: Credential,
        platform_id: str,
        publication: Publication,
        *,
        uploaded_at: datetime | None = None,
    ) -> Outcome:
        """One call. A video absent for six hours after `uploaded_at` counts as removed."""
        return get_outcome(self._graph, credential, platform_id, publication, uploaded_at)

    def attachments(self, payload: Mapping[str, Any]) -> tuple[NamedAttachment, ...]:
        """No call."""
        return attachments(payload)

    def extra_steps(self, payload: Mapping[str, Any]) -> tuple[StepName, ...]:
        """No call."""
        return extra_steps(payload)

    def run_step(
        self,
        step: StepName,  # noqa: ARG002 - there is but one
        credential: Credential,
        platform_id: str,
        payload: Mapping[str, Any],
        *,
        read: ReadAttachment,
        uploaded_at: datetime | None = None,  # noqa: ARG002 - its video is there before its bytes
    ) -> None:
        """One call."""
        for named in attachments(payload):
            set_thumbnail(self._graph, credential, platform_id, read(named))
