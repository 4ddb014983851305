"""What the core asks of a platform.

An adapter is stateless and thread-safe: it holds endpoints and app credentials, never a
connection's tokens, which come with each call and leave in its result. Every method
raises only `PlatformError`s (and `SourceError`s where it reads media), classified by the
platform's codes, sanitised of secrets and raised `from None`.

What happens on retry is part of each method's contract, because a Temporal activity
may call it again after any crash.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from domain.accounts import LeftOut
from domain.health import Clocks
from domain.secrets import Secret
from domain.states import PlatformName, StepName, TokenLife
from media.attachments import NamedAttachment, ReadAttachment
from media.source import VideoFacts
from platforms.consent import ConsentEnd
from platforms.transfer.machine import Upload
from transport.proxies import Proxies


@dataclass(frozen=True, slots=True)
class Credential:
    """The tokens of a connection, as they are while in use."""

    access_token: Secret
    refresh_token: Secret | None
    expires_at: datetime | None
    """Aware, UTC. None: the platform gave no end."""
    scopes: tuple[str, ...]
    """What was granted, never what was asked."""
    grant_expires_at: datetime | None = None
    """When the whole grant ends, where the platform says so."""
    data_access_ends_at: datetime | None = None
    """When the platform wants to see the person again before it gives out more of their data.

    A clock beside the token's: publishing may well go on after it.
    """

    @property
    def clocks(self) -> Clocks:
        """What time alone does to it."""
        return Clocks(
            token_life=self._life,
            token_expires_at=self.expires_at,
            grant_expires_at=self.grant_expires_at,
            data_access_ends_at=self.data_access_ends_at,
        )

    @property
    def _life(self) -> TokenLife:
        if self.expires_at is None:
            return TokenLife.PERMANENT
        return TokenLife.LIMITED if self.refresh_token is None else TokenLife.RENEWED


@dataclass(frozen=True, slots=True)
class Account:
    """A channel or Page that a consent gives access to."""

    id: str
    name: str
    handle: str | None
    thumbnail_url: str | None
    credential: Credential
    grant_id: str | None = None
    """Names the consent behind it where that covers several accounts, which end with it.

    None: the platform keeps one grant for each account, of all its people together.
    """


@dataclass(frozen=True, slots=True)
class Accounts:
    usable: Sequence[Account]
    left_out: Sequence[LeftOut] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """The public face of an account, read now."""

    id: str
    title: str
    description: str
    follower_count: int | None
    thumbnail_url: str | None


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published: enough for the platform to open a session."""

    account_id: str
    """The platform's own id of the channel or Page."""
    marker: str
    """Planted where the platform keeps it (YouTube: the file name), to find the video again."""
    type: str
    payload: Mapping[str, Any]
    """Already found right by `check`."""
    size: int
    content_type: str
    file_name: str
    duration_ms: int | None = None
    """None: the file does not tell."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A video of the account that may be the one which is looked for."""

    id: str
    title: str | None
    created_at: datetime | None
    url: str
    is_match: bool
    """True where everything that can be compared agrees, and that is enough to know it again."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the account's own list shows of a video that may have been published unknown to us."""

    platform_id: str | None = None
    """The video, beyond doubt."""
    candidates: Sequence[Candidate] = ()
    is_whole: bool = True
    """True where the list would show it by now: without a candidate, it is not there."""


@dataclass(frozen=True, slots=True)
class Processing:
    """The platform is still at work. `percent` may be unknown and may go backwards."""

    percent: int | None


@dataclass(frozen=True, slots=True)
class Live:
    """The platform says it is published. `warnings`: stable code → sentence."""

    url: str
    warnings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dead:
    """The platform says it never will be, or is gone."""

    code: str
    sentence: str
    is_there: bool = False
    """True where the platform keeps it in another form: a retry reads it again, sends nothing."""


Outcome = Processing | Live | Dead


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What a platform says of a file before it is sent. Each is a stable code → sentence."""

    faults: Mapping[str, str] = field(default_factory=dict)
    """Why it is not accepted."""
    warnings: Mapping[str, str] = field(default_factory=dict)
    """What the platform will make of it otherwise than one may expect."""


def file_warnings(facts: VideoFacts) -> dict[str, str]:
    """What is wrong with a file for every platform and does not keep it from being sent. Pure."""
    if not facts.is_truncated:
        return {}
    return {
        "file_truncated": (
            "The file is shorter than its container says, so its end is probably missing. "
            "Compare it with the original; send the whole file as another video if it is cut off."
        )
    }


@dataclass(frozen=True, slots=True)
class Capabilities:
    types: tuple[str, ...]
    max_bytes: int
    max_duration_seconds: int
    listed_within: timedelta
    """How long after its last byte a video may be missing in the account's lists."""
    payload_schema: Mapping[str, Any]
    """JSON schema of the payload, for documentation."""
    scopes: tuple[str, ...]
    """What a consent asks for."""
    step_scopes: Mapping[StepName, tuple[str, ...]] = field(default_factory=dict)
    """What an extra step needs granted; a consent may be asked for less."""


class Platform(Protocol):
    name: PlatformName
    capabilities: Capabilities
    proxies: Proxies
    """How the hosts of its API, and of its upload sessions, are reached."""

    def verify_app(self) -> None:
        """Ask whether our app's own credentials are accepted. Changes nothing.

        Raises `PlatformMisconfigured` when they are not, and `PlatformUnavailable`.
        """

    # Consent -------------------------------------------------------------------------
    @property
    def issuers(self) -> frozenset[str]:
        """The issuer identifiers that a callback's `iss` may carry (RFC 9207). Pure."""

    def consent_url(
        self, *, state: Secret, redirect_uri: str, verifier: Secret, login_hint: str | None = None
    ) -> str:
        """The address of the platform's consent page. Pure: no call is made."""

    def consent_end(self, words: Mapping[str, str]) -> ConsentEnd:
        """Why a consent ended, by the words of its callback or of an answer. Pure."""

    def redeem(self, *, code: Secret, redirect_uri: str, verifier: Secret) -> Credential:
        """Exchange a code. A code works once: never call it again after an answer.

        Raises `PlatformRefusal` (code `code_rejected`) for a dead code.
        """

    def accounts(self, credential: Credential) -> Accounts:
        """The accounts of a fresh consent: those that can be published to, and the others.

        Safe to call again: it creates nothing but tokens. Raises `ReauthorizationNeeded`
        (code `scope_missing`) when a needed scope was not granted, and `PlatformRefusal`
        when the person has no account at all.
        """

    def refresh(self, credential: Credential) -> Credential:
        """A fresh access token, or the same one with its clocks and scopes as they are now.

        Keeps the old refresh token where none is returned. Answers or fails within some
        seconds (`platforms.http.BRIEF`), because others wait for it. Raises
        `ReauthorizationNeeded` only on the platform's word that the grant is dead.
        """

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        """What publishing needs and was not granted; a wider scope counts for it. Pure."""

    def revoke(self, credential: Credential) -> bool:
        """End the grant. False: the platform says that it was dead already. Idempotent."""

    def channel(self, credential: Credential) -> Channel:
        """What the channel or Page looks like now. Reads only."""

    # Publishing ----------------------------------------------------------------------
    def check(self, type: str, payload: Mapping[str, Any], *, at: datetime) -> dict[str, list[str]]:
        """Everything wrong with a payload: field → sentences. Empty when it is right. Pure.

        `at` is when it is sent at the earliest: now, or the time that it is scheduled for.
        """

    def check_file(self, type: str, facts: VideoFacts) -> FileCheck:
        """What the platform would say of the file. Pure; unknown facts are no fault."""

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        """Ask for an upload session. Creates nothing visible; a retry opens another one."""

    def upload(
        self,
        session: Secret,
        publication: Publication,
        access_token: Callable[[], Secret],
        *,
        fresh: bool = False,
        finish_sent_at: datetime | None = None,
    ) -> Upload:
        """The protocol machine of one session. Begins by asking the platform for its offset.

        `fresh`: the session was opened just now and nothing was sent on it, so it begins
        with the first byte instead. Never say so on a retry. `finish_sent_at`: when a request
        that may have completed the upload left us, whatever became of it.
        """

    def named_video(self, session: Secret) -> str | None:
        """The video that a session is for, where the platform names it beforehand. Pure."""

    def discard_session(self, session: Secret, credential: Credential) -> None:
        """Give a session up. Never fails: one that cannot be discarded runs out by itself."""

    def find_published(
        self,
        credential: Credential,
        publication: Publication,
        session: Secret | None,
        *,
        since: datetime,
    ) -> str | None:
        """Look for the video of a lost session among the account's uploads. Reads only.

        `session` is the handle that the platform denied, `since` a moment before it was opened.
        There are three results. The video's id: it was made. None: everything since then was
        read, and it is not there; platforms list a video late, so that proves something only
        with time. Raises `Unconfirmed` where the look cannot decide: nothing follows from it, and
        `SessionFound` where the session is there after all, and goes on.
        """

    def read_back(
        self,
        credential: Credential,
        publication: Publication,
        session: Secret | None,
        *,
        since: datetime,
    ) -> ReadBack:
        """Look for a video that may have been published since then, unknown to us. Reads only.

        `session` is the latest handle that is known; another one may have been opened after it.
        Raises `Unconfirmed` where the account does not let itself be read.
        """

    def outcome(
        self,
        credential: Credential,
        platform_id: str,
        publication: Publication,
        *,
        uploaded_at: datetime | None = None,
    ) -> Outcome:
        """What has become of an uploaded video. Reads only.

        A video that is not there raises `PlatformUnavailable` (code `not_there_yet`) for a
        while after `uploaded_at`, then it is Dead (`video_missing`). None: it may be new.
        """

    def attachments(self, payload: Mapping[str, Any]) -> Sequence[NamedAttachment]:
        """The small files that a payload names, and what the platform takes of each. Pure."""

    def extra_steps(self, payload: Mapping[str, Any]) -> tuple[StepName, ...]:
        """The steps that this payload asks for beside the transfer and the processing. Pure."""

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
        """Do one extra step. Idempotent: what is already there counts as done.

        `read` gives the bytes of one of its `attachments` as they were accepted. A video that
        the step misses is judged as `outcome` judges it.
        """
