"""YouTube behind the platform protocol: the parts of this folder, joined.

Stateless but for the pool of connections and the parsed discovery document, so one
object serves all threads of a process. Each method says how many HTTP calls it makes;
none of them sleeps or repeats a call. A short publish is one call to open the session,
one to send the bytes, and one for each look at the processing.
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
from platforms.youtube import limits
from platforms.youtube.api import Api, GoogleApp
from platforms.youtube.channels import (
    MANAGE,
    READ,
    UPLOAD,
    get_account,
    get_channel,
    missing_scopes,
    require_scopes,
)
from platforms.youtube.consent import WORDS
from platforms.youtube.oauth import OAuth
from platforms.youtube.publishing.extras import (
    STEP_SCOPES,
    attachments,
    extra_steps,
    run_step,
)
from platforms.youtube.publishing.lost import find_published
from platforms.youtube.publishing.outcome import APPEARS_WITHIN, get_outcome
from platforms.youtube.publishing.resumable import ResumableUpload, require_chunk_size
from platforms.youtube.publishing.session import discard_session, open_session
from transport.proxies import DIRECT, Proxies


class YouTube:
    """The adapter. Satisfies `platforms.protocol.Platform`.

    `chunk_size` in bytes, a multiple of 256 KiB. `manages` asks for `youtube.force-ssl`
    beside the minimal scopes; captions and playlists need it, and nothing else does.
    """

    name = PlatformName.YOUTUBE

    def __init__(
        self,
        app: GoogleApp,
        *,
        chunk_size: int,
        manages: bool = False,
        proxies: Proxies = DIRECT,
    ) -> None:
        require_chunk_size(chunk_size)
        scopes = (UPLOAD, READ, MANAGE) if manages else (UPLOAD, READ)
        self.proxies = proxies
        self.capabilities = Capabilities(
            types=limits.TYPES,
            max_bytes=limits.MAX_BYTES,
            max_duration_seconds=limits.MAX_SECONDS,
            listed_within=APPEARS_WITHIN,
            payload_schema=limits.SCHEMA,
            scopes=scopes,
            step_scopes=STEP_SCOPES,
        )
        self._http = Http("Google", proxies)
        self._api = Api(app.api_root, self._http)
        self._oauth = OAuth(app, self._http, scopes)
        self._chunk_size = chunk_size

    def verify_app(self) -> None:
        """One call."""
        self._oauth.verify()

    # Consent -------------------------------------------------------------------------
    @property
    def issuers(self) -> frozenset[str]:
        """No call."""
        return self._oauth.issuers

    def consent_url(
        self, *, state: Secret, redirect_uri: str, verifier: Secret, login_hint: str | None = None
    ) -> str:
        """No call."""
        return self._oauth.consent_url(
            state=state, redirect_uri=redirect_uri, verifier=verifier, login_hint=login_hint
        )

    def consent_end(self, words: Mapping[str, str]) -> ConsentEnd:
        """No call."""
        return judge(words, WORDS)

    def redeem(self, *, code: Secret, redirect_uri: str, verifier: Secret) -> Credential:
        """One call. After a lost answer the code may be used up: `code_rejected` then."""
        return self._oauth.redeem(code=code, redirect_uri=redirect_uri, verifier=verifier)

    def accounts(self, credential: Credential) -> Accounts:
        """One call, none when a scope is missing. Google's consent is for one channel."""
        require_scopes(credential, UPLOAD, READ)
        return Accounts([get_account(self._api, credential)])

    def refresh(self, credential: Credential) -> Credential:
        """One call. A retry gets another access token; the earlier ones stay good."""
        return self._oauth.refresh(credential)

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        """No call."""
        return missing_scopes(granted, UPLOAD, READ)

    def revoke(self, credential: Credential) -> bool:
        """One call. Ends every grant of this person to our Google project."""
        return self._oauth.revoke(credential)

    def channel(self, credential: Credential) -> Channel:
        """One call."""
        return get_channel(self._api, credential)

    # Publishing ----------------------------------------------------------------------
    def check(self, type: str, payload: Mapping[str, Any], *, at: datetime) -> dict[str, list[str]]:
        """No call."""
        return limits.check(type, payload, at)

    def check_file(self, type: str, facts: VideoFacts) -> FileCheck:  # noqa: ARG002
        """No call."""
        return limits.check_file(facts)

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        """One call, none for a file that is too large."""
        if publication.size > limits.MAX_BYTES:
            raise PlatformRefusal("file_too_large", "YouTube takes files up to 256 GiB.")
        return open_session(self._api, credential, publication)

    def upload(
        self,
        session: Secret,
        publication: Publication,
        access_token: Callable[[], Secret],
        *,
        fresh: bool = False,
        finish_sent_at: datetime | None = None,  # noqa: ARG002 - the status query tells it
    ) -> ResumableUpload:
        """No call: the machine says which to make, one per chunk and one per resumption."""
        return ResumableUpload(
            session,
            size=publication.size,
            chunk_size=self._chunk_size,
            access_token=access_token,
            fresh=fresh,
        )

    def named_video(self, session: Secret) -> str | None:  # noqa: ARG002
        """No call. YouTube names a video once it is complete."""
        return None

    def discard_session(self, session: Secret, credential: Credential) -> None:
        """One call."""
        discard_session(self._http, session, credential)

    def find_published(
        self,
        credential: Credential,
        publication: Publication,
        session: Secret | None,  # noqa: ARG002 - a session that Google forgot tells nothing
        *,
        since: datetime,
    ) -> str | None:
        """Three calls, two more for each further 50 uploads of that time."""
        return find_published(self._api, credential, publication, since=since)

    def read_back(
        self,
        credential: Credential,
        publication: Publication,
        session: Secret | None,  # noqa: ARG002 - the marker is the same in every session
        *,
        since: datetime,
    ) -> ReadBack:
        """As `find_published`: the marker decides."""
        return ReadBack(find_published(self._api, credential, publication, since=since))

    def outcome(
        self,
        credential: Credential,
        platform_id: str,
        publication: Publication,
        *,
        uploaded_at: datetime | None = None,
    ) -> Outcome:
        """One call. A video absent for ten minutes after `uploaded_at` counts as removed."""
        return get_outcome(self._api, credential, platform_id, publication.payload, uploaded_at)

    def attachments(self, payload: Mapping[str, Any]) -> tuple[NamedAttachment, ...]:
        """No call."""
        return attachments(payload)

    def extra_steps(self, payload: Mapping[str, Any]) -> tuple[StepName, ...]:
        """No call."""
        return extra_steps(payload)

    def run_step(
        self,
        step: StepName,
        credential: Credential,
        platform_id: str,
        payload: Mapping[str, Any],
        *,
        read: ReadAttachment,
        uploaded_at: datetime | None = None,
    ) -> None:
        """One call for a thumbnail, one per caption track, two per playlist."""
        run_step(
            self._api,
            step,
            credential,
            platform_id,
            payload,
            read=read,
            uploaded_at=uploaded_at,
        )
